import type { Kind, Policy, Proposal, Review, Who } from '../../api/govern';

// What people read of policies and proposals, and the shape that stands beside each word.

export type Tone = 'green' | 'yellow' | 'red' | 'grey' | 'paused';
export type Said = { word: string; tone: Tone };

/** What each kind of policy is about. */
export const kindWords: Record<Kind, { plural: string; about: string }> = {
  KPI: { plural: 'KPIs', about: 'what is measured, promised and paged' },
  Route: { plural: 'Routes', about: 'who is told about what' },
  Retention: { plural: 'Retention', about: 'how long what is kept' },
  Sampling: { plural: 'Sampling', about: 'how much of a signal is taken' },
  Privacy: { plural: 'Privacy', about: 'what is removed before it is stored' },
  Approval: { plural: 'Approvals', about: 'who must approve which change' },
  Maintenance: { plural: 'Maintenance', about: 'when nobody is paged, and why' },
  Board: { plural: 'Boards', about: 'what stands together on one page' },
};

/** The state of a policy. */
export function policyState(p: Pick<Policy, 'state' | 'emergency'>): Said {
  if (p.emergency) return { word: 'In force, not approved yet', tone: 'red' };
  switch (p.state) {
    case 'in_force':
      return { word: 'In force', tone: 'green' };
    case 'scheduled':
      return { word: 'Scheduled', tone: 'paused' };
    case 'removed':
      return { word: 'Removed', tone: 'grey' };
    case 'refused':
      return { word: 'Cannot be read', tone: 'red' };
  }
}

const proposalStates: Record<Proposal['state'], Said> = {
  draft: { word: 'Draft', tone: 'grey' },
  tested: { word: 'Tested', tone: 'grey' },
  approved: { word: 'Approved', tone: 'green' },
  scheduled: { word: 'Scheduled', tone: 'paused' },
  applied: { word: 'Applied', tone: 'green' },
  rejected: { word: 'Rejected', tone: 'red' },
  expired: { word: 'Expired', tone: 'grey' },
  superseded: { word: 'Superseded', tone: 'grey' },
  failed: { word: 'Failed', tone: 'red' },
};

/** Whether an emergency change is in force that nobody has approved. */
export function waits(p: Pick<Proposal, 'state' | 'emergency' | 'need'>): boolean {
  return p.emergency && p.state === 'applied' && !p.need.met;
}

/** The state of a proposal. */
export function proposalState(p: Pick<Proposal, 'state' | 'emergency' | 'need' | 'stale'>): Said {
  if (waits(p)) return { word: 'In force, not approved yet', tone: 'red' };
  if (p.stale) return { word: 'Stale', tone: 'yellow' };
  return proposalStates[p.state];
}

/** Whether something can still come of a proposal. */
export function isOpen(p: Pick<Proposal, 'state'>): boolean {
  return p.state === 'draft' || p.state === 'tested' || p.state === 'approved' || p.state === 'scheduled';
}

const reviewStates: Record<Review['state'] | 'none', Said> = {
  emergency: { word: 'Needs approval', tone: 'red' },
  overdue: { word: 'Overdue', tone: 'red' },
  soon: { word: 'Due soon', tone: 'yellow' },
  ok: { word: 'Planned', tone: 'green' },
  none: { word: 'No review asked for', tone: 'grey' },
};

/** The state of a review. */
export function reviewState(state: Review['state'] | 'none'): Said {
  return reviewStates[state];
}

const origins: Record<Proposal['origin'], string> = {
  page: '',
  api: 'through the API',
  command: 'on the command line',
  file: 'by a changed file',
  import: 'by an import',
  revert: 'as a return to an earlier revision',
  feedback: 'from feedback',
};

/** Where a proposal came from, empty for the page itself. */
export function originWords(o: Proposal['origin']): string {
  return origins[o];
}

/** Who did it: a person's name, and what else they are. */
export function whoWords(w: Who): string {
  if (w.kind === 'token') return `${w.name} (a token)`;
  if (w.kind === 'file') return `the file ${w.name}`;
  if (w.kind === 'start') return `${w.name} (the start link)`;
  return w.name;
}

/** Names as a sentence says them: "A, B and C". */
export function listWords(names: readonly string[]): string {
  if (names.length < 2) return names[0] ?? '';
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`;
}

/** "1 page", "2 pages". */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
}

/** A clause of the server as a sentence of its own: a capital at the beginning and a full stop at the end. */
export function sentence(clause: string): string {
  const s = clause.charAt(0).toUpperCase() + clause.slice(1);
  return s === '' || /[.!?]$/.test(s) ? s : `${s}.`;
}

/** A finding's message without the key that stands before it, for a place that names the key already. */
export function withoutKey(message: string, key: string): string {
  return key !== '' && message.startsWith(`${key}: `) ? message.slice(key.length + 2) : message;
}
