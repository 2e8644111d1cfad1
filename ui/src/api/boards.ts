import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { ask } from './client';

// Boards that people make: chosen KPIs, queries and text on one page. A board is a policy of kind Board; changing one is a
// proposal.

export type BoardHead = {
  name: string;
  title: string;
  description: string;
  owner: string;
  for_roles: string[];
  panels: number;
  revision: number;
};

export type Variable = { name: string; label: string; value: string; values: string[] };

export type Panel = {
  kind: 'kpi' | 'promql' | 'text' | 'heading';
  title: string;
  /** Columns of three. */
  width: number;
  kpi: string;
  unit: string;
  queries: { expr: string; legend: string }[];
  /** Clean HTML that the server made from Markdown. */
  html: string;
  chart: 'line' | 'stat' | 'table';
};

export type UserBoard = {
  name: string;
  title: string;
  description: string;
  owner: string;
  revision: number;
  variables: Variable[];
  panels: Panel[];
};

/** All boards that this person may see. */
export const boardsQuery = queryOptions({
  queryKey: ['boards'],
  queryFn: async ({ signal }) => ((await ask('GET', '/boards', { signal })) as { boards: BoardHead[] }).boards,
  staleTime: 30_000,
});

/** One board with its variables put into its queries. */
export function userBoardQuery(name: string, vars: Record<string, string>) {
  return queryOptions({
    queryKey: ['boards', name, vars],
    queryFn: async ({ signal }) => {
      const query = Object.fromEntries(Object.entries(vars).map(([k, v]) => [`var.${k}`, v]));
      return (await ask('GET', `/boards/${encodeURIComponent(name)}`, { signal, query })) as UserBoard;
    },
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
}

/** The document of a board as it stands in its file. */
export function boardTextQuery(name: string) {
  return queryOptions({
    queryKey: ['boards', name, 'text'],
    queryFn: async ({ signal }) =>
      ((await ask('GET', `/policies/Board/${encodeURIComponent(name)}`, { signal })) as { text: string }).text,
    staleTime: 0,
    gcTime: 0,
  });
}

/** A proposal as far as a board's editor needs it. */
export type Proposed = { id: number; state: string };

/** Proposes documents; where no approval is asked for they are in force at once. */
export function usePropose() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (v: { title: string; reason: string; documents: { text: string }[] }) =>
      (await ask('POST', '/proposals', { body: v })) as Proposed,
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ['boards'] }),
        client.invalidateQueries({ queryKey: ['proposals'] }),
      ]),
  });
}

export type Outcome = 'imported' | 'changed' | 'not carried over';
/** What became of a part of the source. */
export type ReportLine = { file: string; line: number; path: string; what: string; outcome: Outcome; why: string };
/** What an import made of a dashboard, and a line for everything that became something else or nothing. */
export type Imported = { documents: { kind: string; name: string; text: string }[]; report: ReportLine[] };

/** Turns dashboards of Grafana into documents; nothing is stored. */
export function useImport() {
  return useMutation({
    mutationFn: async (files: Record<string, string>) =>
      (await ask('POST', '/import', { body: { format: 'grafana', files } })) as Imported,
  });
}
