import { keepPreviousData, queryOptions, useMutation, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { ask } from './client';

// Policies, proposals, back-tests, reviews and feedback: what is promised, who wants it otherwise, and what that would do.

export const kinds = ['KPI', 'Route', 'Retention', 'Sampling', 'Privacy', 'Approval', 'Maintenance', 'Board'] as const;
export type Kind = (typeof kinds)[number];

export type Who = { id: string; name: string; kind: 'person' | 'token' | 'start' | 'file' | 'system' };

export type Policy = {
  kind: Kind;
  name: string;
  title: string;
  description: string;
  owner: string;
  labels: Record<string, string>;
  regulated: boolean;
  sentence: string;
  revision: number;
  state: 'in_force' | 'scheduled' | 'removed' | 'refused';
  hash: string;
  text?: string;
  effective_from: number;
  author: Who;
  approvers: Who[];
  reason: string;
  proposal: number;
  emergency: boolean;
  file: string;
  file_state: 'same' | 'ahead' | 'behind' | 'none';
  reviewed_at: number;
  review_due: number;
  review_state: 'ok' | 'soon' | 'overdue' | 'none';
  proposals: number[];
  feedback: number;
};

export type Revision = {
  kind: Kind;
  name: string;
  number: number;
  hash: string;
  text: string;
  removed: boolean;
  author: Who;
  editors: Who[];
  approvers: Who[];
  reason: string;
  proposal: number;
  emergency: boolean;
  applied_at: number;
  effective_from: number;
  source: string;
};

export type DiffLine = { kind: 'same' | 'add' | 'remove' | 'gap'; old_line: number; new_line: number; text: string };

export type PolicyChange = {
  kind: Kind;
  name: string;
  title: string;
  action: 'create' | 'change' | 'remove';
  base: number;
  base_hash: string;
  hash: string;
  before: string;
  after: string;
  diff: DiffLine[];
  sentences: string[];
  judges: boolean;
};

export type Finding = {
  file: string;
  line: number;
  column: number;
  key: string;
  message: string;
  severity: 'error' | 'warning';
};

export type Need = {
  approvals: number;
  given: number;
  roles: string[];
  users: string[];
  evidence: boolean;
  fresh_ms: number;
  regulated: boolean;
  policies: string[];
  met: boolean;
  sentence: string;
};

export type Vote = {
  who: Who;
  at: number;
  verdict: 'approve' | 'reject';
  comment: string;
  hash: string;
  counts: boolean;
  why: string;
};

/** A word in a discussion; the kind of an automatic entry is what happened. */
export type Comment = { id: number; who: Who; at: number; kind: string; text: string };

export type LightName = 'green' | 'yellow' | 'red' | 'grey';
export type Span = { from: number; to: number; light: LightName };
export type TestDay = { day: string; light: LightName | 'none' };
export type TestPage = {
  group: Record<string, string>;
  from: number;
  to: number;
  cause: 'threshold' | 'burn' | 'no_data';
  night: boolean;
  real: 'real' | 'noise' | 'unlabelled';
};
export type TestGroup = {
  labels: Record<string, string>;
  spans: Span[];
  minutes: Partial<Record<LightName, number>>;
  pages: number;
  chart: { t: number[]; value: (number | null)[] } | null;
};

/** One definition over the time of a back-test. */
export type Side = {
  label: string;
  revision: number;
  threshold: string;
  way: 'points' | 'raw' | 'query' | 'none';
  from: number;
  to: number;
  limited: string;
  points: number;
  transitions: number;
  pages: TestPage[];
  page_count: number;
  night_count: number;
  per_week: number;
  minutes: Partial<Record<LightName, number>>;
  budget_left: number | null;
  first_alert: number | null;
  caught: number;
  real: number;
  precision: number | null;
  recall: number | null;
  light: LightName;
  strip: TestDay[];
  spans: Span[];
  groups: TestGroup[];
  hidden: number;
};

export type Comparison = {
  kpi: string;
  title: string;
  unit: string;
  from: number;
  to: number;
  now: Side | null;
  proposed: Side | null;
  sentence: string;
  took_s: number;
};

export type Evidence = {
  id: string;
  hash: string;
  state: 'running' | 'done' | 'failed' | 'cancelled';
  error: string;
  progress: number;
  from: number;
  to: number;
  at: number;
  by: Who;
  current: boolean;
  sentence: string;
  results: Comparison[];
};

export type ProposalState =
  'draft' | 'tested' | 'approved' | 'scheduled' | 'applied' | 'rejected' | 'expired' | 'superseded' | 'failed';

export type Proposal = {
  id: number;
  title: string;
  reason: string;
  state: ProposalState;
  emergency: boolean;
  stale: boolean;
  stale_why: string;
  origin: 'page' | 'api' | 'command' | 'file' | 'import' | 'revert' | 'feedback';
  author: Who;
  editors: Who[];
  created_at: number;
  updated_at: number;
  expires_at: number;
  effective_from: number;
  applied_at: number;
  hash: string;
  changes: PolicyChange[];
  findings: Finding[];
  need: Need;
  votes: Vote[];
  discussion: Comment[];
  evidence: Evidence | null;
  why: string;
  revert_of: number;
  feedback: number[];
  may: string[];
  may_no: Record<string, string>;
};

export type Text = { text?: string; remove?: string };
export type Draft = {
  title: string;
  reason: string;
  documents: Text[];
  effective_from?: number;
  emergency?: boolean;
  feedback?: number[];
  base?: string;
};

export type Preview = {
  kpi: string;
  from: number;
  to: number;
  light: LightName;
  word: string;
  sentence: string;
  spans: Span[];
  error: string;
};
export type Checked = { findings: Finding[]; changes: PolicyChange[]; need: Need; previews: Preview[] };

export type Review = {
  kind: Kind;
  name: string;
  title: string;
  owner: string;
  revision: number;
  due_at: number;
  state: 'ok' | 'soon' | 'overdue' | 'emergency';
  reviewed_at: number;
  reviewed_by: Who | null;
  note: string;
  proposal: number;
  sentence: string;
  may: boolean;
};

export type Said = 'yes' | 'no' | 'unsaid';
export type Feedback = {
  id: number;
  kpi: string;
  who: Who;
  at: number;
  relevant: Said;
  accurate: Said;
  comment: string;
  state: 'open' | 'proposed' | 'changed' | 'closed';
  proposal: number;
  answer: string;
};

/** Narrows a word of an address to a kind. */
export function kindOf(text: string | undefined): Kind | undefined {
  return kinds.find((k) => k === text);
}

/** Whether a refusal is lifted by confirming one's password; the server says so in its sentence. */
export function asksConfirm(sentence: string | undefined): boolean {
  return /\bconfirm (your password|that it is you)\b/i.test(sentence ?? '');
}

const path = (kind: string, name: string) => `/${encodeURIComponent(kind)}/${encodeURIComponent(name)}`;

/** All policies that one may see, without their documents. */
export const policiesQuery = queryOptions({
  queryKey: ['policies', 'list'],
  queryFn: async ({ signal }) => ((await ask('GET', '/policies', { signal })) as { policies: Policy[] }).policies,
  staleTime: 10_000,
  refetchInterval: 60_000,
});

/** One policy with its document. */
export function policyQuery(kind: string, name: string) {
  return queryOptions({
    queryKey: ['policies', 'one', kind, name],
    queryFn: async ({ signal }) => (await ask('GET', `/policies${path(kind, name)}`, { signal })) as Policy,
    staleTime: 10_000,
    refetchInterval: 60_000,
  });
}

/** Revisions of a policy, newest first. */
export function revisionsQuery(kind: string, name: string) {
  return queryOptions({
    queryKey: ['policies', 'revisions', kind, name],
    queryFn: async ({ signal }) =>
      ((await ask('GET', `/policies${path(kind, name)}/revisions`, { signal })) as { revisions: Revision[] }).revisions,
    staleTime: 10_000,
  });
}

/** The JSON Schema of a kind. */
export function schemaQuery(kind: Kind) {
  return queryOptions({
    queryKey: ['policies', 'schema', kind],
    queryFn: ({ signal }) => ask('GET', `/policies/schema/${kind}`, { signal }),
    staleTime: Infinity,
    retry: 1,
  });
}

/** What a document would be. An answer that nobody waits for any more is called off. */
export function checkQuery(text: string) {
  return queryOptions({
    queryKey: ['policies', 'check', text],
    queryFn: async ({ signal }) =>
      (await ask('POST', '/policies/check', { signal, body: { documents: [{ text }], preview: true } })) as Checked,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 30_000,
    retry: false,
  });
}

/** Proposals, newest first: the open ones, or those of one state, or all. */
export function proposalsQuery(state = '') {
  return queryOptions({
    queryKey: ['proposals', 'list', state],
    queryFn: async ({ signal }) =>
      ((await ask('GET', '/proposals', { signal, query: { state, limit: 200 } })) as { proposals: Proposal[] })
        .proposals,
    staleTime: 5_000,
    refetchInterval: 30_000,
  });
}

/** One proposal; asked for every second while its back-test runs. */
export function proposalQuery(id: number) {
  return queryOptions({
    queryKey: ['proposals', 'one', id],
    queryFn: async ({ signal }) => (await ask('GET', `/proposals/${id}`, { signal })) as Proposal,
    staleTime: 2_000,
    refetchInterval: (q) => (q.state.data?.evidence?.state === 'running' ? 1_000 : 15_000),
  });
}

/** The review calendar, the most urgent first. */
export const reviewsQuery = queryOptions({
  queryKey: ['reviews'],
  queryFn: async ({ signal }) => ((await ask('GET', '/reviews', { signal })) as { reviews: Review[] }).reviews,
  staleTime: 10_000,
  refetchInterval: 60_000,
});

/** What people say of a KPI, newest first; an empty name asks for all KPIs. */
export function feedbackQuery(kpi: string) {
  return queryOptions({
    queryKey: ['feedback', kpi],
    queryFn: async ({ signal }) =>
      ((await ask('GET', '/feedback', { signal, query: { kpi } })) as { feedback: Feedback[] }).feedback,
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
    mutationFn: async (v: { draft: Draft; id?: number | undefined }) =>
      (v.id === undefined
        ? await ask('POST', '/proposals', { body: v.draft })
        : await ask('PUT', `/proposals/${v.id}`, { body: v.draft })) as Proposal,
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
  const at = `/proposals/${id}`;
  switch (m.do) {
    case 'test':
      return (await ask('POST', `${at}/test`, { body: { days: m.days } })) as Proposal;
    case 'cancel-test':
      return (await ask('DELETE', `${at}/backtest`)) as Proposal;
    case 'approve':
      if (m.password !== undefined) await ask('POST', '/confirm', { body: { password: m.password } });
      return (await ask('POST', `${at}/approve`, {
        body: { hash: m.hash, ...(m.comment === '' ? {} : { comment: m.comment }) },
      })) as Proposal;
    case 'reject':
    case 'cancel':
      return (await ask('POST', `${at}/${m.do}`, { body: { reason: m.reason } })) as Proposal;
    case 'comment':
      return (await ask('POST', `${at}/comment`, { body: { text: m.text } })) as Proposal;
    case 'apply':
    case 'rebase':
      return (await ask('POST', `${at}/${m.do}`)) as Proposal;
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
    mutationFn: async (v: { number: number; reason: string }) =>
      (await ask('POST', `/policies${path(kind, name)}/revert`, { body: v })) as Proposal,
    onSuccess: () => renew(client),
  });
}

/** Says that a policy was looked at. */
export function useCompleteReview() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (v: { kind: string; name: string; note: string }) =>
      (await ask('POST', `/reviews${path(v.kind, v.name)}`, { body: { note: v.note } })) as Review,
    onSuccess: () => renew(client),
  });
}

/** Says whether a KPI is relevant and accurate. */
export function useGiveFeedback(kpi: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (v: { relevant: Said; accurate: Said; comment: string }) =>
      (await ask('POST', `/kpis/${encodeURIComponent(kpi)}/feedback`, { body: v })) as Feedback,
    onSuccess: () => renew(client),
  });
}

/** Closes feedback with an answer. */
export function useAnswerFeedback() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (v: { id: number; answer: string }) =>
      (await ask('POST', `/feedback/${v.id}/answer`, { body: { answer: v.answer } })) as Feedback,
    onSuccess: () => renew(client),
  });
}
