import type { Day, Spark } from '../api/types';
import type { Light } from '../api/types';

// Sparklines and strips as SVG paths: two nodes a line and one a colour, because a board has thousands of them.

/** Width and height of a sparkline's own grid. */
export const sparkBox = { w: 120, h: 36 };

export type SparkPath = { line: string; threshold: number | null; last: { x: number; y: number } | null };

/** The line with gaps as gaps, and the height of the dashed promise, which is always in sight. */
export function sparkPath(s: Spark): SparkPath {
  let min = Infinity;
  let max = -Infinity;
  for (const v of s.v) {
    if (v === null) continue;
    if (v < min) min = v;
    if (v > max) max = v;
  }
  if (s.threshold !== null) {
    min = Math.min(min, s.threshold);
    max = Math.max(max, s.threshold);
  }
  if (!Number.isFinite(min)) return { line: '', threshold: null, last: null };
  if (max === min) {
    const room = Math.abs(max) * 0.1 || 1;
    min -= room;
    max += room;
  }
  const pad = 2;
  const y = (v: number) => round(pad + (1 - (v - min) / (max - min)) * (sparkBox.h - 2 * pad));
  const n = s.v.length;
  const x = (i: number) => round(n > 1 ? (i / (n - 1)) * sparkBox.w : sparkBox.w);
  let line = '';
  let pen = false;
  let last: SparkPath['last'] = null;
  for (let i = 0; i < n; i++) {
    const v = s.v[i];
    if (v === null || v === undefined) {
      pen = false;
      continue;
    }
    const px = x(i);
    const py = y(v);
    // A single point between gaps is drawn as a short stroke, else it would not be seen at all.
    const alone = !pen && (s.v[i + 1] === null || s.v[i + 1] === undefined);
    line += pen ? `L${px} ${py}` : alone ? `M${round(px - 1)} ${py}L${px} ${py}` : `M${px} ${py}`;
    pen = true;
    last = { x: px, y: py };
  }
  return { line, threshold: s.threshold === null ? null : y(s.threshold), last };
}

function round(v: number): number {
  return Math.round(v * 10) / 10;
}

/** Width and height of a strip's own grid. */
export const stripBox = { w: 300, h: 20 };
const heights: Record<Light, number> = { green: 6, yellow: 13, red: 20, grey: 6 };

/** One path per light; the day's worst state decides the height, so the strip reads without colour. */
export function stripPaths(days: readonly Day[]): Record<Light | 'none', string> {
  const out = { green: '', yellow: '', red: '', grey: '', none: '' };
  const n = Math.max(days.length, 30);
  const step = stripBox.w / n;
  const wide = step * 0.7;
  days.forEach((d, i) => {
    const x = round((n - days.length + i) * step + (step - wide) / 2);
    const w = round(wide);
    if (d.light === 'none') {
      out.none += `M${x} ${stripBox.h - 1}h${w}`;
      return;
    }
    const inset = d.light === 'yellow' || d.light === 'grey' ? 0.5 : 0;
    const h = heights[d.light] - 2 * inset;
    const r = 1.2;
    const x0 = x + inset;
    const w0 = w - 2 * inset;
    const top = stripBox.h - inset - h;
    out[d.light] +=
      `M${round(x0 + r)} ${top}h${round(w0 - 2 * r)}q${r} 0 ${r} ${r}v${round(h - 2 * r)}q0 ${r} -${r} ${r}h-${round(w0 - 2 * r)}q-${r} 0 -${r} -${r}v-${round(h - 2 * r)}q0 -${r} ${r} -${r}z`;
  });
  return out;
}

const words: [Light | 'none', string][] = [
  ['red', 'breached'],
  ['yellow', 'at risk'],
  ['grey', 'without data'],
  ['green', 'on target'],
  ['none', 'not judged'],
];

/** The strip as a sentence: "30 days: 1 breached, 2 at risk, 27 on target". */
export function stripSentence(days: readonly Day[]): string {
  if (days.length === 0) return 'No history yet';
  const counts = words
    .map(([light, word]) => [days.filter((d) => d.light === light).length, word] as const)
    .filter(([n]) => n > 0);
  return `${days.length} days: ${counts.map(([n, w]) => `${n} ${w}`).join(', ')}`;
}
