import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { me } from '../../../dev/people.mjs';
import { now, renderApp } from '../../../test/app';
import { matchersOf, newPassword, scopeFault, scopeWords } from './words';

const signedIn = { 'GET /me': () => ({ body: me(now) }) };

describe('a scope in words', () => {
  it('reads matchers', () => {
    expect(scopeWords('')).toBe('everything');
    expect(scopeWords('agency="IRS", env=~"prod|test"')).toBe('agency is IRS and env matches prod|test');
    expect(matchersOf('a="x\\"y"')).toEqual([{ name: 'a', op: '=', value: 'x"y' }]);
  });

  it.each(['agency=IRS', 'agency="IRS",', '="x"', 'a="b" c="d"', 'env=~"("'])('says what is wrong with %s', (s) => {
    expect(scopeFault(s)).not.toBe('');
  });

  it('makes passwords of equal letters', () => {
    const p = newPassword();
    expect(p).toMatch(/^([a-z2-9]{5}-){4}[a-z2-9]{5}$/);
    expect(newPassword()).not.toBe(p);
    // What lies above the last whole multiple of 31 is thrown away, so that no letter is likelier.
    let n = 0;
    const poor = (a: Uint32Array) => a.map(() => (n++ % 2 === 0 ? 0xffffffff : 0));
    expect(newPassword(poor)).toBe('aaaaa-aaaaa-aaaaa-aaaaa-aaaaa');
  });
});

describe('the people page', () => {
  it('shows people with their state, roles in words and last sign-in', async () => {
    renderApp('/people', { extra: signedIn });
    expect(
      await screen.findByRole('heading', { level: 1, name: '4 people can sign in, 1 of them an administrator' }),
    ).toBeTruthy();
    const row = screen.getByRole('row', { name: /Lena Fischer/ });
    expect(row.textContent).toContain('Disabled');
    expect(row.textContent).toContain('where agency is SSA and env matches prod|test');
  });

  it('creates a person, with the server’s sentence where it refuses', async () => {
    const { calls } = renderApp('/people', { extra: signedIn });
    await userEvent.click(await screen.findByRole('button', { name: 'New person' }));
    const dialog = await screen.findByRole('dialog', { name: 'New person' });
    await userEvent.type(within(dialog).getByRole('textbox', { name: /Login/ }), 'a@b.example');
    await userEvent.type(within(dialog).getByRole('textbox', { name: /Name/ }), 'Ada');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Generate' }));
    await userEvent.type(within(dialog).getByRole('textbox', { name: 'Scope 1' }), 'agencyy="IRS"');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Create' }));
    expect(await within(dialog).findByText(/no label "agencyy" is known/)).toBeTruthy();
    await userEvent.clear(within(dialog).getByRole('textbox', { name: 'Scope 1' }));
    await userEvent.click(within(dialog).getByRole('button', { name: 'Create' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(calls.filter((c) => c.method === 'POST' && c.path === '/users').at(-1)?.body).toMatchObject({
      login: 'a@b.example',
      grants: [{ role: 'viewer', scope: '' }],
    });
    expect(await screen.findByRole('row', { name: /Ada/ })).toBeTruthy();
  });

  it('asks once more before it disables somebody', async () => {
    const { calls } = renderApp('/people?person=tunde', { extra: signedIn });
    await userEvent.click(await screen.findByRole('button', { name: 'Disable' }));
    const sure = await screen.findByRole('dialog', { name: 'Disable Tunde Osei?' });
    expect(calls.some((c) => c.method === 'PUT')).toBe(false);
    await userEvent.click(within(sure).getByRole('button', { name: 'Disable' }));
    await waitFor(() => expect(calls.find((c) => c.method === 'PUT')?.body).toEqual({ state: 'disabled' }));
  });

  it('shows the server’s matrix as a table', async () => {
    renderApp('/people?tab=roles', { extra: signedIn });
    const row = await screen.findByRole('row', { name: /Manage people and roles/ });
    expect(
      within(row)
        .getAllByRole('cell')
        .map((c) => c.textContent),
    ).toEqual(['no', 'no', 'no', 'no', 'no', 'yes']);
  });

  it('lets who may only look, look', async () => {
    renderApp('/people', { extra: { 'GET /me': () => ({ body: me(now, { actions: ['read_people'] }) }) } });
    await userEvent.click(await screen.findByRole('button', { name: 'Look Tunde Osei' }));
    expect(await screen.findByRole('dialog', { name: 'Tunde Osei' })).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'New person' })).toBeNull();
    expect(screen.queryByRole('button', { name: 'Save' })).toBeNull();
  });
});

