import { queryOptions } from '@tanstack/react-query';
import { get } from './client';
import type { Board } from './types';

/** The whole board. The stream keeps it current; sparklines and strips are read anew once a minute. */
export const boardQuery = queryOptions({
  queryKey: ['board'],
  queryFn: ({ signal }) => get<Board>('/board', undefined, signal),
  refetchInterval: (q) => (q.state.data?.partial ? 2_000 : 60_000),
  staleTime: 30_000,
});
