import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { many, one } from '../../api/search';
import type { AppChoice, FeatureKind, Order, Period } from '../../api/usage';
import { parseLength } from '../../time/range';

// The part of the address that belongs to the views of usage.

export const views = ['engagement', 'retention', 'adoption', 'funnel', 'success'] as const;
export type View = (typeof views)[number];

export type UsageSearch = AppChoice & {
  q: string;
  /** "12w", or two instants "from-to"; empty is the view's own. */
  range: string;
  /** "table" shows numbers instead of charts. */
  table: boolean;
  period: Period | '';
  /** Engagement: which number of sessions is drawn. */
  metric: string;
  /** Retention. */
  periods: number;
  recurring: boolean;
  after: boolean;
  start: string;
  back: string;
  /** Adoption. */
  kind: FeatureKind;
  names: string[];
  /** Funnel. */
  steps: string[];
  order: Order;
  within: string;
  exclude: string[];
  by: string;
  /** Success. */
  rows: 'logs' | 'spans' | 'events';
  end: string;
  fail: string;
};
type Raw = Readonly<Record<string, string | string[] | undefined>>;
export type Patch = Record<string, string | string[] | undefined>;

function pick<T extends string, D extends string>(v: unknown, of: readonly T[], otherwise: D): T | D {
  const text = one(v);
  return of.find((x) => x === text) ?? otherwise;
}

/** Narrows the address. */
export function usageSearch(raw: Raw): UsageSearch {
  const text = (k: string) => (one(raw[k]) ?? '').slice(0, 4000);
  const range = text('range');
  const periods = Number(one(raw.periods) ?? 8);
  const app: AppChoice = {};
  for (const k of ['service', 'env', 'agency'] as const) {
    const v = one(raw[k]);
    if (v) app[k] = v.slice(0, 256);
  }
  return {
    ...app,
    q: text('q'),
    range: /^(\d{1,4}[hdw]|\d{10,15}-\d{10,15})$/.test(range) ? range : '',
    table: one(raw.view) === 'table',
    period: pick(raw.period, ['day', 'week', 'month'], ''),
    metric: text('metric'),
    periods: Number.isInteger(periods) && periods >= 1 && periods <= 60 ? periods : 8,
    recurring: one(raw.cohort) === 'recurring',
    after: one(raw.rule) === 'on-or-after',
    start: text('start'),
    back: text('return'),
    kind: pick(raw.kind, ['event', 'route', 'release'], 'event'),
    names: many(raw.name).slice(0, 5),
    steps: many(raw.step).slice(0, 10),
    order: pick(raw.order, ['sequential', 'strict', 'any'], 'sequential'),
    within: lengthOf(text('within')) === null ? '' : text('within'),
    exclude: many(raw.exclude)
      .filter((x) => /^\d+:./.test(x))
      .slice(0, 10),
    by: text('by').slice(0, 256),
    rows: pick(raw.table, ['logs', 'spans', 'events'], 'events'),
    end: text('end'),
    fail: text('fail'),
  };
}

/** Length in ms of "30s", "1h" or "500ms"; null when it is none. */
export function lengthOf(text: string): number | null {
  const ms = /^(\d{1,7})ms$/.exec(text.trim());
  const n = ms ? Number(ms[1]) : parseLength(text);
  return n !== null && n >= 1 && n <= 365 * 86_400_000 ? n : null;
}

/** Which applications, without what is not chosen. */
export function appOf(s: AppChoice): AppChoice {
  const out: AppChoice = {};
  if (s.service) out.service = s.service;
  if (s.env) out.env = s.env;
  if (s.agency) out.agency = s.agency;
  return out;
}

/** What every view keeps when the reader goes to another one. */
export function shared(raw: Raw): Patch {
  const out: Patch = {};
  for (const k of ['service', 'env', 'agency', 'q'] as const) {
    const v = one(raw[k]);
    if (v) out[k] = v;
  }
  return out;
}

/** A step to another place; the one that is at `at` stands at `at + by` afterwards. */
export function moved<T>(list: readonly T[], at: number, by: -1 | 1): T[] {
  const out = [...list];
  const to = at + by;
  const a = out[at];
  const b = out[to];
  if (a === undefined || b === undefined) return out;
  out[at] = b;
  out[to] = a;
  return out;
}

/** What happens to exclusions ("n:search", n from 1) when step `at` (from 0) goes away: its own go, later ones follow their step. */
export function without(exclude: readonly string[], at: number, left: number): string[] {
  return exclude.flatMap((x) => {
    const [n, text] = split(x);
    if (n - 1 === at) return [];
    const next = n - 1 > at ? n - 1 : n;
    return next < left ? [`${next}:${text}`] : [];
  });
}

/** An exclusion's step, from 1, and its search. */
export function split(exclude: string): [number, string] {
  const i = exclude.indexOf(':');
  return [Number(exclude.slice(0, i)), exclude.slice(i + 1)];
}

/** The state in the address, and what changes parts of it; with `push` the back button comes back to what was before. */
export function useUsageState(): {
  view: string;
  raw: Raw;
  search: UsageSearch;
  set: (patch: Patch, push?: boolean) => void;
} {
  const raw: Raw = useSearch({ strict: false });
  const params: { view?: string } = useParams({ strict: false });
  const navigate = useNavigate();
  const set = useCallback(
    (patch: Patch, push = false) =>
      void navigate({ to: '.', search: (old: Raw) => ({ ...old, ...patch }), replace: !push, resetScroll: false }),
    [navigate],
  );
  const search = useMemo(() => usageSearch(raw), [raw]);
  return { view: params.view ?? '', raw, search, set };
}
