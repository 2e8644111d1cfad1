import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, ok } from './client';
import type { components } from './schema';
import type { Matcher } from './types';

/** Everything the alerts page shows. The stream says when to ask again. */
export const alertsQuery = queryOptions({
  queryKey: ['alerts'],
  queryFn: ({ signal }) => ok(api.GET('/api/signalbox/v1/alerts', { signal })),
  refetchInterval: 30_000,
  staleTime: 5_000,
});

export type SilenceDraft = components['schemas']['SilenceInput'];

/** What a silence with these matchers would mute now. */
export function previewQuery(matchers: Matcher[]) {
  return queryOptions({
    queryKey: ['alerts', 'preview', matchers],
    queryFn: () => ok(api.POST('/api/signalbox/v1/silences/preview', { body: { matchers } })),
    staleTime: 5_000,
    retry: false,
  });
}

/** Creates or replaces a silence. */
export function useCreateSilence() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (s: SilenceDraft) => ok(api.POST('/api/signalbox/v1/silences', { body: s })),
    onSuccess: () => invalidate(client),
  });
}

/** Ends a silence now. */
export function useExpireSilence() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => ok(api.DELETE('/api/signalbox/v1/silences/{id}', { params: { path: { id } } })),
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
