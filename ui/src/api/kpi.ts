import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, ok } from './client';
import type { Labels } from './types';

/** One KPI as it stands. The stream keeps it current. */
export function kpiQuery(name: string) {
  return queryOptions({
    queryKey: ['kpi', name, 'view'],
    queryFn: ({ signal }) => ok(api.GET('/api/signalbox/v1/kpis/{name}', { params: { path: { name } }, signal })),
    refetchInterval: 60_000,
    staleTime: 15_000,
  });
}

function groupQuery(group: Labels | undefined): { group?: string } {
  return group && Object.keys(group).length > 0 ? { group: JSON.stringify(group) } : {};
}

/** History of a KPI or of one group between two instants. */
export function seriesQuery(name: string, from: number, to: number, max: number, group?: Labels) {
  return queryOptions({
    queryKey: ['kpi', name, 'series', { from, to, max, ...groupQuery(group) }],
    queryFn: ({ signal }) =>
      ok(
        api.GET('/api/signalbox/v1/kpis/{name}/series', {
          params: { path: { name }, query: { from, to, max, ...groupQuery(group) } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
  });
}

/** Where it fails: the label values that explain most of the drop. */
export function failingQuery(name: string, from: number, to: number) {
  return queryOptions({
    queryKey: ['kpi', name, 'failing', { from, to }],
    queryFn: ({ signal }) =>
      ok(api.GET('/api/signalbox/v1/kpis/{name}/groups', { params: { path: { name }, query: { from, to } }, signal })),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
  });
}

/** The error budget over its window. */
export function burnDownQuery(name: string, from: number, to: number) {
  return queryOptions({
    queryKey: ['kpi', name, 'budget', { from, to }],
    queryFn: ({ signal }) =>
      ok(api.GET('/api/signalbox/v1/kpis/{name}/budget', { params: { path: { name }, query: { from, to } }, signal })),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
  });
}

/** Decision records of a KPI, newest first. */
export function decisionsQuery(name: string, limit: number) {
  return queryOptions({
    queryKey: ['kpi', name, 'decisions', limit],
    queryFn: ({ signal }) =>
      ok(api.GET('/api/signalbox/v1/kpis/{name}/decisions', { params: { path: { name }, query: { limit } }, signal })),
    staleTime: 10_000,
    refetchInterval: 60_000,
  });
}

/** One decision record in full. */
export function decisionQuery(id: string) {
  return queryOptions({
    queryKey: ['decision', id],
    queryFn: ({ signal }) => ok(api.GET('/api/signalbox/v1/decisions/{id}', { params: { path: { id } }, signal })),
    staleTime: 10_000,
  });
}
