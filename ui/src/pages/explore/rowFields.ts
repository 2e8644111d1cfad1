import type { Row } from '../../api/rows';
import { plain } from '../../format/number';
import { clockSeconds, date } from '../../time/format';
import type { Zone } from '../../time/zone';

// What a row says, field by field, under the names by which it is searched.

const columns = [
  'level',
  'status',
  'service',
  'name',
  'route',
  'error_type',
  'duration',
  'value',
  'env',
  'agency',
  'version',
  'release',
  'trace_id',
  'span_id',
  'parent_id',
  'session',
  'business_id',
  'user',
  'kind',
  'source',
  'trust',
] as const;
type Column = (typeof columns)[number];

/** A field of a row as text; empty where it has none. */
export function valueOf(row: Row, field: string): string {
  if (field === 'body') return row.body ?? '';
  if ((columns as readonly string[]).includes(field)) {
    const v = row[field as Column];
    return v === undefined ? '' : String(v);
  }
  return row.attributes.find((a) => a.name === field)?.value ?? row.resource.find((a) => a.name === field)?.value ?? '';
}

export type Field = { name: string; value: string; from: 'field' | 'attribute' | 'resource' };

/** Everything that a row says, beside its time and message. */
export function fieldsOf(row: Row): Field[] {
  const own = columns
    .map((name): Field => ({ name, value: valueOf(row, name), from: 'field' }))
    .filter((f) => f.value !== '');
  return [
    ...own,
    ...row.attributes.map((a): Field => ({ ...a, from: 'attribute' })),
    ...row.resource.map((a): Field => ({ ...a, from: 'resource' })),
  ];
}

/** What names each row of a list: its time and its number among the rows of that very time. */
export function keysOf(rows: readonly Row[]): string[] {
  const seen = new Map<number, number>();
  return rows.map((r) => {
    const n = seen.get(r.time) ?? 0;
    seen.set(r.time, n + 1);
    return `${r.time}~${n}`;
  });
}

/** The time that a key names, Unix ms. */
export function timeOfKey(key: string): number {
  return Number(key.split('~')[0]);
}

/** "14:02:46.137": the time of a line to the millisecond, in the zone. */
export function lineTime(ms: number, zone: Zone): string {
  return `${clockSeconds(ms, zone)}.${String(Math.floor(ms) % 1000).padStart(3, '0')}`;
}

/** The same with its date, to the microsecond where there is one. */
export function lineInstant(ms: number, zone: Zone): string {
  const micro = Math.round((ms - Math.floor(ms)) * 1000);
  return `${date(ms, zone)}, ${lineTime(ms, zone)}${micro > 0 ? String(micro).padStart(3, '0') : ''}`;
}

/** The first line of a row: its message, or what it is where it has none. */
export function headline(row: Row): string {
  const text = row.body ?? row.name ?? '';
  const end = text.indexOf('\n');
  return end < 0 ? text : text.slice(0, end);
}

/** A length in seconds as people read it: 0.0123 is "12.3 ms". */
export function seconds(s: number | null | undefined): string {
  if (s === null || s === undefined || !Number.isFinite(s)) return '—';
  const thin = '\u2009';
  const abs = Math.abs(s);
  if (abs >= 120) return `${plain(s / 60, 1)}${thin}min`;
  if (abs >= 1) return `${plain(s, 2)}${thin}s`;
  if (abs >= 1e-3) return `${plain(s * 1e3, abs >= 0.1 ? 0 : 1)}${thin}ms`;
  return `${plain(s * 1e6, 0)}${thin}µs`;
}
