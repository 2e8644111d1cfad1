import type { Comparison, LightName, Side, Span } from '../../api/govern';
import type { Axis } from '../../format/number';

// What the page needs to know of a back-test, without drawing anything.

const thin = '\u2009';

/** The stretch that at least one definition really covers: a week that was asked for may hold an hour of data. */
export function covered(c: Comparison): { from: number; to: number } {
  const starts = [c.now, c.proposed].filter((s) => s !== null && s.points > 0).map((s) => s?.from ?? c.from);
  return { from: starts.length > 0 ? Math.max(c.from, Math.min(...starts)) : c.from, to: c.to };
}

/** Minutes as people read them: "40 s", "42 min", "3 h 20 min", "2 d 4 h". */
export function minutesWords(n: number | undefined): string {
  const m = Math.round(n ?? 0);
  if (n !== undefined && n > 0 && n < 1.5) return `${Math.round(n * 60)}${thin}s`;
  if (m < 60) return `${m}${thin}min`;
  const h = Math.floor(m / 60);
  if (h < 48) return m % 60 === 0 ? `${h}${thin}h` : `${h}${thin}h ${m % 60}${thin}min`;
  const d = Math.floor(h / 24);
  return h % 24 === 0 ? `${d}${thin}d` : `${d}${thin}d ${h % 24}${thin}h`;
}

/** Seconds to the first alert: "11 min", "40 s"; a dash where there was no incident. */
export function delayWords(s: number | null): string {
  if (s === null) return '—';
  return s < 90 ? `${Math.round(s)}${thin}s` : minutesWords(s / 60);
}

/** "3 of 4"; where the log names no incident of that time it says so. */
export function caughtWords(s: Side): string {
  return s.real > 0 ? `${s.caught} of ${s.real}` : 'none recorded';
}

/** How the axis of a unit reads. */
export function axisOf(unit: string): Axis {
  if (unit === 'percent' || unit === 'ratio') return { factor: 100, decimals: 2, unit: '%' };
  if (unit === 'seconds') return { factor: 1, decimals: 2, unit: 's' };
  if (unit === 'bytes') return { factor: 1e-9, decimals: 2, unit: 'GB' };
  return { factor: 1, decimals: 2, unit: unit === 'count' ? '' : unit };
}

const scales: Record<string, number> = {
  '': 1,
  '%': 0.01,
  s: 1,
  ms: 0.001,
  min: 60,
  h: 3600,
  d: 86_400,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
};

/** The number of a threshold such as "> 2.5 %" in the unit of the values; null where it is none or has two sides. */
export function limitOf(threshold: string): { value: number; side: 'above' | 'below' } | null {
  const m = /^([<>])=?\s*([\d.,]+)\s*(\S*)$/.exec(threshold.replaceAll('\u2009', ' ').trim());
  if (!m) return null;
  const scale = scales[m[3] ?? ''];
  const n = Number((m[2] ?? '').replaceAll(',', ''));
  if (scale === undefined || !Number.isFinite(n)) return null;
  return { value: n * scale, side: m[1] === '>' ? 'above' : 'below' };
}

export type Segment = { from: number; to: number; now: LightName | null; proposed: LightName | null };

/** The stretches of time in which neither light changes, oldest first. */
export function segments(now: readonly Span[], proposed: readonly Span[], from: number, to: number): Segment[] {
  const edges = [...new Set([from, to, ...[...now, ...proposed].flatMap((s) => [s.from, s.to])])]
    .filter((t) => t >= from && t <= to)
    .sort((a, b) => a - b);
  const out: Segment[] = [];
  let i = 0;
  let j = 0;
  for (let k = 0; k + 1 < edges.length; k++) {
    const a = edges[k] ?? 0;
    const b = edges[k + 1] ?? 0;
    while (i < now.length && (now[i]?.to ?? 0) <= a) i++;
    while (j < proposed.length && (proposed[j]?.to ?? 0) <= a) j++;
    const one = (s: Span | undefined) => (s && s.from <= a && s.to >= b ? s.light : null);
    const seg = { from: a, to: b, now: one(now[i]), proposed: one(proposed[j]) };
    const last = out.at(-1);
    if (last?.now === seg.now && last.proposed === seg.proposed) last.to = b;
    else out.push(seg);
  }
  return out;
}

/** Spans as one path per light in a box of the given size; height says the light as well as colour. */
export function bandPaths(
  spans: readonly Span[],
  from: number,
  to: number,
  box: { w: number; h: number },
): Record<LightName, string> {
  const out: Record<LightName, string> = { green: '', yellow: '', red: '', grey: '' };
  const share: Record<LightName, number> = { green: 0.3, yellow: 0.65, red: 1, grey: 0.3 };
  const x = (t: number) => (Math.max(0, Math.min(1, (t - from) / Math.max(1, to - from))) * box.w).toFixed(1);
  for (const s of spans) {
    if (s.to <= from || s.from >= to) continue;
    const h = box.h * share[s.light];
    out[s.light] += `M${x(s.from)} ${box.h}V${(box.h - h).toFixed(1)}H${x(s.to)}V${box.h}z`;
  }
  return out;
}

/** The whole comparison of two sides as one sentence, for those who listen to the chart. */
export function comparisonSentence(c: Comparison): string {
  const say = (name: string, s: Side | null) =>
    s === null
      ? ''
      : `${name}${s.threshold ? ` at ${s.threshold}` : ''}: ${s.page_count} pages, ${minutesWords(s.minutes.red)} breached, ${minutesWords(s.minutes.yellow)} at risk. `;
  return `${c.title}. ${say('Now', c.now)}${say('Proposed', c.proposed)}`.trim();
}
