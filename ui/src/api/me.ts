import type { components } from './schema';

// The person at this browser. Every page needs this much, so it stands apart from the lists of people.

type S = components['schemas'];

/** A role within a scope, written as matchers: `agency="IRS", env=~"prod|test"`; empty is everything. */
export type Grant = { role: string; scope: string };
export type Granted<T extends { grants: unknown }> = Omit<T, 'grants'> & { grants: Grant[] };

export type Me = Granted<S['MeBody']>;

/** The same with every scope spelled out. */
export function granted<T extends { grants: S['GrantText'][] }>(v: T): Granted<T> {
  return { ...v, grants: v.grants.map((g) => ({ role: g.role, scope: g.scope ?? '' })) };
}

/** The person of an answer; what a server leaves out has its quiet value. */
export function meOf(raw: Partial<S['MeBody']>): Me {
  const quiet: S['MeBody'] = {
    id: '',
    login: '',
    name: '',
    kind: 'person',
    via: 'cookie',
    agent: false,
    expires_at: 0,
    ends_at: 0,
    signed_in_at: 0,
    actions: [],
    grants: [],
    must_change: false,
    first: false,
    provider: '',
  };
  return granted({ ...quiet, ...raw });
}
