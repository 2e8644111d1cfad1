import { currentZone, zoneName, type Zone } from './zone';

// Times and durations as people read them: "14 s ago", "14 Apr 2026, 14:02 UTC". All instants are Unix milliseconds.

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const two = (n: number) => String(n).padStart(2, '0');

type Parts = { y: number; mo: number; d: number; wd: number; h: number; mi: number; s: number };

function parts(ms: number, zone: Zone): Parts {
  const t = new Date(ms);
  return zone === 'UTC'
    ? {
        y: t.getUTCFullYear(),
        mo: t.getUTCMonth(),
        d: t.getUTCDate(),
        wd: t.getUTCDay(),
        h: t.getUTCHours(),
        mi: t.getUTCMinutes(),
        s: t.getUTCSeconds(),
      }
    : {
        y: t.getFullYear(),
        mo: t.getMonth(),
        d: t.getDate(),
        wd: t.getDay(),
        h: t.getHours(),
        mi: t.getMinutes(),
        s: t.getSeconds(),
      };
}

/** "14:02", in the zone. */
export function clock(ms: number, zone: Zone = currentZone()): string {
  const p = parts(ms, zone);
  return `${two(p.h)}:${two(p.mi)}`;
}

/** "14:02:46", in the zone. */
export function clockSeconds(ms: number, zone: Zone = currentZone()): string {
  return `${clock(ms, zone)}:${two(parts(ms, zone).s)}`;
}

/** "14 Apr 2026", in the zone. */
export function date(ms: number, zone: Zone = currentZone()): string {
  const p = parts(ms, zone);
  return `${p.d} ${months[p.mo] ?? ''} ${p.y}`;
}

/** "14 Apr 2026, 14:02:46 UTC": the exact instant with its zone. */
export function exact(ms: number, zone: Zone = currentZone()): string {
  return `${date(ms, zone)}, ${clockSeconds(ms, zone)} ${zoneName(zone, new Date(ms))}`;
}

/** "today 14:05", "yesterday 23:10", "Tuesday 09:00" within the week, "3 Apr, 14:02" before. */
export function when(ms: number, now: number, zone: Zone = currentZone()): string {
  const at = parts(ms, zone);
  const start = (p: Parts) => Date.UTC(p.y, p.mo, p.d);
  const back = Math.round((start(parts(now, zone)) - start(at)) / 86_400_000);
  if (back === 0) return `today ${clock(ms, zone)}`;
  if (back === 1) return `yesterday ${clock(ms, zone)}`;
  if (back === -1) return `tomorrow ${clock(ms, zone)}`;
  if (back > 1 && back < 7) return `${days[at.wd] ?? ''} ${clock(ms, zone)}`;
  const year = at.y === parts(now, zone).y ? '' : ` ${at.y}`;
  return `${at.d} ${months[at.mo] ?? ''}${year}, ${clock(ms, zone)}`;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** A length in its largest fitting unit: "14 s", "26 min", "9 h", "3 d". Under a second it is "0 s". */
export function span(ms: number): string {
  const n = Math.max(0, ms);
  if (n < 2 * minute) return `${Math.floor(n / second)} s`;
  if (n < 2 * hour) return `${Math.floor(n / minute)} min`;
  if (n < 2 * day) return `${Math.floor(n / hour)} h`;
  return `${Math.floor(n / day)} d`;
}

/** "14 s ago"; what lies ahead is "in 14 s". */
export function ago(ms: number, now: number): string {
  const d = now - ms;
  if (d < 0) return d > -second ? 'now' : `in ${span(-d)}`;
  return `${span(d)} ago`;
}

/** A configured length written out: 60000 is "1 minute", 2592000000 is "30 days", 90000 is "90 s". */
export function lengthWords(ms: number): string {
  const units: [number, string][] = [
    [day, 'day'],
    [hour, 'hour'],
    [minute, 'minute'],
    [second, 'second'],
  ];
  for (const [unit, word] of units) {
    if (ms >= unit && ms % unit === 0) {
      const n = ms / unit;
      return `${n} ${word}${n === 1 ? '' : 's'}`;
    }
  }
  return ms % second === 0 ? `${ms / second} s` : `${ms} ms`;
}
