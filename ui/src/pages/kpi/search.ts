import { one } from '../../api/search';
import { askedOf } from './WhyTime';

export type KpiSearch = {
  /** "24h", or two instants "from-to". */
  range?: string;
  /** "on": the week before as a second line. */
  compare?: 'on';
  /** "off" hides the changes. */
  changes?: 'off';
  /** "table" shows the points as a table. */
  view?: 'table';
  /** Labels of one group as JSON. */
  group?: string;
  /** The decision record that is open. */
  decision?: string;
  /** "range": evidence of the range that is shown, not of the time since the light changed. */
  evidence?: 'range';
  /** What is asked about: an instant, or two "from-to". */
  why?: string;
  /** Whom the question means: a receiver or an address. */
  to_whom?: string;
};

/** Narrows the KPI page's part of the URL. */
export function kpiSearch(raw: Record<string, unknown>): KpiSearch {
  const out: KpiSearch = {};
  const range = one(raw.range);
  if (range && /^(\d+[smhdw]|\d{10,15}-\d{10,15})$/.test(range)) out.range = range;
  if (raw.compare === 'on') out.compare = 'on';
  if (raw.changes === 'off') out.changes = 'off';
  if (raw.view === 'table') out.view = 'table';
  const group = one(raw.group);
  if (group && groupOf(group)) out.group = group;
  const decision = one(raw.decision);
  if (decision) out.decision = decision;
  if (raw.evidence === 'range') out.evidence = 'range';
  const why = one(raw.why);
  if (why && askedOf(why)) out.why = why;
  const toWhom = one(raw.to_whom);
  if (toWhom) out.to_whom = toWhom.slice(0, 320);
  return out;
}

/** The labels that the URL's group names; undefined when it names none. */
export function groupOf(text: string | undefined): Record<string, string> | undefined {
  if (!text) return undefined;
  try {
    const v: unknown = JSON.parse(text);
    if (typeof v !== 'object' || v === null || Array.isArray(v)) return undefined;
    const entries = Object.entries(v).filter((e): e is [string, string] => typeof e[1] === 'string');
    return entries.length > 0 ? Object.fromEntries(entries) : undefined;
  } catch {
    return undefined;
  }
}
