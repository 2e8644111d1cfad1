import { useEffect } from 'react';
import type { Option } from './complete';
import css from './SearchInput.module.css';
import { chosenOf, type Typing } from './useTyping';

type Own = {
  typing: Typing;
  options: readonly Option[];
  box: React.RefObject<HTMLInputElement | null>;
  /** Enter, with no completion chosen. */
  onTake: () => void;
  onPick: (o: Option) => void;
  /** Escape, with no list to close. */
  onLeave: () => void;
  /** The caret moved, or the text scrolled. */
  onTrack?: (el: HTMLInputElement) => void;
};
type Props = Own & Omit<React.ComponentProps<'input'>, 'value' | 'onChange' | 'onSelect' | 'onKeyDown' | 'onScroll'>;

/** The field of a search: the arrows walk its completions, Enter takes one or asks, Escape closes. */
export function SearchInput({ typing: t, options, box, onTake, onPick, onLeave, onTrack, ...rest }: Props) {
  const chosen = chosenOf(t, options);
  useEffect(() => {
    if (t.goal !== null) box.current?.setSelectionRange(t.goal, t.goal);
  }, [box, t.goal, t.text]);
  const onKeyDown = (e: React.KeyboardEvent) => {
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      e.preventDefault();
      const n = options.length;
      if (chosen === undefined) t.change({ open: true, at: 0 });
      else t.change({ at: e.key === 'ArrowDown' ? (chosen + 1) % n : (chosen <= 0 ? n : chosen) - 1 });
    } else if (e.key === 'Enter') {
      e.preventDefault();
      const o = options[chosen ?? -1];
      if (o) onPick(o);
      else onTake();
    } else if (e.key === 'Escape') {
      e.stopPropagation();
      if (chosen === undefined) onLeave();
      else t.change({ open: false });
    } else if (e.key === ' ' && e.ctrlKey) {
      e.preventDefault();
      t.change({ open: true });
    }
  };
  const track = (e: React.SyntheticEvent<HTMLInputElement>) => {
    t.change({ caret: e.currentTarget.selectionStart ?? t.text.length });
    onTrack?.(e.currentTarget);
  };
  return (
    <input
      autoComplete="off"
      autoCapitalize="off"
      spellCheck={false}
      {...rest}
      ref={box}
      type="text"
      role="combobox"
      aria-expanded={chosen !== undefined}
      aria-controls={`${t.id}-list`}
      aria-autocomplete="list"
      aria-activedescendant={chosen !== undefined && chosen >= 0 ? `${t.id}-${chosen}` : undefined}
      value={t.text}
      onChange={(e) => {
        const { value, selectionStart } = e.currentTarget;
        t.change({ text: value, caret: selectionStart ?? value.length, open: true, at: -1, goal: null });
      }}
      onKeyDown={onKeyDown}
      onSelect={track}
      onScroll={track}
    />
  );
}

/** What the text can go on with, under its field. */
export function Completions({
  typing: t,
  options,
  label,
  onPick,
}: {
  typing: Typing;
  options: readonly Option[];
  label: string;
  onPick: (o: Option) => void;
}) {
  const chosen = chosenOf(t, options);
  return (
    <ul id={`${t.id}-list`} role="listbox" aria-label={label} className={css.options} hidden={chosen === undefined}>
      {chosen === undefined
        ? null
        : options.map((o, i) => (
            <li
              key={o.insert}
              id={`${t.id}-${i}`}
              role="option"
              aria-selected={i === chosen}
              onPointerDown={(e) => {
                e.preventDefault();
                onPick(o);
              }}
            >
              <code>{o.text}</code>
              <span>{o.detail}</span>
            </li>
          ))}
    </ul>
  );
}
