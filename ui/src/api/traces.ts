import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { ask } from './client';
import type { components } from './schema';
import type { Asked } from './rows';

// Traces, the map of services, and everything of one id. Times are Unix microseconds in traces, spans of time seconds.

type S = components['schemas'];

export type TraceSummary = S['TraceSummary'];
export type Traces = S['Traces'];

export type TraceSpan = S['TraceSpan'];
export type TraceService = S['TraceService'];
export type TraceRow = S['TraceRow'];
export type Trace = S['Trace'];

/** How much, how well and how fast. */
export type Flow = {
  count: number;
  /** Per second. */
  rate: number;
  errors: number;
  error_share: number | null;
  p50: number | null;
  p95: number | null;
};
export type MapNode = S['MapNode'];
export type MapEdge = S['MapEdge'];
export type ServiceMap = S['Map'];

export type Related = S['Related'];
/** The ids by which rows of all tables are joined. */
export type JoinKey = 'trace_id' | 'session' | 'business_id' | 'user';

/** Traces of which a span matches, newest first. */
export function tracesQuery(a: Asked, limit: number) {
  return queryOptions({
    queryKey: ['traces', 'list', a, limit],
    queryFn: async ({ signal }) => (await ask('GET', '/traces', { query: { ...a, limit }, signal })) as Traces,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 120_000,
  });
}

/** One trace whole. */
export function traceQuery(id: string) {
  return queryOptions({
    queryKey: ['traces', 'one', id],
    queryFn: async ({ signal }) => (await ask('GET', `/traces/${encodeURIComponent(id)}`, { signal })) as Trace,
    staleTime: 30_000,
  });
}

/** Who calls whom, how often and how well. */
export function servicesQuery(a: Asked) {
  return queryOptions({
    queryKey: ['traces', 'map', a],
    queryFn: async ({ signal }) => (await ask('GET', '/services', { query: a, signal })) as ServiceMap,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 120_000,
  });
}

/** Everything of one trace, session, case or person, in the order of time. */
export function relatedQuery(key: JoinKey, id: string, from: number, to: number) {
  return queryOptions({
    queryKey: ['traces', 'related', key, id, from, to],
    queryFn: async ({ signal }) =>
      (await ask('GET', '/correlate', { query: { [key]: id, from, to }, signal })) as Related,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 120_000,
  });
}
