import css from './Segments.module.css';

type Item<T extends string> = { value: T; label: string; title?: string; pressed: boolean };

/** Joined buttons: one choice of few, or a few switches. */
export function Segments<T extends string>({
  label,
  items,
  onPick,
}: {
  label: string;
  items: Item<T>[];
  onPick: (v: T) => void;
}) {
  return (
    <div className={css.segments} role="group" aria-label={label}>
      {items.map((i) => (
        <button key={i.value} type="button" aria-pressed={i.pressed} title={i.title} onClick={() => onPick(i.value)}>
          {i.label}
        </button>
      ))}
    </div>
  );
}
