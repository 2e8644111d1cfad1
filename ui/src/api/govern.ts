import { keepPreviousData, queryOptions, useMutation, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { api, ok } from './client';
import type { components } from './schema';

// Policies, proposals, back-tests, reviews and feedback: what is promised, who wants it otherwise, and what that would do.

export const kinds = ['KPI', 'Route', 'Retention', 'Sampling', 'Privacy', 'Approval', 'Maintenance', 'Board'] as const;
export type Kind = (typeof kinds)[number];

type S = components['schemas'];

export type Who = S['Who'];
export type Policy = S['Policy'];
export type Revision = S['PolicyRevision'];
export type DiffLine = S['DiffLine'];
export type PolicyChange = S['PolicyChange'];
export type Finding = S['Finding'];
export type Need = S['Need'];
export type Vote = S['Vote'];
/** A word in a discussion; the kind of an automatic entry is what happened. */
export type Comment = S['Comment'];
export type Span = S['BacktestSpan'];
export type LightName = Span['light'];
export type TestPage = S['BacktestPage'];
export type TestGroup = S['BacktestGroup'];
/** One definition over the time of a back-test. */
export type Side = S['Side'];
export type Comparison = S['BacktestComparison'];
export type Evidence = S['EvidenceBody'];
export type Proposal = S['ProposalBody'];
export type Text = S['Text'];
export type Draft = S['Draft'];
export type Preview = S['Preview'];
export type Checked = S['CheckBody'];
export type Review = S['Review'];
export type Feedback = S['Feedback'];
export type Said = Feedback['relevant'];

/** Narrows a word of an address to a kind. */
export function kindOf(text: string | undefined): Kind | undefined {
  return kinds.find((k) => k === text);
}

/** Whether a refusal is lifted by confirming one's password; the server says so in its sentence. */
export function asksConfirm(sentence: string | undefined): boolean {
  return /\bconfirm (your password|that it is you)\b/i.test(sentence ?? '');
}

/** Where a policy stands. A kind that there is not is the server's to refuse. */
function at(kind: string, name: string) {
  return { path: { kind: kind as Kind, name } };
}

/** All policies that one may see, without their documents. */
export const policiesQuery = queryOptions({
  queryKey: ['policies', 'list'],
  queryFn: async ({ signal }) => (await ok(api.GET('/api/signalbox/v1/policies', { signal }))).policies,
  staleTime: 10_000,
  refetchInterval: 60_000,
});

/** One policy with its document. */
export function policyQuery(kind: string, name: string) {
  return queryOptions({
    queryKey: ['policies', 'one', kind, name],
    queryFn: ({ signal }) =>
      ok(api.GET('/api/signalbox/v1/policies/{kind}/{name}', { params: at(kind, name), signal })),
    staleTime: 10_000,
    refetchInterval: 60_000,
  });
}

/** Revisions of a policy, newest first. */
export function revisionsQuery(kind: string, name: string) {
  return queryOptions({
    queryKey: ['policies', 'revisions', kind, name],
    queryFn: async ({ signal }) =>
      (await ok(api.GET('/api/signalbox/v1/policies/{kind}/{name}/revisions', { params: at(kind, name), signal })))
        .revisions,
    staleTime: 10_000,
  });
}

/** The JSON Schema of a kind. */
export function schemaQuery(kind: Kind) {
  return queryOptions({
    queryKey: ['policies', 'schema', kind],
    queryFn: async ({ signal }): Promise<unknown> =>
      ok(api.GET('/api/signalbox/v1/policies/schema/{kind}', { params: { path: { kind } }, signal })),
    staleTime: Infinity,
    retry: 1,
  });
}

/** What a document would be. An answer that nobody waits for any more is called off. */
export function checkQuery(text: string) {
  return queryOptions({
    queryKey: ['policies', 'check', text],
    queryFn: ({ signal }) =>
      ok(api.POST('/api/signalbox/v1/policies/check', { body: { documents: [{ text }], preview: true }, signal })),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 30_000,
    retry: false,
  });
}

/** Proposals, newest first: the open ones, or all. */
export function proposalsQuery(state?: 'open') {
  return queryOptions({
    queryKey: ['proposals', 'list', state ?? ''],
    queryFn: async ({ signal }) =>
      (
        await ok(
          api.GET('/api/signalbox/v1/proposals', {
            params: { query: { limit: 200, ...(state ? { state } : {}) } },
            signal,
          }),
        )
      ).proposals,
    staleTime: 5_000,
    refetchInterval: 30_000,
  });
}

/** One proposal; asked for every second while its back-test runs. */
export function proposalQuery(id: number) {
  return queryOptions({
    queryKey: ['proposals', 'one', id],
    queryFn: ({ signal }) => ok(api.GET('/api/signalbox/v1/proposals/{id}', { params: { path: { id } }, signal })),
    staleTime: 2_000,
    refetchInterval: (q) => (q.state.data?.evidence?.state === 'running' ? 1_000 : 15_000),
  });
}

/** The review calendar, the most urgent first. */
export const reviewsQuery = queryOptions({
  queryKey: ['reviews'],
  queryFn: async ({ signal }) => (await ok(api.GET('/api/signalbox/v1/reviews', { signal }))).reviews,
  staleTime: 10_000,
  refetchInterval: 60_000,
});

/** What people say of a KPI, newest first; an empty name asks for all KPIs. */
export function feedbackQuery(kpi: string) {
  return queryOptions({
    queryKey: ['feedback', kpi],
    queryFn: async ({ signal }) =>
      (await ok(api.GET('/api/signalbox/v1/feedback', { params: { query: kpi === '' ? {} : { kpi } }, signal })))
        .feedback,
    staleTime: 10_000,
  });
}

function renew(client: QueryClient): Promise<unknown> {
  return Promise.all(
    ['policies', 'proposals', 'reviews', 'feedback', 'board', 'kpi'].map((key) =>
      client.invalidateQueries({
        queryKey: [key],
        predicate: (q) => q.queryKey[1] !== 'check' && q.queryKey[1] !== 'schema',
      }),
    ),
  );
}

/** Proposes a change. Where nobody has to approve it, the answer is applied already. */
export function usePropose() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (v: { draft: Draft; id?: number | undefined }) =>
      v.id === undefined
        ? ok(api.POST('/api/signalbox/v1/proposals', { body: v.draft }))
        : ok(api.PUT('/api/signalbox/v1/proposals/{id}', { params: { path: { id: v.id } }, body: v.draft })),
    onSuccess: (p) => {
      client.setQueryData(proposalQuery(p.id).queryKey, p);
      void renew(client);
    },
  });
}

