import { useEffect, useRef } from 'react';
import css from './Flags.module.css';
import { labelOf, square, type Flag, type Place } from './places';

/**
 * The flags above a chart. They are reached with C from the chart and with Enter, so they are no tab stops of their own; a pointer
 * may press them.
 */
export function Flags({
  places,
  open,
  onOpen,
}: {
  places: Place[];
  open: Flag | null;
  onOpen: (f: Flag | null) => void;
}) {
  return (
    <div className={css.flags}>
      {places.map((p) => {
        const first = p.flags[0];
        if (!first) return null;
        const pressed = open !== null && p.flags.includes(open);
        const letters = [...new Set(p.flags.map((f) => f.letter))];
        return (
          <button
            key={`${first.t}${first.id ?? first.label}`}
            type="button"
            tabIndex={-1}
            className={css.flag}
            style={{ left: p.left, width: square + p.room + 6 }}
            aria-expanded={pressed}
            onClick={() => onOpen(pressed ? null : first)}
          >
            <span className={css.letter}>{letters.length === 1 ? letters[0] : p.flags.length}</span>
            {p.room > 0 ? <span className={css.label}>{labelOf(p)}</span> : null}
            <span className="vh"> {p.flags.map((f) => f.say ?? f.label).join('. ')}</span>
          </button>
        );
      })}
    </div>
  );
}

/** What a pressed flag tells, over the chart; Escape closes it and gives the focus back. */
export function FlagCard({
  place,
  onClose,
  children,
}: {
  place: Place;
  onClose: () => void;
  children: React.ReactNode;
}) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const chart = box.current?.closest<HTMLElement>('[aria-roledescription=chart]');
    box.current?.focus();
    return () => chart?.focus();
  }, []);
  return (
    <div
      ref={box}
      role="dialog"
      aria-label={place.flags.length === 1 ? 'The change' : `${place.flags.length} changes`}
      tabIndex={-1}
      className={css.card}
      style={{ left: `clamp(8px, ${Math.round(place.x - 24)}px, 100% - min(320px, 100% - 16px) - 8px)` }}
      onKeyDown={(e) => {
        e.stopPropagation();
        if (e.key === 'Escape') {
          e.preventDefault();
          onClose();
        }
      }}
    >
      {children}
    </div>
  );
}
