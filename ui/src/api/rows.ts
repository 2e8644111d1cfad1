import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { ask } from './client';
import type { components } from './schema';

// Rows: log records, spans and events, as they are searched, counted and watched.

type S = components['schemas'];

export type Table = 'logs' | 'spans' | 'events';
export type Attribute = S['Attribute'];

/** One log record, span or event. */
export type Row = S['Row'];
export type Rows = S['RowsBody'];
export type Histogram = S['HistogramBody'];
export type FacetValue = S['FacetValue'];
export type Facet = S['Facet'];
export type FieldInfo = S['FieldInfo'];
export type Fields = S['FieldsBody'];
export type Around = S['ContextBody'];
export type Tail = S['TailBody'];

/** What is asked about: a search over a span of time, Unix ms. */
export type Asked = { q: string; from: number; to: number };

export const pageLength = 100;

/** Rows that match, newest first, a hundred at a time. */
export function rowsQuery(table: Table, a: Asked) {
  return infiniteQueryOptions({
    queryKey: ['rows', table, 'list', a],
    queryFn: async ({ signal, pageParam }) =>
      (await ask('GET', `/${table}`, {
        query: { ...a, limit: pageLength, after: pageParam === '' ? undefined : pageParam },
        signal,
      })) as Rows,
    initialPageParam: '',
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 120_000,
  });
}

/** How many rows match: as they happened, and as they are stored. */
export function countQuery(table: Table, a: Asked) {
  return queryOptions({
    queryKey: ['rows', table, 'count', a],
    queryFn: async ({ signal }) =>
      (await ask('GET', `/${table}/count`, { query: a, signal })) as { count: number; rows: number },
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 120_000,
  });
}

/** Counts over time, told apart by a field. */
export function histogramQuery(table: Table, a: Asked, by: string, max: number) {
  return queryOptions({
    queryKey: ['rows', table, 'histogram', a, by, max],
    queryFn: async ({ signal }) =>
      (await ask('GET', `/${table}/histogram`, { query: { ...a, by, max }, signal })) as Histogram,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 120_000,
  });
}

/** The most frequent values of fields. */
export function facetsQuery(table: Table, a: Asked, fields: readonly string[], top: number) {
  return queryOptions({
    queryKey: ['rows', table, 'facets', a, fields, top],
    queryFn: async ({ signal }) => {
      const p = new URLSearchParams(fields.map((f) => ['field', f]));
      return (
        (await ask('GET', `/${table}/facets?${p.toString()}`, { query: { ...a, top }, signal })) as { facets: Facet[] }
      ).facets;
    },
    enabled: fields.length > 0,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 120_000,
  });
}

/** What can be searched by. */
export function fieldsQuery(table: Table, from: number, to: number) {
  return queryOptions({
    queryKey: ['rows', table, 'fields', from, to],
    queryFn: async ({ signal }) => (await ask('GET', `/${table}/fields`, { query: { from, to }, signal })) as Fields,
    placeholderData: keepPreviousData,
    staleTime: 300_000,
  });
}

/** What stood before and after a line; the line itself is among the first after it. */
export function aroundQuery(at: number, q: string, before: number, after: number) {
  return queryOptions({
    queryKey: ['rows', 'logs', 'around', at, q, before, after],
    queryFn: async ({ signal }) =>
      (await ask('GET', '/logs/context', { query: { at, q, before, after }, signal })) as Around,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 120_000,
  });
}

/** Where rows can be watched as they arrive. */
export function tailAddress(table: Table, q: string): string {
  return `/api/signalbox/v1/tail/${table}${q === '' ? '' : `?${new URLSearchParams({ q }).toString()}`}`;
}

/** Rows for a file: page after page until the end or the bound; more says whether there would have been more. */
export async function allRows(table: Table, a: Asked, most: number): Promise<{ rows: Row[]; more: boolean }> {
  const rows: Row[] = [];
  let after: string | undefined;
  do {
    const page = (await ask('GET', `/${table}`, { query: { ...a, limit: 1000, after } })) as Rows;
    rows.push(...page.rows);
    after = page.next;
  } while (after !== undefined && rows.length < most);
  return { rows: rows.slice(0, most), more: after !== undefined };
}
