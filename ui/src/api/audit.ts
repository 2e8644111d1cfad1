import { keepPreviousData, queryOptions, useMutation } from '@tanstack/react-query';
import { ask } from './client';

// The audit trail: what was done, by whom, in a chain of hashes that shows when something was altered.

export type Outcome = 'done' | 'denied' | 'failed';

export type AuditRecord = {
  seq: number;
  at: number;
  actor: { id: string; name: string; kind: string };
  action: string;
  object: { kind: string; name: string };
  outcome: Outcome;
  before: string;
  after: string;
  reason: string;
  source: string;
  request: string;
  detail: Record<string, string>;
  hash: string;
};

/** What to look for; absent is any. */
export type AuditFilter = {
  from?: number;
  to?: number;
  actor?: string;
  action?: string;
  object?: string;
  outcome?: string;
  text?: string;
  before?: number;
};

export type AuditPage = {
  records: AuditRecord[];
  more: boolean;
  head: { seq: number; hash: string; at: number };
  verified: { at: number; seq: number; good: boolean; sentence: string };
  actions: string[];
  kinds: string[];
};

export type Verified = {
  good: boolean;
  records: number;
  digests: number;
  head: { seq: number; hash: string };
  first_broken: { seq: number; at: number; what: string } | null;
  sentence: string;
  took_ms: number;
};

export type Digest = {
  /** Start of the hour, Unix ms. */
  hour: number;
  from_seq: number;
  to_seq: number;
  count: number;
  head: string;
  hash: string;
  signature: string;
  fingerprint: string;
  late: boolean;
  /** Unix ms; 0 when no outside anchor has it. */
  anchored_at: number;
};

export const auditPage = 50;

/** One page of records, newest first. */
export function auditQuery(filter: AuditFilter) {
  return queryOptions({
    queryKey: ['audit', 'records', filter],
    queryFn: async ({ signal }) =>
      (await ask('GET', '/audit', { signal, query: { ...filter, limit: auditPage } })) as AuditPage,
    placeholderData: keepPreviousData,
    staleTime: 5_000,
    refetchInterval: filter.before === undefined ? 30_000 : false,
  });
}

/** The signed digests, newest hour first. */
export const digestsQuery = queryOptions({
  queryKey: ['audit', 'digests'],
  queryFn: async ({ signal }) => ((await ask('GET', '/audit/digests', { signal })) as { digests: Digest[] }).digests,
  staleTime: 60_000,
});

/** The public key with which the digests are checked elsewhere. */
export const auditKeyQuery = queryOptions({
  queryKey: ['audit', 'key'],
  queryFn: async ({ signal }) =>
    (await ask('GET', '/audit/key', { signal })) as { public_key: string; fingerprint: string },
  staleTime: Infinity,
});

/** Walks the whole chain on the server. */
export function useVerify() {
  return useMutation({ mutationFn: async () => (await ask('GET', '/audit/verify')) as Verified });
}

/** The address of the file with all records that pass the filter, oldest first. */
export function exportAddress(filter: AuditFilter): string {
  const q = new URLSearchParams();
  for (const [k, v] of Object.entries(filter)) if (k !== 'before' && v !== '') q.set(k, String(v));
  const s = q.toString();
  return `/api/signalbox/v1/audit/export${s === '' ? '' : `?${s}`}`;
}
