import { promQuote } from './selector';

/** What to ask of a metric of a service, which the label names. */
export function questionOf(metric: string, label: string, service: string): string {
  const selector = `${metric}{${label}=${promQuote(service)}}`;
  if (metric.endsWith('_bucket')) return `histogram_quantile(0.95, sum by (le) (rate(${selector}[5m])))`;
  if (/_(total|count|sum)$/.test(metric)) return `sum(rate(${selector}[5m]))`;
  return selector;
}
