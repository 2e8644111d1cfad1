import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, ok } from './client';
import type { components } from './schema';

/** Something that happened, to be seen beside its effect. The letter is one of D P F C N A, the word says it in full. */
export type Mark = components['schemas']['Mark'];

/** What happened between two instants, or until now, oldest first; with a KPI only what concerns it. */
export function changesQuery(from: number, to?: number, kpi = '') {
  return queryOptions({
    queryKey: ['changes', kpi, from, to ?? 'now'],
    queryFn: async ({ signal }) =>
      (
        await ok(
          api.GET('/api/signalbox/v1/changes', {
            params: {
              query: { from, limit: 500, ...(to === undefined ? {} : { to }), ...(kpi === '' ? {} : { kpi }) },
            },
            signal,
          }),
        )
      ).changes,
    placeholderData: keepPreviousData,
    ...(to === undefined ? { refetchInterval: 30_000 } : {}),
    staleTime: 30_000,
    gcTime: 60_000,
  });
}
