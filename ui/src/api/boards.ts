import { keepPreviousData, queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, ok } from './client';
import type { components } from './schema';

// Boards that people make: chosen KPIs, queries and text on one page. A board is a policy of kind Board; changing one is a
// proposal.

type S = components['schemas'];

export type BoardHead = S['BoardSummary'];
export type Variable = S['BoardVariable'];
export type Panel = S['Panel'];
/** One board as its reader sees it. */
export type UserBoard = S['BoardPage'];

/** All boards that this person may see. */
export const boardsQuery = queryOptions({
  queryKey: ['boards'],
  queryFn: async ({ signal }) => (await ok(api.GET('/api/signalbox/v1/boards', { signal }))).boards,
  staleTime: 30_000,
});

/** One board with its variables put into its queries. */
export function userBoardQuery(name: string, vars: Record<string, string>) {
  const chosen = Object.entries(vars).map(([k, v]) => `${k}=${v}`);
  return queryOptions({
    queryKey: ['boards', name, vars],
    queryFn: ({ signal }) =>
      ok(
        api.GET('/api/signalbox/v1/boards/{name}', {
          params: { path: { name }, ...(chosen.length > 0 ? { query: { var: chosen } } : {}) },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
}

/** The document of a board as it stands in its file. */
export function boardTextQuery(name: string) {
  return queryOptions({
    queryKey: ['boards', name, 'text'],
    queryFn: async ({ signal }) =>
      (
        await ok(
          api.GET('/api/signalbox/v1/policies/{kind}/{name}', { params: { path: { kind: 'Board', name } }, signal }),
        )
      ).text,
    staleTime: 0,
    gcTime: 0,
  });
}

/** What a draft's document would be; findings name the line. */
export function boardCheckQuery(text: string) {
  return queryOptions({
    queryKey: ['boards', 'check', text],
    queryFn: ({ signal }) =>
      ok(api.POST('/api/signalbox/v1/policies/check', { body: { documents: [{ text }] }, signal })),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 30_000,
    retry: false,
  });
}

/** A proposal as far as a board's editor needs it. */
export type Proposed = Pick<S['ProposalBody'], 'id' | 'state'>;

/** Proposes documents; where no approval is asked for they are in force at once. */
export function usePropose() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: S['Draft']): Promise<Proposed> => ok(api.POST('/api/signalbox/v1/proposals', { body })),
    onSuccess: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ['boards'] }),
        client.invalidateQueries({ queryKey: ['policies'] }),
        client.invalidateQueries({ queryKey: ['proposals'] }),
      ]),
  });
}

/** What became of a part of the source. */
export type ReportLine = S['Line'];
/** What an import made of a dashboard, and a line for everything that became something else or nothing. */
export type Imported = S['Result'];

/** Turns dashboards of Grafana into documents; nothing is stored. */
export function useImport() {
  return useMutation({
    mutationFn: (files: Record<string, string>): Promise<Imported> =>
      ok(api.POST('/api/signalbox/v1/import', { body: { format: 'grafana', files } })),
  });
}
