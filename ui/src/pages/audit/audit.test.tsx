import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { digests, me, verifyAnswer } from '../../../dev/people.mjs';
import { now, renderApp } from '../../../test/app';
import { withMissing } from './hours';
import { auditSearch, filterOf } from './search';

const signedIn = { 'GET /me': () => ({ body: me(now) }) };

describe('the audit trail', () => {
  it('lists records newest first; what was denied says so in words', async () => {
    renderApp('/audit', { extra: signedIn });
    const rows = within(await screen.findByRole('region', { name: 'Records' })).getAllByRole('row');
    expect(rows[1]?.textContent).toContain('137');
    expect(rows[3]?.textContent).toContain('Denied');
    expect(rows[3]?.textContent).toContain('nobody approves a proposal of their own');
  });

  it('opens a record to its hashes and keeps it in the address', async () => {
    const { router } = renderApp('/audit', { extra: signedIn });
    const button = await screen.findByRole('button', { name: 'Record 137 in full' });
    await userEvent.click(button);
    expect(button.getAttribute('aria-expanded')).toBe('true');
    expect(router.state.location.search).toMatchObject({ record: '137' });
    expect(screen.getByText('Before')).toBeTruthy();
    expect(screen.getByText('Hash of this record')).toBeTruthy();
  });

  it('asks the server for what the filters say', async () => {
    const { router, calls } = renderApp('/audit?outcome=denied&object=KPI%2Fefile-error-rate', { extra: signedIn });
    await screen.findByRole('region', { name: 'Records' });
    const asked = calls.find((c) => c.path === '/audit')?.query;
    expect([asked?.get('outcome'), asked?.get('object_kind'), asked?.get('object_name')]).toEqual([
      'denied',
      'KPI',
      'efile-error-rate',
    ]);
    await userEvent.click(screen.getByRole('button', { name: 'Clear filters' }));
    await waitFor(() => expect(router.state.location.search).toEqual({}));
  });

  it('goes to older records and back', async () => {
    const { router } = renderApp('/audit', { extra: signedIn });
    await userEvent.click(await screen.findByRole('button', { name: 'Older' }));
    expect(router.state.location.search).toMatchObject({ before: '88' });
    expect(await screen.findByRole('button', { name: 'Record 87 in full' })).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: 'Newest' }));
    expect(await screen.findByRole('button', { name: 'Record 137 in full' })).toBeTruthy();
  });

  it('names the first broken record', async () => {
    renderApp('/audit', { extra: { ...signedIn, 'GET /audit/verify': () => ({ body: verifyAnswer(now, true) }) } });
    const chain = await screen.findByRole('region', { name: 'Is the record whole?' });
    expect(chain.textContent).toContain('Not verified on this visit');
    await userEvent.click(within(chain).getByRole('button', { name: 'Verify' }));
    expect(await within(chain).findByText('Chain broken.')).toBeTruthy();
    expect(chain.textContent).toContain('Record 129');
    expect(within(chain).getByRole('button', { name: 'Show record 129' })).toBeTruthy();
  });

  it('shows a missing hour', async () => {
    renderApp('/audit?tab=digests', { extra: signedIn });
    expect(await screen.findByText('1 hour is missing')).toBeTruthy();
    expect(screen.getByRole('row', { name: /Missing No signature/ })).toBeTruthy();
  });

  it('hides the export from who may not, and hands on a refusal', async () => {
    renderApp('/audit', {
      extra: {
        'GET /me': () => ({ body: me(now, { actions: ['read_audit'] }) }),
        'GET /audit': () => ({ status: 403, body: { detail: 'A viewer may not read the audit trail.' } }),
      },
    });
    expect(await screen.findByText('A viewer may not read the audit trail.')).toBeTruthy();
    expect(screen.queryByRole('link', { name: /Export/ })).toBeNull();
  });

  it('finds every hole between signed hours', () => {
    const list = digests(now);
    expect(withMissing(list).filter((r) => r.digest === null)).toHaveLength(1);
    expect(withMissing(list.filter((_, i) => i !== 2 && i !== 3)).filter((r) => r.digest === null)).toHaveLength(3);
  });

  it('narrows its address', () => {
    expect(auditSearch({ outcome: 'x', before: '1x', record: '5', range: '7d' })).toEqual({ record: '5', range: '7d' });
    expect(filterOf({ range: '1h', before: '9' }, 7_200_000)).toEqual({ from: 3_600_000, before: 9 });
  });
});
