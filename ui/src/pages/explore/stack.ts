import type { Histogram } from '../../api/rows';

// Counts over time as stacked bars.

export type Layer = { value: string; color: string; hatch: boolean; total: number };
export type Bar = { i: number; at: number; total: number; parts: { layer: number; from: number; to: number }[] };
export type Stack = { layers: Layer[]; bars: Bar[]; most: number; step: number; total: number };

const order = ['fatal', 'error', 'warn', 'info', 'ok', 'unset', 'debug', 'trace', ''];

/** Stacks the series: what is worst at the bottom, where heights compare; other values as the server ordered them. */
export function stackOf(h: Histogram, ink: (value: string, i: number) => { color: string; hatch: boolean }): Stack {
  const rank = (v: string) => (order.includes(v) ? order.indexOf(v) : order.length);
  const series = [...h.series].sort((a, b) => rank(a.value) - rank(b.value));
  const layers = series.map((s, i) => ({
    value: s.value,
    ...ink(s.value, i),
    total: s.counts.reduce((a, b) => a + b, 0),
  }));
  let most = 0;
  const bars = h.times.map((at, i) => {
    let sum = 0;
    const parts: Bar['parts'] = [];
    series.forEach((s, layer) => {
      const n = s.counts[i] ?? 0;
      if (n > 0) parts.push({ layer, from: sum, to: sum + n });
      sum += n;
    });
    most = Math.max(most, sum);
    return { i, at, total: sum, parts };
  });
  return { layers, bars, most, step: h.step, total: layers.reduce((n, l) => n + l.total, 0) };
}

/** A round number at or above the highest bar, for the axis. */
export function ceilingOf(most: number): number {
  if (most <= 0) return 1;
  const unit = 10 ** Math.floor(Math.log10(most));
  for (const f of [1, 2, 2.5, 5, 10]) if (f * unit >= most && (f !== 2.5 || unit >= 10)) return f * unit;
  return 10 * unit;
}
