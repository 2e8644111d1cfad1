import { queryOptions } from '@tanstack/react-query';
import { get } from './client';
import type { Sources } from './types';

/** Where samples come from, late ones first. */
export const sourcesQuery = queryOptions({
  queryKey: ['sources'],
  queryFn: ({ signal }) => get<Sources>('/sources', undefined, signal),
  refetchInterval: 10_000,
  staleTime: 5_000,
});
