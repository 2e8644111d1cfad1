import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { get, send } from './client';
import type { DemoState, Mail, MailHead } from './types';

/** The demo's services and whether each is broken. */
export const demoQuery = queryOptions({
  queryKey: ['demo'],
  queryFn: ({ signal }) => get<DemoState>('/demo', undefined, signal),
  refetchInterval: 10_000,
  retry: false,
});

/** The mails that the demo's mailbox took, newest first. */
export const mailsQuery = queryOptions({
  queryKey: ['demo', 'mails'],
  queryFn: ({ signal }) => get<{ mails: MailHead[] }>('/demo/mails', undefined, signal),
  refetchInterval: 5_000,
});

/** One mail in full. */
export function mailQuery(id: string) {
  return queryOptions({
    queryKey: ['demo', 'mail', id],
    queryFn: ({ signal }) => get<Mail>(`/demo/mails/${encodeURIComponent(id)}`, undefined, signal),
    staleTime: Infinity,
  });
}

/** Breaks or heals a service of the demo. */
export function useSwitchService() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (v: { name: string; broken: boolean }) =>
      send<unknown>('POST', `/demo/${encodeURIComponent(v.name)}/${v.broken ? 'break' : 'heal'}`),
    onSettled: () => client.invalidateQueries({ queryKey: ['demo'], exact: true }),
  });
}
