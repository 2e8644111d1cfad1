import { prom } from '../../api/client';
import type { UsageKpi } from '../../api/usage';
import { promQuote } from '../explore/selector';

/** The series that a KPI of a view will read; undefined where it counts rows instead. */
export function seriesOf(k: UsageKpi): string | undefined {
  const [name, labels] = ((): [string, Record<string, string>] => {
    switch (k.view) {
      case 'actives':
        return ['actives', { span: k.span ?? 'day' }];
      case 'stickiness':
        return ['stickiness_ratio', {}];
      case 'sessions':
        return ['sessions', { span: 'day' }];
      case 'session_duration':
        return ['session_seconds', { stat: k.stat ?? 'median' }];
      case 'actions':
        return ['session_actions', {}];
      case 'bounce':
        return ['bounce_ratio', {}];
      case 'retention':
        return ['retention_ratio', { after: String(k.after ?? 7) }];
      case 'adoption':
        return ['adoption_ratio', { kind: k.kind ?? 'event', feature: k.feature ?? '' }];
      default:
        return ['', {}];
    }
  })();
  if (name === '') return undefined;
  const all = { ...labels, service: k.service ?? '', env: k.env ?? '', agency: k.agency ?? '' };
  const text = Object.entries(all).map(([l, v]) => `${l}=${promQuote(v)}`);
  return `signalbox_usage_${name}{${text.join(',')}}`;
}

/**
 * The same with what its series says now. What a page shows is of its range and its periods; thresholds around that would turn a
 * KPI of the newest complete day red at once.
 */
export async function withPublished(k: UsageKpi): Promise<UsageKpi> {
  const series = seriesOf(k);
  if (series === undefined) return k;
  try {
    const data = await prom('/query', new URLSearchParams({ query: `max(${series})` }));
    const v = Number((data as { result: { value: [number, string] }[] }).result[0]?.value[1]);
    return Number.isFinite(v) && v > 0 ? { ...k, value: v } : k;
  } catch {
    return k; // metrics are not this person's to read: the page's number stands
  }
}
