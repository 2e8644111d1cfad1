import { queryOptions } from '@tanstack/react-query';
import { get } from './client';
import type { Me, Status } from './types';

/** How the server itself is doing. */
export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: ({ signal }) => get<Status>('/status', undefined, signal),
  staleTime: 60_000,
});

/** Who is signed in and what they may do. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => get<Me>('/me', undefined, signal),
  staleTime: 300_000,
});
