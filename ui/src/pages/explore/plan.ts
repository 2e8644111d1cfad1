import type { Metric, RangeSeries } from '../../api/prom';
import type { Column } from '../../chart/points';

// What Explore computes by itself: the step, the shared time axis, the names.

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400].map((s) => s * 1000);

/** The step that gives about three hundred points. */
export function autoStep(rangeMs: number): number {
  const wanted = rangeMs / 300;
  return steps.find((s) => s >= wanted) ?? 86_400_000;
}

/** The step in force: the chosen one, unless it would ask for more than eleven thousand points. */
export function stepFor(rangeMs: number, chosen: number | null): number {
  if (chosen === null) return autoStep(rangeMs);
  return rangeMs / chosen > 11_000 ? autoStep(rangeMs) : chosen;
}

/** Series of several queries on one time axis. */
export function onOneAxis(series: readonly RangeSeries[]): { t: number[]; columns: Column[] } {
  const all = new Set<number>();
  for (const s of series) for (const [t] of s.values) all.add(t);
  const t = [...all].sort((a, b) => a - b);
  const at = new Map(t.map((x, i) => [x, i]));
  const columns = series.map((s) => {
    const c: Column = new Array<number | null>(t.length).fill(null);
    for (const [x, v] of s.values) {
      const i = at.get(x);
      if (i !== undefined) c[i] = Number.isFinite(v) ? v : null;
    }
    return c;
  });
  return { t, columns };
}

/** A series by name: the metric and its labels as PromQL writes them; `{}` has the query for its name. */
export function nameOf(metric: Metric, query: string): string {
  const { __name__: name = '', ...labels } = metric;
  const inner = Object.entries(labels)
    .map(([k, v]) => `${k}=${JSON.stringify(v)}`)
    .join(', ');
  if (name === '' && inner === '') return query;
  return inner === '' ? name : `${name}{${inner}}`;
}

/** Labels that differ between series: what a short name needs. The rest is the same everywhere. */
export function differing(metrics: readonly Metric[]): string[] {
  const names = new Set(metrics.flatMap((m) => Object.keys(m)));
  return [...names].filter((n) => new Set(metrics.map((m) => m[n] ?? '')).size > 1).sort();
}
