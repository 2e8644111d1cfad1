import { Fragment } from 'react';
import type { Row } from '../../api/rows';
import { Icon } from '../../components/Icon';
import { plain } from '../../format/number';
import { useZone } from '../../time/zone';
import { LevelMark } from './LevelMark';
import css from './Lines.module.css';
import { headline, keysOf, lineInstant, lineTime, seconds, valueOf } from './rowFields';

/** What columns are called at their head. */
const heads: Record<string, string> = {
  level: 'Level',
  service: 'Service',
  name: 'Name',
  status: 'Outcome',
  duration: 'Duration',
};

/** Lines, one under the other; each opens to everything that it says. */
export function Lines({
  rows,
  cols,
  wrap,
  open,
  busy,
  label,
  onOpen,
  children,
}: {
  rows: readonly Row[];
  cols: readonly string[];
  wrap: boolean;
  open: string;
  busy: boolean;
  label: string;
  onOpen: (key: string) => void;
  children: (row: Row) => React.ReactNode;
}) {
  const zone = useZone();
  const keys = keysOf(rows);
  return (
    <table className={`table ${css.lines}`} data-wrap={wrap || undefined} aria-label={label} aria-busy={busy}>
      <thead>
        <tr>
          <th scope="col">Time</th>
          {cols.map((c) => (
            <th key={c} scope="col">
              {heads[c] ?? c}
            </th>
          ))}
          <th scope="col">Message</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((r, i) => {
          const key = keys[i] ?? '';
          const isOpen = key === open;
          return (
            <Fragment key={key}>
              <tr className={css.line} data-open={isOpen || undefined}>
                <td className={css.when}>
                  <button
                    type="button"
                    className={css.expand}
                    data-line={key}
                    aria-expanded={isOpen}
                    title={lineInstant(r.time, zone)}
                    aria-label={`${lineTime(r.time, zone)}, ${r.level ?? r.status ?? ''} ${r.service ?? ''}: ${headline(r).slice(0, 120)}`}
                    onClick={() => onOpen(isOpen ? '' : key)}
                  >
                    <Icon name={isOpen ? 'down' : 'right'} size={12} />
                    {lineTime(r.time, zone)}
                  </button>
                </td>
                {cols.map((c) => (
                  <td key={c} className={css.narrow} title={valueOf(r, c)}>
                    {cell(r, c)}
                  </td>
                ))}
                <td className={css.text}>
                  {wrap ? (r.body ?? r.name) : headline(r)}
                  {r.weight > 1 ? <span className={css.weight}> stands for {plain(r.weight)}</span> : null}
                </td>
              </tr>
              {isOpen ? (
                <tr className={css.detail}>
                  <td colSpan={cols.length + 2}>{children(r)}</td>
                </tr>
              ) : null}
            </Fragment>
          );
        })}
      </tbody>
    </table>
  );
}

function cell(r: Row, c: string): React.ReactNode {
  const v = valueOf(r, c);
  if (c === 'level' || c === 'status') return v === '' ? '' : <LevelMark value={v} />;
  if (c === 'duration') return r.duration === undefined ? '' : seconds(r.duration);
  return v;
}

/** Moves to the line after or before the one with the focus; without one to the first. */
export function moveLine(by: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>('[data-line]')];
  const now = focusedLine();
  const at = all.findIndex((e) => e.dataset.line === now);
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by))];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

/** The key of the line that has the focus, or whose detail has it. */
export function focusedLine(): string | undefined {
  const el = document.activeElement;
  const line = el?.closest<HTMLElement>('[data-line]') ?? el?.closest('tr')?.querySelector<HTMLElement>('[data-line]');
  return line?.dataset.line;
}