describe('the account', () => {
  it('makes a token whose secret is shown once', async () => {
    const { calls } = renderApp('/account', { extra: signedIn });
    await userEvent.click(await screen.findByRole('button', { name: 'New token' }));
    const dialog = await screen.findByRole('dialog', { name: 'New token' });
    await userEvent.type(within(dialog).getByRole('textbox', { name: /^Name/ }), 'ci');
    await userEvent.click(within(dialog).getByRole('checkbox', { name: /AI agent/ }));
    await userEvent.click(within(dialog).getByRole('button', { name: 'Create the token' }));
    expect(await screen.findByText(/^sb_[0-9a-f]{40}$/)).toBeTruthy();
    expect(calls.find((c) => c.method === 'POST')?.body).toMatchObject({ name: 'ci', agent: true });
  });

  it('ends the other sessions, never this one', async () => {
    const { calls } = renderApp('/account', { extra: signedIn });
    await userEvent.click(await screen.findByRole('button', { name: 'End all others' }));
    await waitFor(() =>
      expect(calls.filter((c) => c.method === 'DELETE').map((c) => c.path)).toEqual(['/sessions/s2', '/sessions/s3']),
    );
  });

  it('forces the change of a password that another has set', async () => {
    const { router } = renderApp('/', { extra: { 'GET /me': () => ({ body: me(now, { must_change: true }) }) } });
    await waitFor(() => expect(router.state.location.pathname).toBe('/account'));
    expect(await screen.findByRole('heading', { level: 2, name: 'Your new password' })).toBeTruthy();
  });

  it('creates the first administrator and signs in as them', async () => {
    let first = true;
    const { router, calls } = renderApp('/alerts', {
      extra: {
        'GET /me': () => ({ body: me(now, { first, kind: first ? 'start' : 'person' }) }),
        'POST /login': () => ({ body: me(now, { first: (first = false) }) }),
      },
    });
    await userEvent.click(await screen.findByRole('link', { name: 'Create the account' }));
    await userEvent.type(await screen.findByRole('textbox', { name: /Login/ }), 'a@b.example');
    await userEvent.type(screen.getByRole('textbox', { name: /Name/ }), 'Ada');
    await userEvent.click(screen.getByRole('button', { name: 'Generate' }));
    await userEvent.click(screen.getByRole('button', { name: 'Create the account and sign in' }));
    await waitFor(() => expect(router.state.location.pathname).toBe('/people'));
    const sent = calls.filter((c) => c.method === 'POST').map((c) => [c.path, c.body] as const);
    expect(sent[0]).toMatchObject(['/users', { keep_password: true, grants: [{ role: 'admin', scope: '' }] }]);
    expect(sent[1]).toMatchObject(['/login', { login: 'a@b.example' }]);
  });
});

describe('a session', () => {
  it('that ends in the middle of work asks for the password, then does what was asked', async () => {
    let over = true;
    let made = 0;
    renderApp('/alerts?silence=new', {
      extra: {
        ...signedIn,
        'POST /silences': () => (over ? { status: 401, body: {} } : { body: { id: `s${++made}`, matches: 0 } }),
        'POST /login': (c) => {
          if ((c.body as { password: string }).password === 'wrong')
            return { status: 401, body: { detail: 'The login or the password is wrong.' } };
          over = false;
          return { body: me(now) };
        },
      },
    });
    const form = await screen.findByRole('dialog', { name: 'New silence' });
    await userEvent.type(within(form).getByRole('combobox', { name: 'Label 1' }), 'kpi');
    await userEvent.type(within(form).getByRole('combobox', { name: 'Value 1' }), 'x');
    await userEvent.type(within(form).getByRole('textbox', { name: /Why/ }), 'Disk swap');
    await userEvent.click(within(form).getByRole('button', { name: /^Silence for/ }));
    const dialog = await screen.findByRole('dialog', { name: 'Your session is over' });
    await userEvent.type(within(dialog).getByRole('textbox', { name: /Login/ }), 'priya');
    await userEvent.type(within(dialog).getByLabelText(/^Password/), 'wrong');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Sign in' }));
    expect(await within(dialog).findByText('The login or the password is wrong.')).toBeTruthy();
    await userEvent.type(within(dialog).getByLabelText(/^Password/), '2');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Sign in' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(made).toBe(1);
  });

  it('warns before its end and lets the person stay', async () => {
    const end = Date.now() + 4 * 60_000;
    renderApp('/alerts', { extra: { 'GET /me': () => ({ body: me(now, { expires_at: end }) }) } });
    expect(await screen.findByText(/You will be signed out in 4 minutes/)).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: 'Stay signed in' }));
    expect(await screen.findByRole('dialog', { name: 'Stay signed in' })).toBeTruthy();
  });
});
