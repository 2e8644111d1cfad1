import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { get, send } from './client';
import type { Alert, Alerts, Matcher } from './types';

/** Everything the alerts page shows. The stream says when to ask again. */
export const alertsQuery = queryOptions({
  queryKey: ['alerts'],
  queryFn: ({ signal }) => get<Alerts>('/alerts', undefined, signal),
  refetchInterval: 30_000,
  staleTime: 5_000,
});

export type SilenceDraft = {
  id?: string;
  matchers: Matcher[];
  starts_at: number;
  ends_at: number;
  created_by?: string;
  comment: string;
};

/** What a silence with these matchers would mute now. */
export function previewQuery(matchers: Matcher[]) {
  return queryOptions({
    queryKey: ['alerts', 'preview', matchers],
    queryFn: () => send<{ matches: number; alerts: Alert[] }>('POST', '/silences/preview', { matchers }),
    staleTime: 5_000,
    retry: false,
  });
}

/** Creates or replaces a silence. */
export function useCreateSilence() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (s: SilenceDraft) => send<{ id: string; matches: number }>('POST', '/silences', s),
    onSuccess: () => invalidate(client),
  });
}

/** Ends a silence now. */
export function useExpireSilence() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => send<unknown>('DELETE', `/silences/${encodeURIComponent(id)}`),
    onSuccess: () => invalidate(client),
  });
}

async function invalidate(client: ReturnType<typeof useQueryClient>): Promise<void> {
  await Promise.all([
    client.invalidateQueries({ queryKey: ['alerts'] }),
    client.invalidateQueries({ queryKey: ['board'] }),
    client.invalidateQueries({ queryKey: ['kpi'] }),
  ]);
}
