import { queryOptions } from '@tanstack/react-query';
import { api, ok } from './client';
import type { components } from './schema';

// Requests of data subjects. The id of a person goes to the server in the body of a question and is kept nowhere: not in the
// cache, not in an address, not in storage.

type S = components['schemas'];

export type Requests = S['PrivacyRequests'];
export type PrivacyRequest = Requests['requests'][number];
export type PrivacyKey = Requests['keys'][number];
export type Certificate = NonNullable<PrivacyRequest['certificate']>;

const running = (list: readonly PrivacyRequest[]) => list.some((r) => r.state === 'running');

/** All requests, the newest first, and the keys of pseudonyms. */
export const requestsQuery = queryOptions({
  queryKey: ['privacy', 'requests'],
  queryFn: ({ signal }) => ok(api.GET('/api/signalbox/v1/privacy/requests', { signal })),
  refetchInterval: (q) => (q.state.data && running(q.state.data.requests) ? 2_000 : 60_000),
  staleTime: 5_000,
});

/** One request with its certificate for people. */
export function requestQuery(id: number) {
  return queryOptions({
    queryKey: ['privacy', 'request', id],
    queryFn: ({ signal }) =>
      ok(api.GET('/api/signalbox/v1/privacy/requests/{id}', { params: { path: { id } }, signal })),
    refetchInterval: (q) => (q.state.data?.state === 'running' ? 1_000 : false),
    staleTime: 5_000,
  });
}

/** Begins an erasure. It goes on by itself; the answer is the request with its number. */
export function erase(subject: string, reason: string): Promise<PrivacyRequest> {
  return ok(api.POST('/api/signalbox/v1/privacy/erase', { body: { subject, reason } }));
}

/** Everything that is kept of a person, as a zip. */
export async function exportOf(subject: string, reason: string): Promise<Blob> {
  const body: unknown = await ok(
    api.POST('/api/signalbox/v1/privacy/export', { body: { subject, reason }, parseAs: 'blob' }),
  );
  return body as Blob;
}
