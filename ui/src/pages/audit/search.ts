import type { AuditFilter } from '../../api/audit';
import { one } from '../../api/search';
import { resolveRange } from '../../time/range';

export type AuditSearch = {
  /** "digests" shows the signed hours. */
  tab?: 'digests';
  actor?: string;
  action?: string;
  /** KIND or KIND/name. */
  object?: string;
  outcome?: 'done' | 'denied' | 'failed';
  text?: string;
  /** "24h", or two instants "from-to"; all time unless told. */
  range?: string;
  /** Only records before this number: the next page. */
  before?: string;
  /** The record that is open. */
  record?: string;
};

/** Narrows the audit page's part of the URL. */
export function auditSearch(raw: Record<string, unknown>): AuditSearch {
  const out: AuditSearch = {};
  if (raw.tab === 'digests') out.tab = 'digests';
  for (const k of ['actor', 'action', 'object', 'text'] as const) {
    const v = one(raw[k]);
    if (v) out[k] = v;
  }
  const outcome = one(raw.outcome);
  if (outcome === 'done' || outcome === 'denied' || outcome === 'failed') out.outcome = outcome;
  const range = one(raw.range);
  if (range && /^(\d+[smhdw]|\d{10,15}-\d{10,15})$/.test(range)) out.range = range;
  for (const k of ['before', 'record'] as const) {
    const v = one(raw[k]);
    if (v && /^\d{1,15}$/.test(v)) out[k] = v;
  }
  return out;
}

/** What the address asks of the server; now is when a range such as "24h" ends. */
export function filterOf(s: AuditSearch, now: number): AuditFilter {
  const out: AuditFilter = {};
  for (const k of ['actor', 'action', 'text'] as const) {
    const v = s[k];
    if (v) out[k] = v;
  }
  if (s.outcome) out.outcome = s.outcome;
  if (s.object) {
    const [kind = '', ...name] = s.object.split('/');
    if (kind !== '') out.object_kind = kind;
    if (name.length > 0) out.object_name = name.join('/');
  }
  if (s.range) {
    const r = resolveRange(s.range, now);
    out.from = r.from;
    if (!r.live) out.to = r.to;
  }
  if (s.before) out.before = Number(s.before);
  return out;
}
