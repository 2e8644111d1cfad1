import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, ok } from './client';
import type { components } from './schema';

// The audit trail: what was done, by whom, in a chain of hashes that shows when something was altered.

type S = components['schemas'];

export type AuditPage = S['AuditBody'];
export type AuditRecord = AuditPage['records'][number];
export type Verified = S['VerifyBody'];
export type Digest = S['DigestsBody']['digests'][number];

/** What to look for; absent is any. Actor is an id or a name, whole. */
export type AuditFilter = {
  from?: number;
  to?: number;
  actor?: string;
  action?: string;
  object_kind?: string;
  object_name?: string;
  outcome?: 'done' | 'denied' | 'failed';
  text?: string;
  before?: number;
};

const pageLength = 50;

/** One page of records, newest first. */
export function auditQuery(filter: AuditFilter) {
  return queryOptions({
    queryKey: ['audit', 'records', filter],
    queryFn: ({ signal }) =>
      ok(api.GET('/api/signalbox/v1/audit', { params: { query: { ...filter, limit: pageLength } }, signal })),
    placeholderData: keepPreviousData,
    staleTime: 5_000,
    refetchInterval: filter.before === undefined ? 30_000 : false,
  });
}

/** The newest signed digests, at most a thousand. */
export const digestsQuery = queryOptions({
  queryKey: ['audit', 'digests'],
  queryFn: async ({ signal }) =>
    (await ok(api.GET('/api/signalbox/v1/audit/digests', { params: { query: { limit: 1000 } }, signal }))).digests,
  staleTime: 60_000,
});

/** The public key with which the digests are checked elsewhere. */
export const auditKeyQuery = queryOptions({
  queryKey: ['audit', 'key'],
  queryFn: ({ signal }) => ok(api.GET('/api/signalbox/v1/audit/key', { signal })),
  staleTime: Infinity,
});

const verifiedKey = ['audit', 'verified'];

/** What the last walk over the chain found; null before the first one of this visit. */
export const verifiedQuery = queryOptions<Verified | null>({
  queryKey: verifiedKey,
  queryFn: () => null,
  staleTime: Infinity,
  gcTime: Infinity,
});

/** Walks the whole chain on the server. It is recorded who did. */
export function useVerify() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => ok(api.GET('/api/signalbox/v1/audit/verify')),
    onSuccess: (v) => client.setQueryData(verifiedKey, v),
  });
}

/** The address of the file with all records that pass the filter, oldest first. */
export function exportAddress(filter: AuditFilter): string {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(filter)) if (k !== 'before' && v !== '') q.set(k, String(v));
  const s = q.toString();
  return `/api/signalbox/v1/audit/export${s === '' ? '' : `?${s}`}`;
}
