import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { api, ok } from './client';
import { granted, meOf, type Grant, type Granted, type Me } from './me';
import type { components } from './schema';

// Who may do what: people, roles, tokens, sessions, and the person at this browser.

type S = components['schemas'];

export type { Grant, Me } from './me';
export type User = Granted<S['User']>;
export type Token = Granted<S['Token']>;
export type Session = S['Session'];
export type Matrix = S['RolesBody'];

/** What a form says about somebody; a password only where one is set. */
export type PersonInput = { login: string; name: string; grants: Grant[]; password: string };
export type TokenInput = { name: string; grants: Grant[]; agent: boolean; pushes_as: string; expires_at: number };

/** Everybody who has an account here. */
export const usersQuery = queryOptions({
  queryKey: ['people', 'users'],
  queryFn: async ({ signal }) => (await ok(api.GET('/api/signalbox/v1/users', { signal }))).users.map(granted),
  staleTime: 10_000,
});

/** Which role may do what. */
export const rolesQuery = queryOptions({
  queryKey: ['people', 'roles'],
  queryFn: ({ signal }) => ok(api.GET('/api/signalbox/v1/roles', { signal })),
  staleTime: 3_600_000,
});

/** API tokens: one's own, and everybody's for who may see people. */
export const tokensQuery = queryOptions({
  queryKey: ['people', 'tokens'],
  queryFn: async ({ signal }) => (await ok(api.GET('/api/signalbox/v1/tokens', { signal }))).tokens.map(granted),
  staleTime: 10_000,
});

/** Open sessions: one's own, and everybody's for who may see people. */
export const sessionsQuery = queryOptions({
  queryKey: ['people', 'sessions'],
  queryFn: async ({ signal }) => (await ok(api.GET('/api/signalbox/v1/sessions', { signal }))).sessions,
  staleTime: 5_000,
});

function useChange<V, R>(change: (v: V) => Promise<R>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSuccess: () => client.invalidateQueries({ queryKey: ['people'] }) });
}

/** Makes an account. With `keep` the person has chosen the password themselves and need not change it. */
export function useCreateUser() {
  return useChange((v: PersonInput & { keep?: boolean }) =>
    ok(
      api.POST('/api/signalbox/v1/users', {
        body: { login: v.login, name: v.name, grants: v.grants, password: v.password, keep_password: v.keep ?? false },
      }),
    ),
  );
}

/** Changes an account; a password that is given replaces theirs, to be changed at their next sign-in. */
export function useChangeUser() {
  return useChange(async (v: { id: string; name?: string; state?: string; grants?: Grant[]; password?: string }) => {
    const { id, password, ...body } = v;
    const user = await ok(api.PUT('/api/signalbox/v1/users/{id}', { params: { path: { id } }, body }));
    if (password) await ok(api.POST('/api/signalbox/v1/password', { body: { user: id, new: password } }));
    return user;
  });
}

/** Removes a person for good; what they did stays on the audit trail. */
export function useRemoveUser() {
  return useChange((id: string) => ok(api.DELETE('/api/signalbox/v1/users/{id}', { params: { path: { id } } })));
}

/** Creates a token; its secret is in the answer and never again. */
export function useCreateToken() {
  return useChange((body: TokenInput) => ok(api.POST('/api/signalbox/v1/tokens', { body })));
}

/** Takes a token's power away at once. */
export function useRevokeToken() {
  return useChange((id: string) => ok(api.DELETE('/api/signalbox/v1/tokens/{id}', { params: { path: { id } } })));
}

/** Ends sessions, one after the other. */
export function useEndSessions() {
  return useChange(async (ids: string[]) => {
    for (const id of ids) await ok(api.DELETE('/api/signalbox/v1/sessions/{id}', { params: { path: { id } } }));
  });
}

/** Changes one's own password. */
export function useChangePassword() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { old: string; new: string }) => ok(api.POST('/api/signalbox/v1/password', { body })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['me'] }),
  });
}

/** Signs in with a password, or with a one-time code or a token. */
export async function signIn(body: { login: string; password: string } | { secret: string }): Promise<Me> {
  return meOf(await ok(api.POST('/api/signalbox/v1/login', { body })));
}
