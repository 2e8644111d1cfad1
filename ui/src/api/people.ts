import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { ask } from './client';

// Who may do what: people, roles, tokens, sessions, and the person at this browser.

export type Role = 'viewer' | 'developer' | 'analyst' | 'owner' | 'auditor' | 'admin';
/** A role within a scope, written as matchers: `agency="IRS", env=~"prod|test"`; empty is everything. */
export type Grant = { role: string; scope: string };

export type Me = {
  id: string;
  name: string;
  kind: 'person' | 'token' | 'start' | 'loopback' | 'system';
  via: 'cookie' | 'bearer' | 'loopback';
  agent: boolean;
  /** End of the session, Unix ms; 0 for what does not end. */
  expires_at: number;
  idle_ms: number;
  signed_in_at: number;
  actions: string[];
  grants: Grant[];
  must_change: boolean;
  /** No user exists yet: this sign-in creates the first administrator. */
  first: boolean;
  oidc: Single | null;
};

/** Single sign-on: its name and where it begins. */
export type Single = { name: string; url: string };
export type SignIns = { password: boolean; oidc: Single | null };

export type User = {
  id: string;
  login: string;
  name: string;
  state: 'active' | 'disabled';
  via: 'password' | 'oidc';
  grants: Grant[];
  must_change: boolean;
  created_at: number;
  created_by: string;
  /** Unix ms; 0 for never. */
  last_sign_in: number;
  sessions: number;
  tokens: number;
};
/** What a form says about a person; a password only where one is set. */
export type UserInput = { login: string; name: string; state: string; grants: Grant[]; password?: string };

export type RoleInfo = { id: string; title: string; sentence: string };
/** An action; `whole` ones need a grant without a scope. */
export type ActionInfo = { id: string; title: string; whole: boolean; roles: string[] };
export type Matrix = { roles: RoleInfo[]; actions: ActionInfo[] };

export type Token = {
  id: string;
  name: string;
  owner: string;
  owner_name: string;
  grants: Grant[];
  agent: boolean;
  source: string;
  created_at: number;
  /** Unix ms; 0 for never. */
  expires_at: number;
  last_used: number;
  state: 'active' | 'expired' | 'revoked';
};
export type TokenInput = { name: string; grants: Grant[]; agent: boolean; source: string; expires_at: number };

export type Session = {
  id: string;
  user: string;
  started_at: number;
  seen_at: number;
  expires_at: number;
  source: string;
  agent_text: string;
  current: boolean;
};

/** The person of an answer; what an older server leaves out has its quiet value. */
export function meOf(raw: unknown): Me {
  const quiet: Me = {
    id: '',
    name: '',
    kind: 'person',
    via: 'cookie',
    agent: false,
    expires_at: 0,
    idle_ms: 0,
    signed_in_at: 0,
    actions: [],
    grants: [],
    must_change: false,
    first: false,
    oidc: null,
  };
  return { ...quiet, ...(raw as Partial<Me>) };
}

/** Everybody who has an account here. */
export const usersQuery = queryOptions({
  queryKey: ['people', 'users'],
  queryFn: async ({ signal }) => ((await ask('GET', '/users', { signal })) as { users: User[] }).users,
  staleTime: 10_000,
});

/** Which role may do what. */
export const rolesQuery = queryOptions({
  queryKey: ['people', 'roles'],
  queryFn: async ({ signal }) => (await ask('GET', '/roles', { signal })) as Matrix,
  staleTime: 3_600_000,
});

/** API tokens: one's own, or those of all. */
export function tokensQuery(all: boolean) {
  return queryOptions({
    queryKey: ['people', 'tokens', all],
    queryFn: async ({ signal }) =>
      ((await ask('GET', '/tokens', { signal, query: { all: all || undefined } })) as { tokens: Token[] }).tokens,
    staleTime: 10_000,
  });
}

/** Open sessions: one's own, or those of a person. */
export function sessionsQuery(user?: string) {
  return queryOptions({
    queryKey: ['people', 'sessions', user ?? ''],
    queryFn: async ({ signal }) =>
      ((await ask('GET', '/sessions', { signal, query: { user } })) as { sessions: Session[] }).sessions,
    staleTime: 5_000,
  });
}

/** The ways in that this server offers; asked without a session too. */
export const signInsQuery = queryOptions({
  queryKey: ['signin'],
  queryFn: async ({ signal }) => (await ask('GET', '/signin', { signal })) as SignIns,
  staleTime: 300_000,
  retry: false,
});

function useChange<V, R>(change: (v: V) => Promise<R>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSuccess: () => client.invalidateQueries({ queryKey: ['people'] }) });
}

/** Creates a person, or changes the one with this id. */
export function useSaveUser() {
  return useChange(async (v: { id?: string | undefined; input: UserInput }) =>
    v.id === undefined
      ? ((await ask('POST', '/users', { body: v.input })) as User)
      : ((await ask('PUT', `/users/${encodeURIComponent(v.id)}`, { body: v.input })) as User),
  );
}

/** Removes a person for good; what they did stays on the audit trail. */
export function useRemoveUser() {
  return useChange((id: string) => ask('DELETE', `/users/${encodeURIComponent(id)}`));
}

/** Creates a token; its secret is in the answer and never again. */
export function useCreateToken() {
  return useChange(
    async (t: TokenInput) => (await ask('POST', '/tokens', { body: t })) as { token: Token; secret: string },
  );
}

/** Takes a token's power away at once. */
export function useRevokeToken() {
  return useChange((id: string) => ask('DELETE', `/tokens/${encodeURIComponent(id)}`));
}

/** Ends sessions, one after the other. */
export function useEndSessions() {
  return useChange(async (ids: string[]) => {
    for (const id of ids) await ask('DELETE', `/sessions/${encodeURIComponent(id)}`);
  });
}

/** Changes one's own password. */
export function useChangePassword() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (v: { old: string; new: string }) => ask('POST', '/password', { body: v }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['me'] }),
  });
}

/** Signs in with a password, or with a one-time code or a token. */
export async function signIn(v: { login: string; password: string } | { secret: string }): Promise<Me> {
  return meOf(await ask('POST', '/login', { body: v }));
}
