import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { ask } from './client';

// Errors, grouped: rows of logs, spans and events that are one error.

export type ErrorState = 'new' | 'regressed' | 'known';
export type ErrorSort = 'count' | 'new' | 'people' | 'last';
export type ErrorSample = { at: number; trace_id: string; span_id: string; release: string };
export type ErrorGroup = {
  id: string;
  /** log, span or event. */
  origin: string;
  app: { service: string; env: string; agency: string };
  type: string;
  route: string;
  /** With numbers, ids, addresses and quoted parts replaced. */
  message: string;
  state: ErrorState;
  first: number;
  last: number;
  /** 0: never. */
  regressed_at: number;
  /** Within the range. */
  count: number;
  /** Ever since the first. */
  all: number;
  /** Affected ever since the first; below zero where they are too few to be told. */
  people: number;
  releases: string[];
  /** Within the range, hours without any left out. */
  hours: { at: number; count: number }[];
  /** Newest first. */
  samples: ErrorSample[];
};
export type Errors = {
  from: number;
  to: number;
  groups: ErrorGroup[];
  total: number;
  found: number;
  beyond: number;
  notes: string[];
};

type Asked = { q: string; from: number; to: number; sort: ErrorSort; state: ErrorState | ''; limit: number };

/** Error groups with rows in the range. */
export function errorsQuery(a: Asked) {
  return queryOptions({
    queryKey: ['errors', 'list', a],
    queryFn: async ({ signal }) =>
      (await ask('GET', '/errors', { query: { ...a, state: a.state || undefined }, signal })) as Errors,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 120_000,
  });
}

/** One group, with its counts within a range. */
export function errorQuery(id: string, from: number, to: number) {
  return queryOptions({
    queryKey: ['errors', 'one', id, from, to],
    queryFn: async ({ signal }) =>
      (await ask('GET', `/errors/${encodeURIComponent(id)}`, { query: { from, to }, signal })) as ErrorGroup,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 120_000,
  });
}
