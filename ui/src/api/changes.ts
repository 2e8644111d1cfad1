import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { ask } from './client';

/** Something that happened, to be seen beside its effect. The letter is one of D P F C N A, the word says it in full. */
export type Mark = {
  id: string;
  at: number;
  letter: string;
  word: string;
  title: string;
  detail: string;
  labels: Record<string, string>;
  kpi: string;
  actor: string;
  source: string;
  /** A path of this server or an https address; empty for none. */
  link: string;
};

/** What happened between two instants that concerns a KPI, oldest first. */
export function changesQuery(from: number, to: number, kpi: string) {
  return queryOptions({
    queryKey: ['changes', kpi, from, to],
    queryFn: async ({ signal }) =>
      ((await ask('GET', '/changes', { signal, query: { from, to, kpi, limit: 500 } })) as { changes: Mark[] }).changes,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 60_000,
  });
}
