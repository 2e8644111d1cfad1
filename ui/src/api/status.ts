import { queryOptions, useQuery } from '@tanstack/react-query';
import { api, ok } from './client';
import { meOf } from './me';
import type { Status } from './types';

/** How the server itself is doing. */
export const statusQuery = queryOptions({
  queryKey: ['status'],
  queryFn: ({ signal }) => ok(api.GET('/api/signalbox/v1/status', { signal })),
  staleTime: 60_000,
});

/** Who is signed in and what they may do. */
export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async ({ signal }) => meOf(await ok(api.GET('/api/signalbox/v1/me', { signal }))),
  staleTime: 300_000,
});

/** Whether the person's roles have an action in them, wherever; undefined until that is known. */
export function useMay(action: string): boolean | undefined {
  return useQuery({ ...meQuery, select: (m) => m.actions.includes(action) }).data;
}

/** How the server is doing, for those who may know; nothing for others, who are not even asked for. */
export function useStatus(): Status | undefined {
  return useQuery({ ...statusQuery, enabled: useMay('read_server') === true }).data;
}

/** Ends the session of this browser and goes to the sign-in page. */
export async function signOut(): Promise<void> {
  await ok(api.POST('/api/signalbox/v1/logout'));
  window.location.assign('/login');
}
