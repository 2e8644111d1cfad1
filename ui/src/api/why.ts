import { queryOptions } from '@tanstack/react-query';
import { api, ok } from './client';
import type { components } from './schema';
import type { Labels } from './types';

export type Why = components['schemas']['Why'];
export type WhyReason = components['schemas']['WhyReason'];

/** An instant, a span of which the instant that matters most is explained, or now when both are missing. */
export type WhyAsked = { at?: number; from?: number; to?: number; group?: Labels; receiver?: string };

/** Why somebody was paged about a KPI, or was not. */
export function whyQuery(name: string, asked: WhyAsked) {
  const { group, ...rest } = asked;
  const query = { ...rest, ...(group && Object.keys(group).length > 0 ? { group: JSON.stringify(group) } : {}) };
  return queryOptions({
    queryKey: ['kpi', name, 'why', query],
    queryFn: ({ signal }) =>
      ok(api.GET('/api/signalbox/v1/kpis/{name}/why', { params: { path: { name }, query }, signal })),
    staleTime: 15_000,
    gcTime: 60_000,
    retry: false,
  });
}
