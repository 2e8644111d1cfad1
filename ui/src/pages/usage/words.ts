import type { Period } from '../../api/usage';
import { compact, plain } from '../../format/number';
import { date } from '../../time/format';

// Numbers of usage as people read them.

const thin = '\u2009';

/** A count of people; too few are not told. */
export function people(n: number | null | undefined): string {
  if (n === null || n === undefined) return '—';
  return n < 0 ? 'few' : compact(n);
}

/** A share 0 to 1 with one decimal under ten percent: "4.2 %", "38 %". */
export function percent(v: number | null | undefined): string {
  if (v === null || v === undefined || !Number.isFinite(v)) return '—';
  const p = v * 100;
  if (p > 0 && p < 0.05) return `under 0.1${thin}%`;
  return `${plain(p, p !== 0 && Math.abs(p) < 9.95 ? 1 : 0)}${thin}%`;
}

/** The same for what should be near one, where each tenth counts: "97.5 %", "99.95 %". */
export function finePercent(v: number | null | undefined): string {
  if (v === null || v === undefined || !(v >= 0.9 && v < 1)) return percent(v);
  return `${plain(v * 100, v > 0.99 ? 2 : 1)}${thin}%`;
}

/** Seconds: "0.8 s", "42 s", "4 min 10 s", "2 h 5 min", "3 d 4 h". */
export function seconds(s: number | null | undefined): string {
  if (s === null || s === undefined || !Number.isFinite(s)) return '—';
  if (s === 0) return `0${thin}s`;
  if (s < 0.001) return `${plain(s * 1e6, 0)}${thin}µs`;
  if (s < 1) return `${plain(s * 1000, 0)}${thin}ms`;
  if (s < 10) return `${plain(s, Number.isInteger(s) ? 0 : 1)}${thin}s`;
  const n = Math.round(s);
  const two = (a: number, x: string, b: number, y: string) =>
    `${plain(a)}${thin}${x}${b > 0 ? ` ${b}${thin}${y}` : ''}`;
  if (n < 60) return `${n}${thin}s`;
  if (n < 3600) return two(Math.floor(n / 60), 'min', n % 60, 's');
  if (n < 86_400) return two(Math.floor(n / 3600), 'h', Math.floor((n % 3600) / 60), 'min');
  return two(Math.floor(n / 86_400), 'd', Math.floor((n % 86_400) / 3600), 'h');
}

const dayMs = 86_400_000;

/** The end of the period that begins at an instant; periods are of UTC. */
export function periodEnd(at: number, period: Period): number {
  if (period === 'day') return at + dayMs;
  if (period === 'week') return at + 7 * dayMs;
  const t = new Date(at);
  return Date.UTC(t.getUTCFullYear(), t.getUTCMonth() + 1, 1);
}

/** A period by name: "14 Apr 2026", "week of 13 Apr 2026", "April 2026". */
export function periodName(at: number, period: Period): string {
  if (period === 'day') return date(at, 'UTC');
  if (period === 'week') return `week of ${date(at, 'UTC')}`;
  return date(at, 'UTC').replace(/^\d+ /, '');
}

/** The same in short, for an axis or the head of a row: "14 Apr", "Apr 2026". */
export function periodShort(at: number, period: Period): string {
  const d = date(at, 'UTC');
  return period === 'month' ? d.replace(/^\d+ /, '') : d.replace(/ \d+$/, '');
}

/** How much a number changed, in words: "12 % more than", "as many as". */
export function change(now: number, before: number, as: string): string {
  if (before <= 0) return '';
  const r = now / before - 1;
  if (Math.abs(r) < 0.005) return `as ${as} as`;
  return `${percent(Math.abs(r))} ${r > 0 ? (as === 'many' ? 'more' : 'higher') : as === 'many' ? 'fewer' : 'lower'} than`;
}

/** The last whole point and the one before it. */
export function lastWhole<T extends { complete: boolean }>(points: readonly T[]): [T | undefined, T | undefined] {
  const whole = points.filter((p) => p.complete);
  return [whole.at(-1), whole.at(-2)];
}

/** Points as they are drawn: leading periods before anything was ever heard are no data, not zero. */
export function fromFirst<T>(points: readonly T[], empty: (p: T) => boolean): T[] {
  const i = points.findIndex((p) => !empty(p));
  return i < 0 ? [] : points.slice(i);
}
