import type { AuditRecord } from '../../api/audit';
import type { StateName } from '../../light/light';

// Records as people read them.

const done: Record<string, string> = {
  propose: 'proposed',
  edit: 'edited',
  test: 'back-tested',
  approve: 'approved',
  reject: 'rejected',
  apply: 'applied',
  revert: 'reverted',
  expire: 'let expire',
  emergency: 'changed in an emergency',
  rebase: 'rebased',
  comment: 'commented on',
  review: 'reviewed',
  feedback: 'gave feedback on',
  sign_in: 'signed in',
  sign_out: 'signed out',
  sign_in_failed: 'failed to sign in',
  denied: 'was refused',
  user_create: 'created',
  user_change: 'changed',
  user_remove: 'removed',
  role_grant: 'granted a role to',
  role_revoke: 'took a role from',
  token_create: 'created token',
  token_revoke: 'revoked token',
  silence_create: 'silenced',
  silence_expire: 'ended the silence',
  receiver_test: 'tested the receiver',
  reload: 'reloaded',
  export: 'exported',
  query_personal: 'asked for personal data in',
  change_event: 'recorded a change of',
  start: 'started',
  stop: 'stopped',
  verify: 'verified',
};

/** Deeds that are told without their object. */
const alone = new Set(['sign_in', 'sign_out', 'sign_in_failed', 'start', 'stop', 'verify']);

/** "applied KPI/efile-error-rate": what was done to what. */
export function deed(r: Pick<AuditRecord, 'action' | 'object'>): string {
  const verb = done[r.action] ?? r.action.replaceAll('_', ' ');
  const object = alone.has(r.action) ? '' : objectOf(r);
  return object === '' ? verb : `${verb} ${object}`;
}

/** "KPI/efile-error-rate", or the kind alone. */
export function objectOf(r: Pick<AuditRecord, 'object'>): string {
  const { kind = '', name = '' } = r.object;
  return name === '' ? kind : `${kind}/${name}`;
}

/** Who did it; a failed sign-in is nobody's yet. */
export function whoOf(r: Pick<AuditRecord, 'actor'>): string {
  const { name = '', id } = r.actor;
  return [name, id].find((x) => x !== '') ?? 'nobody';
}

/** Why, in the record's own words: its reason, or for what went wrong what is known of it. */
export function whyOf(r: Pick<AuditRecord, 'reason' | 'outcome' | 'detail'>): string {
  if (r.reason || r.outcome === 'done') return r.reason ?? '';
  return Object.values(r.detail ?? {}).join(': ');
}

/** An action as a word in a list. */
export function actionWord(action: string): string {
  const s = action.replaceAll('_', ' ');
  return s.charAt(0).toUpperCase() + s.slice(1);
}

/** The words of actions, for a list to choose from. */
export const actions = Object.keys(done);

/** Shape and word of an outcome; what is unknown is shown as no data. */
export function outcomeOf(outcome: string): { state: StateName; word: string } {
  if (outcome === 'done') return { state: 'green', word: 'Done' };
  if (outcome === 'denied') return { state: 'red', word: 'Denied' };
  return outcome === 'failed' ? { state: 'yellow', word: 'Failed' } : { state: 'grey', word: outcome };
}

/** A hash as it is read aloud: its beginning. */
export function short(hash: string): string {
  return hash.replace(/^sha256:/, '').slice(0, 12);
}
