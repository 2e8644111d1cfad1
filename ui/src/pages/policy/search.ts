import { kindOf, type Kind } from '../../api/govern';
import { many, one } from '../../api/search';

export type PoliciesSearch = {
  kind?: Kind;
  /** "overdue", "open" (with open proposals), "feedback", or a state of the policy. */
  show?: 'overdue' | 'open' | 'feedback' | 'scheduled' | 'removed' | 'refused';
  /** Words that title, name or owner must hold. */
  find?: string;
};

const shows = ['overdue', 'open', 'feedback', 'scheduled', 'removed', 'refused'] as const;

/** Narrows the list's part of the URL. */
export function policiesSearch(raw: Record<string, unknown>): PoliciesSearch {
  const out: PoliciesSearch = {};
  const kind = kindOf(one(raw.kind));
  if (kind) out.kind = kind;
  const show = shows.find((s) => s === raw.show);
  if (show) out.show = show;
  const find = one(raw.find);
  if (find) out.find = find;
  return out;
}

export type PolicySearch = {
  /** The two revisions that are compared, as "2-3". */
  diff?: string;
};

/** Narrows the URL of one policy. */
export function policySearch(raw: Record<string, unknown>): PolicySearch {
  const diff = one(raw.diff);
  return diff && /^\d{1,9}-\d{1,9}$/.test(diff) ? { diff } : {};
}

export type EditorSearch = {
  /** Kind of a new policy. */
  kind?: Kind;
  /** The proposal that is edited. */
  proposal?: number;
  /** Feedback that the proposal will answer. */
  feedback?: number[];
};

const number = (v: string | undefined) => (v && /^\d{1,12}$/.test(v) ? Number(v) : undefined);

/** Narrows the editor's part of the URL. */
export function editorSearch(raw: Record<string, unknown>): EditorSearch {
  const out: EditorSearch = {};
  const kind = kindOf(one(raw.kind));
  if (kind) out.kind = kind;
  const proposal = number(typeof raw.proposal === 'number' ? String(raw.proposal) : one(raw.proposal));
  if (proposal !== undefined) out.proposal = proposal;
  const raws = (Array.isArray(raw.feedback) ? (raw.feedback as unknown[]) : [raw.feedback]).flatMap((f) =>
    typeof f === 'number' ? [String(f)] : many(f),
  );
  const feedback = raws.map((f) => number(f)).filter((n) => n !== undefined);
  if (feedback.length > 0) out.feedback = feedback;
  return out;
}

export type ProposalSearch = {
  /** "table" shows the periods instead of the chart. */
  view?: 'table';
  /** The KPI whose back-test is shown, where there are several. */
  kpi?: string;
  /** Place of the group that the chart shows, from 1; left out: the KPI as a whole. */
  group?: number;
};

/** Narrows the URL of a proposal. */
export function proposalSearch(raw: Record<string, unknown>): ProposalSearch {
  const out: ProposalSearch = {};
  if (raw.view === 'table') out.view = 'table';
  const kpi = one(raw.kpi);
  if (kpi) out.kpi = kpi;
  const group = number(typeof raw.group === 'number' ? String(raw.group) : one(raw.group));
  if (group !== undefined && group > 0) out.group = group;
  return out;
}

export type ProposalsSearch = { state?: 'closed' };

/** Narrows the URL of the list of proposals. */
export function proposalsSearch(raw: Record<string, unknown>): ProposalsSearch {
  return raw.state === 'closed' ? { state: 'closed' } : {};
}
