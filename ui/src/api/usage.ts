import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { api, ask, ok } from './client';
import type { Asked as Searched, Rows, Table } from './rows';
import type { components } from './schema';

// How people use what is watched. Times are Unix ms, spans of time seconds, shares 0 to 1; a count below zero is of too few
// people to be told.

type S = components['schemas'];

export type Actives = S['Actives'];
export type Sessions = S['Sessions'];
export type SessionPoint = S['SessionPoint'];
export type Retention = S['Retention'];
export type RetentionCell = S['RetentionCell'];
export type Adoption = S['Adoption'];
export type Feature = S['Feature'];
export type Funnel = S['Funnel'];
export type FunnelStep = S['FunnelStep'];
export type Success = S['Success'];
export type UsageKpi = S['UsageKPIInput'];
export type KpiDraft = S['KPIDraft'];
export type Leads = S['Leads'];

export type Period = 'day' | 'week' | 'month';
export type Order = 'sequential' | 'strict' | 'any';
export type FeatureKind = 'event' | 'route' | 'release';

/** Which applications; an empty word is any. */
export type AppChoice = { service?: string; env?: string; agency?: string };
type Span = { from: number; to: number };
type Asked = AppChoice & Span & { period: Period; q?: string };

const kept = { placeholderData: keepPreviousData, staleTime: 30_000, gcTime: 120_000 } as const;

/** How many people were active. */
export function activesQuery(query: AppChoice & Span & { period: Period }) {
  return queryOptions({
    queryKey: ['usage', 'actives', query],
    queryFn: ({ signal }) => ok(api.GET('/api/signalbox/v1/usage/actives', { params: { query }, signal })),
    ...kept,
  });
}

/** Sessions, how long they last and what is done in them. */
export function sessionsQuery(query: Asked) {
  return queryOptions({
    queryKey: ['usage', 'sessions', query],
    queryFn: ({ signal }) => ok(api.GET('/api/signalbox/v1/usage/sessions', { params: { query }, signal })),
    ...kept,
  });
}

/** Who came back. */
export function retentionQuery(
  query: Asked & { periods: number; recurring: boolean; on_or_after: boolean; start?: string; return?: string },
) {
  return queryOptions({
    queryKey: ['usage', 'retention', query],
    queryFn: ({ signal }) => ok(api.GET('/api/signalbox/v1/usage/retention', { params: { query }, signal })),
    ...kept,
  });
}

/** How many people and sessions some rows tell of. */
export function peopleQuery(query: Searched & { table: Table }) {
  return queryOptions({
    queryKey: ['usage', 'people', query],
    queryFn: ({ signal }) => ok(api.GET('/api/signalbox/v1/usage/people', { params: { query }, signal })),
    ...kept,
  });
}

/** Who uses what. */
export function adoptionQuery(
  query: AppChoice & Span & { kind: FeatureKind; top: number; releases: boolean; name?: string[]; q?: string },
) {
  return queryOptions({
    queryKey: ['usage', 'adoption', query],
    queryFn: ({ signal }) => ok(api.GET('/api/signalbox/v1/usage/adoption', { params: { query }, signal })),
    ...kept,
  });
}

export type FunnelAsked = AppChoice &
  Span & { step: string[]; order: Order; within: number; exclude: string[]; by?: string; q?: string };

const listOf = (v: string[] | null): string[] => v ?? [];

/** A funnel with a list where a step has no traces: the server may say null. */
function told(f: Funnel): Funnel {
  const whole = (s: FunnelStep): FunnelStep => ({ ...s, trace_lost: listOf(s.trace_lost) });
  return { ...f, steps: f.steps.map(whole), groups: f.groups.map((g) => ({ ...g, steps: g.steps.map(whole) })) };
}

/** How many people get through steps. */
export function funnelQuery(query: FunnelAsked) {
  return queryOptions({
    queryKey: ['usage', 'funnel', query],
    queryFn: async ({ signal }) =>
      told(await ok(api.GET('/api/signalbox/v1/usage/funnel', { params: { query }, signal }))),
    ...kept,
  });
}

export type SuccessAsked = AppChoice &
  Span & {
    table: 'logs' | 'spans' | 'events';
    start: string;
    end: string;
    fail?: string;
    within: number;
    period: Period;
    q?: string;
  };

/** How many transactions came to their end in time. */
export function successQuery(query: SuccessAsked) {
  return queryOptions({
    queryKey: ['usage', 'success', query],
    queryFn: ({ signal }) => ok(api.GET('/api/signalbox/v1/usage/success', { params: { query }, signal })),
    ...kept,
  });
}

/** The policy of a KPI for a number; what it needs is measured from then on. */
export function askKpi(body: UsageKpi): Promise<KpiDraft> {
  return ok(api.POST('/api/signalbox/v1/usage/kpi', { body }));
}

/** Where a KPI's period leads: searches for its traces, logs and events. */
export function leadsQuery(name: string, from: number, to: number, group?: Readonly<Record<string, string>>) {
  const g = group && Object.keys(group).length > 0 ? { group: JSON.stringify(group) } : {};
  return queryOptions({
    queryKey: ['kpi', name, 'leads', from, to, g],
    queryFn: ({ signal }) =>
      ok(
        api.GET('/api/signalbox/v1/kpis/{name}/leads', {
          params: { path: { name }, query: { from, to, ...g } },
          signal,
        }),
      ),
    ...kept,
  });
}

/** The newest rows of a search, so many. */
export function newestQuery(table: Table, a: Searched, limit: number) {
  return queryOptions({
    queryKey: ['rows', table, 'newest', a, limit],
    queryFn: async ({ signal }) => ((await ask('GET', `/${table}`, { query: { ...a, limit }, signal })) as Rows).rows,
    ...kept,
  });
}
