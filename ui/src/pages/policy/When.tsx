import { useId } from 'react';
import { exact } from '../../time/format';
import { useZone, zoneName } from '../../time/zone';
import css from './Editor.module.css';

/** An instant as typed: undefined when empty, null when it is none. */
export function instantOf(typed: string, zone: 'UTC' | 'local'): number | undefined | null {
  if (typed === '') return undefined;
  const ms = Date.parse(zone === 'UTC' ? `${typed}Z` : typed);
  return Number.isNaN(ms) ? null : ms;
}

/** From when a change counts. */
export function When({ value, wrong, onChange }: { value: string; wrong: boolean; onChange: (v: string) => void }) {
  const zone = useZone();
  const id = useId();
  const at = instantOf(value, zone);
  return (
    <div className={css.when}>
      <label htmlFor={id}>Takes effect</label>
      <input
        id={id}
        type="datetime-local"
        value={value}
        aria-describedby={`${id}d`}
        aria-invalid={wrong || undefined}
        onChange={(e) => onChange(e.currentTarget.value)}
      />
      <p id={`${id}d`} className="fine">
        {at
          ? `${exact(at, zone)}, at the first period after it`
          : `Empty: at the next period after approval. Times in ${zoneName(zone)}.`}
      </p>
    </div>
  );
}
