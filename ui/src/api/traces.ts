import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { ask } from './client';
import type { Asked } from './rows';

// Traces, the map of services, and everything of one id. Times are Unix microseconds in traces, spans of time seconds.

export type TraceSummary = {
  trace_id: string;
  start: number;
  duration: number;
  /** Empty if the root has not arrived. */
  root: string;
  service: string;
  services: string[];
  spans: number;
  errors: number;
  /** Spans that the search found. */
  matched: number;
};
export type Traces = { traces: TraceSummary[]; cut: boolean; notes: string[] };

export type TraceSpan = {
  span_id: string;
  parent_id: string;
  depth: number;
  service: string;
  name: string;
  kind: string;
  route: string;
  status: string;
  message: string;
  error_type: string;
  start: number;
  duration: number;
  /** Seconds in which no child ran. */
  self: number;
  critical: boolean;
  /** Seconds of the critical path that it is answerable for. */
  on_path: number;
  /** Microseconds that were added to its clock. */
  skew: number;
  orphan: boolean;
  cycle: boolean;
  duplicate: boolean;
  attributes: Record<string, string>;
  /** Events and links, JSON text. */
  detail: string;
};
export type TraceService = {
  service: string;
  spans: number;
  errors: number;
  self: number;
  on_path: number;
  share: number;
};
export type TraceRow = {
  table: string;
  at: number;
  service: string;
  name: string;
  level: string;
  status: string;
  route: string;
  body: string;
  duration: number;
  trace_id: string;
  span_id: string;
  session: string;
  business_id: string;
  release: string;
  attributes: Record<string, string>;
};
export type Trace = {
  trace_id: string;
  start: number;
  duration: number;
  root: string;
  service: string;
  errors: number;
  /** Depth first; children by start. */
  spans: TraceSpan[];
  logs: TraceRow[];
  events: TraceRow[];
  services: TraceService[];
  notes: string[];
};

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
export type MapNode = Flow & { id: string; name: string; kind: string; env: string; root: number };
export type MapEdge = Flow & { from: string; to: string; kind: string };
export type ServiceMap = {
  from: number;
  to: number;
  nodes: MapNode[];
  edges: MapEdge[];
  standing: boolean;
  notes: string[];
};

export type Related = {
  rows: TraceRow[];
  counts: Record<string, number>;
  traces: string[];
  sessions: string[];
  business_ids: string[];
  services: string[];
  releases: string[];
  cut: boolean;
  notes: string[];
};
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
