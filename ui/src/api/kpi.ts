import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { get } from './client';
import type { BurnDown, Decision, Failing, Labels, Series, View } from './types';

const path = (name: string) => `/kpis/${encodeURIComponent(name)}`;

/** One KPI as it stands. The stream keeps it current. */
export function kpiQuery(name: string) {
  return queryOptions({
    queryKey: ['kpi', name, 'view'],
    queryFn: ({ signal }) => get<View>(path(name), undefined, signal),
    refetchInterval: 60_000,
    staleTime: 15_000,
  });
}

function groupParam(group: Labels | undefined): string | undefined {
  return group && Object.keys(group).length > 0 ? JSON.stringify(group) : undefined;
}

/** History of a KPI or of one group between two instants. */
export function seriesQuery(name: string, from: number, to: number, max: number, group?: Labels) {
  return queryOptions({
    queryKey: ['kpi', name, 'series', { from, to, max, group: groupParam(group) ?? '' }],
    queryFn: ({ signal }) => get<Series>(`${path(name)}/series`, { from, to, max, group: groupParam(group) }, signal),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
  });
}

/** Where it fails: the label values that explain most of the drop. */
export function failingQuery(name: string, from: number, to: number) {
  return queryOptions({
    queryKey: ['kpi', name, 'failing', { from, to }],
    queryFn: ({ signal }) => get<{ groups: Failing[] }>(`${path(name)}/groups`, { from, to }, signal),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
  });
}

/** The error budget over its window. */
export function burnDownQuery(name: string, from: number, to: number) {
  return queryOptions({
    queryKey: ['kpi', name, 'budget', { from, to }],
    queryFn: ({ signal }) => get<BurnDown>(`${path(name)}/budget`, { from, to }, signal),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
  });
}

/** Decision records of a KPI, newest first. */
export function decisionsQuery(name: string, limit: number) {
  return queryOptions({
    queryKey: ['kpi', name, 'decisions', limit],
    queryFn: ({ signal }) => get<{ decisions: Decision[] }>(`${path(name)}/decisions`, { limit }, signal),
    staleTime: 10_000,
    refetchInterval: 60_000,
  });
}

/** One decision record in full. */
export function decisionQuery(id: string) {
  return queryOptions({
    queryKey: ['decision', id],
    queryFn: ({ signal }) => get<Decision>(`/decisions/${encodeURIComponent(id)}`, undefined, signal),
    staleTime: 10_000,
  });
}
