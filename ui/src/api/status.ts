import { queryOptions } from '@tanstack/react-query';
import { api, ok } from './client';
import { meOf } from './me';

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

/** Ends the session of this browser and goes to the sign-in page. */
export async function signOut(): Promise<void> {
  await ok(api.POST('/api/signalbox/v1/logout'));
  window.location.assign('/login');
}
