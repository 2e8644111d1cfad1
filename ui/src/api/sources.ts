import { queryOptions } from '@tanstack/react-query';
import { api, ok } from './client';

/** Where samples come from, late ones first. */
export const sourcesQuery = queryOptions({
  queryKey: ['sources'],
  queryFn: ({ signal }) => ok(api.GET('/api/signalbox/v1/sources', { signal })),
  refetchInterval: 10_000,
  staleTime: 5_000,
});
