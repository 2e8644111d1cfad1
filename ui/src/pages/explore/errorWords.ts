import type { ErrorGroup, ErrorSort, ErrorState } from '../../api/errors';
import type { Histogram } from '../../api/rows';
import { plain } from '../../format/number';
import { condition } from './language';
import type { Place } from './links';

// The words of error groups.

export const sorts: readonly { value: ErrorSort; label: string }[] = [
  { value: 'count', label: 'most frequent' },
  { value: 'new', label: 'newest kind' },
  { value: 'people', label: 'most people' },
  { value: 'last', label: 'last seen' },
];
export const states: readonly { value: ErrorState; label: string }[] = [
  { value: 'new', label: 'New' },
  { value: 'regressed', label: 'Back again' },
  { value: 'known', label: 'Known' },
];

/** How many people met an error; where they are too few to be told, that is said. */
export function peopleWord(n: number): string {
  if (n < 0) return 'few';
  return n === 0 ? 'none known' : plain(n);
}

/** Counts of whole hours as a histogram over a range; hours without any are zero. */
export function hourly(g: ErrorGroup, from: number, to: number): Histogram {
  const hour = 3_600_000;
  const days = to - from > 4 * 86_400_000;
  const step = days ? 24 * hour : hour;
  const times: number[] = [];
  for (let t = Math.floor(from / step) * step; t < to; t += step) times.push(t);
  const counts = times.map(() => 0);
  for (const h of g.hours) {
    const i = Math.floor((h.at - (times[0] ?? 0)) / step);
    const old = counts[i];
    if (old !== undefined) counts[i] = old + h.count;
  }
  return { step, times, series: [{ value: 'error', counts }], cut: false };
}

/** Where the rows of a group are listed. */
export function rowsOfGroup(g: ErrorGroup, range: string): Place {
  const q = [
    g.app.service === '' ? '' : condition('service', g.app.service),
    g.type === '' ? '' : condition('error_type', g.type),
    g.route === '' ? '' : condition('route', g.route),
    g.type === '' ? (g.origin === 'log' ? 'level:>=error' : 'status:error') : '',
  ]
    .filter(Boolean)
    .join(' ');
  if (g.origin === 'span') return { view: 'traces', search: { q, range } };
  return { view: 'logs', search: { q, range, table: g.origin === 'event' ? 'events' : undefined } };
}

const origins: Record<string, string> = { log: 'log lines', span: 'spans', event: 'events' };

/** Where the errors came from. */
export function originWord(origin: string): string {
  return origins[origin] ?? origin;
}
