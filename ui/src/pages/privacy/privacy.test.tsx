import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import { me } from '../../../dev/people.mjs';
import { renderApp } from '../../../test/app';
import { wrongWith } from './words';

const id = 'person-7731';

async function fill(dialog: HTMLElement, again = id, reason = 'Letter 12') {
  await userEvent.type(within(dialog).getByRole('textbox', { name: /^Id of the person/ }), id);
  await userEvent.type(within(dialog).getByRole('textbox', { name: /^The id once more/ }), again);
  await userEvent.type(within(dialog).getByRole('textbox', { name: /^Why/ }), reason);
}

describe('the privacy page', () => {
  it('erases after the id was typed twice, and keeps it nowhere', async () => {
    const { router, calls, client } = renderApp('/privacy?new=erase');
    const dialog = await screen.findByRole('dialog');
    expect(within(dialog).getByText('This cannot be taken back.')).toBeTruthy();
    await fill(dialog);
    await userEvent.click(within(dialog).getByRole('button', { name: 'Erase for good' }));
    await waitFor(() => expect(router.state.location.search).toMatchObject({ request: '5' }));
    expect(calls.find((c) => c.path === '/privacy/erase')?.body).toEqual({ subject: id, reason: 'Letter 12' });
    expect(await screen.findByRole('progressbar')).toBeTruthy();
    const kept = JSON.stringify([
      client
        .getQueryCache()
        .getAll()
        .map((q) => [q.queryKey, q.state.data]),
      client
        .getMutationCache()
        .getAll()
        .map((m) => m.state),
      Array.from({ length: localStorage.length }, (_, i) => localStorage.getItem(localStorage.key(i) ?? '')),
      router.state.location.href,
      document.title,
    ]);
    expect(kept).not.toContain(id);
    expect(document.body.innerHTML).not.toContain(id);
  });

  it('asks for nothing while the ids differ', async () => {
    const { calls } = renderApp('/privacy?new=erase');
    const dialog = await screen.findByRole('dialog');
    await fill(dialog, 'person-7732');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Erase for good' }));
    expect(within(dialog).getAllByText('The two ids are not the same.').length).toBeGreaterThan(0);
    expect(calls.some((c) => c.path === '/privacy/erase')).toBe(false);
  });

  it('hands an export to the browser', async () => {
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => undefined);
    const made = vi.fn(() => 'blob:x');
    vi.stubGlobal('URL', Object.assign(URL, { createObjectURL: made, revokeObjectURL: () => undefined }));
    renderApp('/privacy?new=export');
    const dialog = await screen.findByRole('dialog');
    await fill(dialog);
    await userEvent.click(within(dialog).getByRole('button', { name: 'Export' }));
    expect(await within(dialog).findByText(/has been handed to this browser/)).toBeTruthy();
    expect(made).toHaveBeenCalledOnce();
  });

  it('shows an auditor everything and offers nothing to do', async () => {
    renderApp('/privacy?new=erase', {
      extra: { 'GET /me': () => ({ body: me(Date.now(), { actions: ['read_privacy', 'read_kpis'] }) }) },
    });
    expect(await screen.findByRole('region', { name: 'Table of requests' })).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Erase a person' })).toBeNull();
    expect(screen.queryByRole('dialog')).toBeNull();
  });

  it('is not for those who may not read it', async () => {
    const { calls } = renderApp('/privacy', {
      extra: { 'GET /me': () => ({ body: me(Date.now(), { actions: ['read_kpis'] }) }) },
    });
    expect(await screen.findByText('This page is not for your role')).toBeTruthy();
    expect(calls.some((c) => c.path.startsWith('/privacy'))).toBe(false);
  });

  it('shows a certificate with what was not reached', async () => {
    renderApp('/privacy?request=3');
    const paper = await screen.findByRole('article', { name: 'Certificate of erasure 3' });
    expect(within(paper).getByText('1,880')).toBeTruthy();
    expect(within(paper).getByText(/s3:\/\/treasury-lake\/efile, 1,204,511 rows: not reached/)).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Print' })).toBeTruthy();
  });

  it('says what failed, and what there is not', async () => {
    renderApp('/privacy?request=1');
    expect(await screen.findByText(/The store is being sealed/)).toBeTruthy();
  });
});

it('keeps the id out of the reason', () => {
  expect(wrongWith('u-881', 'u-881', 'Erase U-881 please')).toMatch(/holds the id/);
  expect(wrongWith('', '', 'x')).toMatch(/State the id/);
  expect(wrongWith('u-881', 'u-881', ' ')).toMatch(/State why/);
  expect(wrongWith('u-881', 'u-881', 'Letter 12')).toBeUndefined();
});
