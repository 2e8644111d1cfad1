// What a chart needs to know about its points, without a canvas.

export type Column = (number | null)[];

/** The usual distance of neighbouring instants: the median, so that gaps do not stretch it. */
export function stepOf(t: readonly number[]): number {
  const d: number[] = [];
  for (let i = 1; i < t.length; i++) d.push((t[i] ?? 0) - (t[i - 1] ?? 0));
  d.sort((a, b) => a - b);
  return d[d.length >> 1] ?? 0;
}

/** Puts an empty point into every hole in time, so that a line never bridges what was not measured. */
export function withGaps(t: readonly number[], columns: readonly Column[]): { t: number[]; columns: Column[] } {
  const step = stepOf(t);
  const ts: number[] = [];
  const cols: Column[] = columns.map(() => []);
  for (let i = 0; i < t.length; i++) {
    const at = t[i] ?? 0;
    const before = ts.at(-1);
    if (before !== undefined && step > 0 && at - before > 1.9 * step) {
      ts.push(before + step);
      for (const c of cols) c.push(null);
    }
    ts.push(at);
    columns.forEach((c, j) => cols[j]?.push(c[i] ?? null));
  }
  return { t: ts, columns: cols };
}

/** Values of another time line at these instants: the newest at or before each, no older than one and a half steps. */
export function alignTo(t: readonly number[], otherT: readonly number[], other: Column, shift: number): Column {
  const step = Math.max(stepOf(otherT), stepOf(t)) * 1.5;
  let j = -1;
  return t.map((at) => {
    while (j + 1 < otherT.length && (otherT[j + 1] ?? Infinity) + shift <= at) j++;
    if (j < 0) return null;
    return at - ((otherT[j] ?? 0) + shift) <= step ? (other[j] ?? null) : null;
  });
}

/** Points without a neighbour: a line would not show them, so they are drawn as dots. */
export function lonely(values: Column): number[] {
  const out: number[] = [];
  values.forEach((v, i) => {
    if (v !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null) out.push(i);
  });
  return out;
}

/** Lowest and highest of all columns and fixed values; null when there is nothing. */
export function extent(columns: readonly Column[], fixed: readonly number[]): [number, number] | null {
  let min = Infinity;
  let max = -Infinity;
  for (const c of columns) {
    for (const v of c) {
      if (v === null) continue;
      if (v < min) min = v;
      if (v > max) max = v;
    }
  }
  for (const v of fixed) {
    min = Math.min(min, v);
    max = Math.max(max, v);
  }
  return Number.isFinite(min) ? [min, max] : null;
}

/** The extent with air above and below; it never leaves what the values can be (nothing below zero, no share above one). */
export function padded([min, max]: [number, number], bounds: { low?: number; high?: number } = {}): [number, number] {
  const room = max > min ? (max - min) * 0.08 : Math.abs(max) * 0.1 || 1;
  let low = min - room;
  let high = max + room;
  if (bounds.low !== undefined && min >= bounds.low) low = Math.max(low, bounds.low);
  if (bounds.high !== undefined && max <= bounds.high) high = Math.min(high, bounds.high + room * 0.15);
  if (min >= 0 && low < 0) low = 0;
  return [low, high];
}

/** Spans during which something was red, from transitions oldest first; an open one ends at `to`. */
export function redSpans(
  transitions: readonly { end: number; from: string; to: string; group: Record<string, string> }[],
  from: number,
  to: number,
): [number, number][] {
  const open = new Map<string, number>();
  const spans: [number, number][] = [];
  const sorted = [...transitions].sort((a, b) => a.end - b.end);
  for (const tr of sorted) {
    const key = JSON.stringify(tr.group);
    if (tr.to === 'red') {
      if (!open.has(key)) open.set(key, tr.end);
    } else if (tr.from === 'red') {
      spans.push([open.get(key) ?? from, tr.end]);
      open.delete(key);
    }
  }
  for (const start of open.values()) spans.push([start, to]);
  return merge(spans);
}

function merge(spans: [number, number][]): [number, number][] {
  const out: [number, number][] = [];
  for (const s of spans.sort((a, b) => a[0] - b[0])) {
    const last = out.at(-1);
    if (last && s[0] <= last[1]) last[1] = Math.max(last[1], s[1]);
    else out.push([...s]);
  }
  return out;
}

/** Every n-th row of a list so that at most `max` are left; the newest is always among them. */
export function thin<T>(rows: readonly T[], max: number): T[] {
  if (rows.length <= max) return [...rows];
  const every = Math.ceil(rows.length / max);
  return rows.filter((_, i) => (rows.length - 1 - i) % every === 0);
}

/**
 * Where a chart of a range begins: the range's own beginning, or, when less than half of it has been recorded, a little before
 * the first point. It falls on a whole number of periods, so that it does not wander.
 */
export function recordedFrom(t: readonly number[], from: number, to: number, period: number): number {
  const first = t[0];
  if (first === undefined || first - from < (to - from) / 2) return from;
  const slot = Math.max(period, stepOf(t));
  const early = first - slot - Math.max(2 * period, (to - first) * 0.04);
  return Math.max(from, Math.floor(early / period) * period);
}
