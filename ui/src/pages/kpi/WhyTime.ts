import type { Zone } from '../../time/zone';

// An instant between the address of the page, a datetime-local input and Unix milliseconds.

/** What the address says is asked about: an instant or a span. */
export type Asked = { at: number } | { from: number; to: number };

/** Reads the address's why: "1795269900000" or "1795266300000-1795269900000". */
export function askedOf(text: string | undefined): Asked | undefined {
  const m = /^(\d{10,15})(?:-(\d{10,15}))?$/.exec(text ?? '');
  if (!m) return undefined;
  const first = Number(m[1]);
  if (m[2] === undefined) return { at: first };
  const to = Number(m[2]);
  return first < to ? { from: first, to } : undefined;
}

const two = (n: number) => String(n).padStart(2, '0');

/** The instant as a datetime-local input wants it, to the second, in the zone. */
export function inputOf(ms: number, zone: Zone): string {
  const d = new Date(ms);
  return zone === 'UTC'
    ? d.toISOString().slice(0, 19)
    : `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}T${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

/** What such an input says, in Unix milliseconds; undefined when it says nothing. */
export function instantOf(text: string, zone: Zone): number | undefined {
  const ms = Date.parse(zone === 'UTC' && !text.endsWith('Z') ? `${text}Z` : text);
  return Number.isNaN(ms) ? undefined : ms;
}
