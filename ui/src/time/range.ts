// Ranges live in the URL as "24h", or as two instants "1764000000000-1764003600000". Everything here is pure.

export type Range = { from: number; to: number; live: boolean };

const units: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Length in ms of "90s", "5m", "24h", "7d", "4w"; null when it is none. */
export function parseLength(s: string): number | null {
  const m = /^(\d+)([smhdw])$/.exec(s.trim());
  if (!m) return null;
  const n = Number(m[1]) * (units[m[2] ?? ''] ?? 0);
  return n > 0 ? n : null;
}

/** The shortest text of a length that parseLength reads back. */
export function formatLength(ms: number): string {
  for (const u of ['w', 'd', 'h', 'm', 's'] as const) {
    const n = units[u] ?? 1;
    if (ms >= n && ms % n === 0) return `${ms / n}${u}`;
  }
  return `${Math.max(1, Math.round(ms / 1000))}s`;
}

/** Turns the URL's text into two instants; text that is no range gives the fallback. */
export function resolveRange(text: string | undefined, now: number, fallback = '24h'): Range {
  const fixed = /^(\d{10,15})-(\d{10,15})$/.exec(text ?? '');
  if (fixed) {
    const from = Number(fixed[1]);
    const to = Number(fixed[2]);
    if (to > from) return { from, to, live: false };
  }
  const length = parseLength(text ?? '') ?? parseLength(fallback) ?? 86_400_000;
  return { from: now - length, to: now, live: true };
}

/** The text of a fixed range. */
export function fixedRange(from: number, to: number): string {
  return `${Math.round(from)}-${Math.round(to)}`;
}

/** Moves a range by half its length; what would end after now follows now again. */
export function shiftRange(r: Range, direction: -1 | 1, now: number): string {
  const length = r.to - r.from;
  const to = r.to + (direction * length) / 2;
  if (to >= now) return formatLength(length);
  return fixedRange(to - length, to);
}

/** Headline of a range: "Last 24 hours", or "14 Apr 14:00 to 15:00" given a formatter. */
export function rangeTitle(
  text: string | undefined,
  r: Range,
  exact: (ms: number) => string,
  fallback = '24h',
): string {
  if (!r.live) return `${exact(r.from)} to ${exact(r.to)}`;
  const length = parseLength(text ?? '') ?? parseLength(fallback) ?? 0;
  const names: [string, string][] = [
    ['d', 'day'],
    ['h', 'hour'],
    ['m', 'minute'],
    ['s', 'second'],
  ];
  if (length === 86_400_000) return 'Last 24 hours';
  for (const [u, word] of names) {
    const unit = units[u] ?? 1;
    if (length >= unit && length % unit === 0) {
      const n = length / unit;
      return n === 1 ? `Last ${word}` : `Last ${n} ${word}s`;
    }
  }
  return 'Last 24 hours';
}
