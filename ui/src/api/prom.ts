import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { prom } from './client';

// The Prometheus API as Explore needs it. What comes is checked here, once.

export type Metric = Record<string, string>;
export type RangeSeries = { metric: Metric; values: [number, number][] };
export type InstantSeries = { metric: Metric; t: number; v: string };

type RawRange = {
  metric?: Metric;
  values?: [number, string][];
  histograms?: [number, { sum?: string; count?: string }][];
};
type RawInstant = { metric?: Metric; value?: [number, string]; histogram?: [number, { sum?: string; count?: string }] };

function rowsOf(data: unknown): { type: string; result: unknown[] } {
  if (typeof data !== 'object' || data === null) return { type: '', result: [] };
  const d = data as { resultType?: unknown; result?: unknown };
  return {
    type: typeof d.resultType === 'string' ? d.resultType : '',
    result: Array.isArray(d.result) ? d.result : [],
  };
}

/** Seconds and text to milliseconds and number; a native histogram stands for its count. */
function rangeOf(data: unknown): RangeSeries[] {
  const { result } = rowsOf(data);
  return (result as RawRange[]).map((r) => ({
    metric: r.metric ?? {},
    values: r.values
      ? r.values.map(([t, v]) => [t * 1000, Number(v)])
      : (r.histograms ?? []).map(([t, h]) => [t * 1000, Number(h.count)]),
  }));
}

function instantOf(data: unknown): InstantSeries[] {
  const { type, result } = rowsOf(data);
  if (type === 'scalar' || type === 'string') {
    const [t, v] = result as [number, string];
    return [{ metric: {}, t: t * 1000, v }];
  }
  return (result as RawInstant[]).map((r) => {
    if (r.histogram) {
      const [t, h] = r.histogram;
      return { metric: r.metric ?? {}, t: t * 1000, v: `histogram of ${h.count ?? '?'}, sum ${h.sum ?? '?'}` };
    }
    const [t, v] = r.value ?? [0, ''];
    return { metric: r.metric ?? {}, t: t * 1000, v };
  });
}

/** A query over a range; from, to and step in ms. */
export function rangeQuery(query: string, from: number, to: number, step: number) {
  return queryOptions({
    queryKey: ['prom', 'range', query, from, to, step],
    queryFn: async ({ signal }) => {
      const q = new URLSearchParams({
        query,
        start: String(from / 1000),
        end: String(to / 1000),
        step: String(step / 1000),
      });
      return rangeOf(await prom('/query_range', q, signal));
    },
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
  });
}

/** A query at one instant. */
export function instantQuery(query: string, at: number) {
  return queryOptions({
    queryKey: ['prom', 'instant', query, at],
    queryFn: async ({ signal }) =>
      instantOf(await prom('/query', new URLSearchParams({ query, time: String(at / 1000) }), signal)),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
  });
}

/** Types and help of the metrics that are known. */
export const metadataQuery = queryOptions({
  queryKey: ['prom', 'metadata'],
  queryFn: async ({ signal }) => {
    const data = await prom('/metadata', new URLSearchParams({ limit: '5000' }), signal);
    const out: Record<string, { type: string; help: string }[]> = {};
    if (typeof data !== 'object' || data === null) return out;
    for (const [name, list] of Object.entries(data)) {
      if (!Array.isArray(list)) continue;
      out[name] = (list as { type?: string; help?: string }[]).map((m) => ({ type: m.type ?? '', help: m.help ?? '' }));
    }
    return out;
  },
  staleTime: 60_000,
});

/** Names of all metrics. */
export const metricNamesQuery = queryOptions({
  queryKey: ['prom', 'names'],
  queryFn: async ({ signal }) => {
    const data = await prom('/label/__name__/values', new URLSearchParams({ limit: '10000' }), signal);
    return Array.isArray(data) ? data.filter((x): x is string => typeof x === 'string') : [];
  },
  staleTime: 60_000,
});

/** A measured value and the trace in which it was measured; at is Unix ms. */
export type Exemplar = { metric: Metric; trace: string; span: string; value: number; at: number };

type RawExemplars = {
  seriesLabels?: Metric;
  exemplars?: { labels?: Metric; value?: string; timestamp?: number }[];
};

/** Values with their traces that the series of a query kept between two instants, Unix ms. */
export function exemplarsQuery(query: string, from: number, to: number) {
  return queryOptions({
    queryKey: ['prom', 'exemplars', query, from, to],
    queryFn: async ({ signal }): Promise<Exemplar[]> => {
      const q = new URLSearchParams({ query, start: String(from / 1000), end: String(to / 1000) });
      const data = await prom('/query_exemplars', q, signal);
      if (!Array.isArray(data)) return [];
      return (data as RawExemplars[]).flatMap((s) =>
        (s.exemplars ?? []).flatMap((e): Exemplar[] => {
          const trace = e.labels?.trace_id ?? '';
          if (trace === '') return [];
          const span = e.labels?.span_id ?? '';
          return [{ metric: s.seriesLabels ?? {}, trace, span, value: Number(e.value), at: (e.timestamp ?? 0) * 1000 }];
        }),
      );
    },
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 60_000,
    gcTime: 60_000,
  });
}
