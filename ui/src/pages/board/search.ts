import { many, one } from '../../api/search';
import type { StateName } from '../../light/light';
import { states } from '../../light/light';

export type BoardSearch = {
  state?: StateName;
  owner?: string;
  outcome?: string;
  /** Label filters as name=value; all must hold. */
  label?: string[];
  /** What tiles are grouped by: outcome (default), owner, none, or label:NAME. */
  group?: string;
};

/** Narrows the board's part of the URL. */
export function boardSearch(raw: Record<string, unknown>): BoardSearch {
  const out: BoardSearch = {};
  const state = one(raw.state);
  if (states.includes(state as StateName)) out.state = state as StateName;
  const owner = one(raw.owner);
  if (owner) out.owner = owner;
  const outcome = one(raw.outcome);
  if (outcome) out.outcome = outcome;
  const label = many(raw.label).filter((l) => l.includes('='));
  if (label.length > 0) out.label = label;
  const group = one(raw.group);
  if (group && (group === 'owner' || group === 'none' || group.startsWith('label:'))) out.group = group;
  return out;
}
