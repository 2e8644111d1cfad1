// What people see of a light: its word, its rank and its shape. The colour itself is decided by the server; here a name
// only finds its tokens.

export type LightName = 'red' | 'yellow' | 'grey' | 'green';
/** A light with the mark that can stand in for it in counts and filters. */
export type StateName = LightName | 'paused';

export const states: readonly StateName[] = ['red', 'yellow', 'grey', 'paused', 'green'];

const words: Record<StateName, string> = {
  red: 'Breached',
  yellow: 'At risk',
  grey: 'No data',
  paused: 'Paused',
  green: 'On target',
};

const ranks: Record<StateName, number> = { red: 0, yellow: 1, grey: 2, paused: 3, green: 4 };

/** The word people read, the same in API, mail and page. */
export function wordOf(state: StateName): string {
  return words[state];
}

/** Order everywhere: breached, at risk, no data, paused, on target. */
export function rankOf(state: StateName): number {
  return ranks[state];
}

/** Narrows a string from the API; what is unknown is shown as no data, never as green. */
export function lightOf(s: string | null | undefined): LightName {
  return s === 'red' || s === 'yellow' || s === 'green' ? s : 'grey';
}

/** The state that a count, a filter and an order use: a paused KPI counts as paused, whatever its light. */
export function stateOf(k: { light: string; paused?: unknown }): StateName {
  return k.paused ? 'paused' : lightOf(k.light);
}

/** The worst member of a group; an empty group has no data. */
export function worstOf(list: readonly StateName[]): StateName {
  let worst: StateName | undefined;
  for (const s of list) if (worst === undefined || ranks[s] < ranks[worst]) worst = s;
  return worst ?? 'grey';
}
