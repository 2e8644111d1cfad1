import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, ok } from './client';

/** The demo's services and whether each is broken. */
export const demoQuery = queryOptions({
  queryKey: ['demo'],
  queryFn: ({ signal }) => ok(api.GET('/api/signalbox/v1/demo', { signal })),
  refetchInterval: 10_000,
  retry: false,
});

/** The mails that the demo's mailbox took, newest first. */
export const mailsQuery = queryOptions({
  queryKey: ['demo', 'mails'],
  queryFn: ({ signal }) => ok(api.GET('/api/signalbox/v1/demo/mails', { signal })),
  refetchInterval: 5_000,
});

/** One mail in full. */
export function mailQuery(id: string) {
  return queryOptions({
    queryKey: ['demo', 'mail', id],
    queryFn: ({ signal }) => ok(api.GET('/api/signalbox/v1/demo/mails/{id}', { params: { path: { id } }, signal })),
    staleTime: Infinity,
  });
}

/** Breaks or heals a service of the demo. */
export function useSwitchService() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (v: { name: string; broken: boolean }) =>
      ok(
        api.POST('/api/signalbox/v1/demo/{service}/{action}', {
          params: { path: { service: v.name, action: v.broken ? 'break' : 'heal' } },
        }),
      ),
    onSettled: () => client.invalidateQueries({ queryKey: ['demo'], exact: true }),
  });
}
