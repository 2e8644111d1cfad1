import { queryOptions } from '@tanstack/react-query';
import { api, ok } from './client';

/** The whole board. The stream keeps it current; sparklines and strips are read anew once a minute. */
export const boardQuery = queryOptions({
  queryKey: ['board'],
  queryFn: ({ signal }) => ok(api.GET('/api/signalbox/v1/board', { signal })),
  refetchInterval: (q) => (q.state.data?.partial ? 2_000 : 60_000),
  staleTime: 30_000,
});
