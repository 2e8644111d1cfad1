import type { Exemplar, Metric } from '../../api/prom';
import { plain } from '../../format/number';
import { seconds } from './rowFields';

/** The metric of an exemplar without what its parts are called: "http_request_duration_seconds". */
export function exemplarName(metric: Metric): string {
  return (metric.__name__ ?? '').replace(/_(bucket|total|count)$/, '');
}

/** What was measured, in its unit where the name says it. */
export function exemplarValue(e: Exemplar): string {
  return exemplarName(e.metric).endsWith('_seconds') ? seconds(e.value) : plain(e.value, 3);
}

/** One exemplar of each trace, the largest values first. */
export function largest(all: readonly Exemplar[], n: number): Exemplar[] {
  const seen = new Set<string>();
  return [...all]
    .sort((a, b) => b.value - a.value)
    .filter((e) => !seen.has(e.trace) && seen.add(e.trace))
    .slice(0, n);
}