/** What can be done with a proposal, with what it takes. */
export type Move =
  | { do: 'test'; days: number }
  | { do: 'cancel-test' }
  | { do: 'approve'; hash: string; comment: string; password?: string }
  | { do: 'reject'; reason: string }
  | { do: 'cancel'; reason: string }
  | { do: 'apply' }
  | { do: 'rebase' }
  | { do: 'comment'; text: string };

async function move(id: number, m: Move): Promise<Proposal> {
  const params = { path: { id } };
  switch (m.do) {
    case 'test':
      return ok(api.POST('/api/signalbox/v1/proposals/{id}/test', { params, body: { days: m.days } }));
    case 'cancel-test':
      return ok(api.DELETE('/api/signalbox/v1/proposals/{id}/backtest', { params }));
    case 'approve':
      if (m.password !== undefined) {
        await ok(api.POST('/api/signalbox/v1/confirm', { body: { password: m.password } }));
      }
      return ok(
        api.POST('/api/signalbox/v1/proposals/{id}/approve', {
          params,
          body: { hash: m.hash, ...(m.comment === '' ? {} : { comment: m.comment }) },
        }),
      );
    case 'reject':
      return ok(api.POST('/api/signalbox/v1/proposals/{id}/reject', { params, body: { reason: m.reason } }));
    case 'cancel':
      return ok(api.POST('/api/signalbox/v1/proposals/{id}/cancel', { params, body: { reason: m.reason } }));
    case 'comment':
      return ok(api.POST('/api/signalbox/v1/proposals/{id}/comment', { params, body: { text: m.text } }));
    case 'apply':
      return ok(api.POST('/api/signalbox/v1/proposals/{id}/apply', { params }));
    case 'rebase':
      return ok(api.POST('/api/signalbox/v1/proposals/{id}/rebase', { params }));
  }
}

/** Moves a proposal; what the server answers is what the page shows next. */
export function useMove(id: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (m: Move) => move(id, m),
    onSuccess: (p) => client.setQueryData(proposalQuery(id).queryKey, p),
    onSettled: () => renew(client),
  });
}

/** Proposes to go back to an earlier revision. */
export function useRevert(kind: string, name: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { number: number; reason: string }) =>
      ok(api.POST('/api/signalbox/v1/policies/{kind}/{name}/revert', { params: at(kind, name), body })),
    onSuccess: () => renew(client),
  });
}

/** Says that a policy was looked at. */
export function useCompleteReview() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (v: { kind: string; name: string; note: string }) =>
      ok(
        api.POST('/api/signalbox/v1/reviews/{kind}/{name}', {
          params: at(v.kind, v.name),
          body: { note: v.note },
        }),
      ),
    onSuccess: () => renew(client),
  });
}

/** Says whether a KPI is relevant and accurate. */
export function useGiveFeedback(kpi: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { relevant: Said; accurate: Said; comment: string }) =>
      ok(api.POST('/api/signalbox/v1/kpis/{name}/feedback', { params: { path: { name: kpi } }, body })),
    onSuccess: () => renew(client),
  });
}

/** Closes feedback with an answer. */
export function useAnswerFeedback() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (v: { id: number; answer: string }) =>
      ok(
        api.POST('/api/signalbox/v1/feedback/{id}/answer', {
          params: { path: { id: v.id } },
          body: { answer: v.answer },
        }),
      ),
    onSuccess: () => renew(client),
  });
}
