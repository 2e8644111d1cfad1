import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import { makeGovern } from '../../../dev/govern.mjs';
import { renderApp, type Call } from '../../../test/app';

vi.mock('../../chart/TimeChart', () => ({
  TimeChart: ({ sentence }: { sentence: string }) => <div role="group" aria-label={sentence} />,
}));
vi.mock('./YamlEditor', () => ({
  YamlEditor: ({ value, label, onChange }: { value: string; label: string; onChange: (v: string) => void }) => (
    <textarea aria-label={label} value={value} onChange={(e) => onChange(e.currentTarget.value)} />
  ),
}));

type Answer = { status?: number; body: unknown };
type Extra = Record<string, (c: Call) => Answer>;

/** The law of the mock as a test's answers; what a test gives comes first. */
function law(
  own: Extra = {},
  story = 'incident',
  actions = ['propose', 'approve', 'review', 'give_feedback', 'emergency'],
) {
  const g = makeGovern({ story });
  const me = {
    id: 'priya-natarajan',
    name: 'Priya Natarajan',
    via: 'cookie',
    provider: '',
    expires_at: 0,
    grants: [],
    actions,
  };
  return new Proxy<Extra>(
    { 'GET /me': () => ({ body: me }), ...own },
    {
      get(target, key) {
        if (typeof key !== 'string') return undefined;
        if (target[key]) return target[key];
        const [method = '', path = ''] = key.split(' ');
        if (!/^\/(policies|proposals|reviews|feedback|confirm|kpis\/[^/]+\/feedback)/.test(path)) return undefined;
        return (c: Call) => g.answer(method, path, c.query, c.body) ?? { status: 404, body: { detail: 'nothing' } };
      },
    },
  );
}

describe('the list of policies', () => {
  it('says how many reviews are overdue, with word and shape', async () => {
    renderApp('/policy', { extra: law() });
    expect(await screen.findByRole('heading', { level: 1, name: '10 policies, 2 reviews overdue' })).toBeTruthy();
    const row = screen.getByRole('row', { name: /E-file error rate/ });
    expect(within(row).getAllByText('Overdue').length).toBeGreaterThan(0);
    expect(within(row).getAllByRole('link', { name: 'Proposal 41' }).length).toBeGreaterThan(0);
  });

  it('filters by kind and by words, and the filter is in the address', async () => {
    const { router } = renderApp('/policy', { extra: law() });
    await userEvent.selectOptions(await screen.findByLabelText('Kind'), 'Route');
    await waitFor(() => expect(router.state.location.search).toMatchObject({ kind: 'Route' }));
    expect(screen.getAllByRole('row')).toHaveLength(2);
    await userEvent.selectOptions(screen.getByLabelText('Kind'), '');
    await userEvent.type(screen.getByRole('textbox', { name: 'Find a policy' }), 'taxpayer');
    expect(await screen.findByText('1 of 10 policies')).toBeTruthy();
  });

  it('is walked with J and K', async () => {
    renderApp('/policy', { extra: law() });
    await screen.findByRole('link', { name: 'Disk space left' });
    await userEvent.keyboard('jjk');
    expect(document.activeElement?.textContent).toBe('Disk space left');
  });

  it('says what an empty one will show', async () => {
    renderApp('/policy', { extra: law({}, 'empty') });
    expect(await screen.findByRole('link', { name: 'Write the first policy' })).toBeTruthy();
  });

  it('shows the server’s sentence when it fails', async () => {
    renderApp('/policy', {
      extra: law({ 'GET /policies': () => ({ status: 403, body: { detail: 'No policy is yours to see.' } }) }),
    });
    expect(await screen.findByText('No policy is yours to see.')).toBeTruthy();
  });
});

describe('a policy', () => {
  it('shows sentence, document, revisions and what differs between two', async () => {
    const { router } = renderApp('/policy/KPI/efile-error-rate', { extra: law() });
    expect(await screen.findByRole('heading', { level: 1, name: 'E-file error rate' })).toBeTruthy();
    const revisions = await screen.findByRole('region', { name: 'Revisions' });
    await userEvent.click(await within(revisions).findByRole('button', { name: 'What changed in revision 3' }));
    await waitFor(() => expect(router.state.location.search).toEqual({ diff: '2-3' }));
    expect(
      await within(revisions).findByRole('region', { name: /Revision 2 to 3: 1 line added, 1 removed/ }),
    ).toBeTruthy();
  });

  it('goes back to a revision by a proposal with a reason', async () => {
    const { router, calls } = renderApp('/policy/KPI/efile-error-rate', { extra: law() });
    await userEvent.click(await screen.findByRole('button', { name: 'Go back to this one, revision 2' }));
    const dialog = await screen.findByRole('dialog', { name: 'Back to revision 2' });
    await userEvent.click(within(dialog).getByRole('button', { name: 'Propose it' }));
    expect(within(dialog).getByText('Say it in a few words.')).toBeTruthy();
    await userEvent.type(within(dialog).getByRole('textbox', { name: /Why/ }), 'Too many pages');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Propose it' }));
    await waitFor(() => expect(router.state.location.pathname).toBe('/policy/proposals/44'));
    expect(calls.find((c) => c.path.endsWith('/revert'))?.body).toEqual({ number: 2, reason: 'Too many pages' });
  });

  it('is marked as reviewed with a note', async () => {
    const { calls } = renderApp('/policy/KPI/efile-error-rate', { extra: law() });
    await userEvent.click(await screen.findByRole('button', { name: 'Mark as reviewed' }));
    const dialog = await screen.findByRole('dialog');
    await userEvent.type(within(dialog).getByRole('textbox', { name: /What you found/ }), 'Still right');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Mark as reviewed' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(calls.find((c) => c.path === '/reviews/KPI/efile-error-rate')?.body).toEqual({ note: 'Still right' });
  });

  it('offers no change to whoever may not propose one', async () => {
    renderApp('/policy/KPI/efile-error-rate', { extra: law({}, 'incident', []) });
    await screen.findByRole('heading', { level: 1 });
    expect(screen.queryByRole('link', { name: 'Propose a change' })).toBeNull();
    expect(screen.queryByRole('button', { name: /Go back/ })).toBeNull();
  });
});

describe('a proposal', () => {
  it('compares now and proposed, in sentence, table and chart', async () => {
    renderApp('/policy/proposals/41', { extra: law() });
    const table = await screen.findByRole('region', { name: /What would have happened, as a table/ });
    expect(within(table).getByRole('row', { name: /Now revision 3/ })).toBeTruthy();
    expect(within(table).getByRole('row', { name: /Proposed/ })).toBeTruthy();
    expect(screen.getByText(/one real incident caught that was missed/)).toBeTruthy();
    expect(await screen.findByRole('group', { name: /E-file error rate. Now at > 3/ })).toBeTruthy();
    await userEvent.keyboard('t');
    expect(await screen.findByRole('region', { name: 'Periods' })).toBeTruthy();
  });

  it('of one’s own cannot be approved, and says why', async () => {
    renderApp('/policy/proposals/42', { extra: law() });
    const button = await screen.findByRole('button', { name: 'Approve proposal' });
    expect(button).toHaveProperty('disabled', true);
    expect(document.getElementById(button.getAttribute('aria-describedby') ?? '')?.textContent).toMatch(
      /another person must approve it/,
    );
  });

  it('is approved after the password, for exactly the hash that was read', async () => {
    const { calls } = renderApp('/policy/proposals/41', { extra: law() });
    await userEvent.click(await screen.findByRole('button', { name: 'Approve proposal' }));
    const dialog = await screen.findByRole('dialog', { name: 'Approve proposal' });
    await userEvent.type(within(dialog).getByLabelText(/Your password/), 'wrong');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Confirm and approve' }));
    expect(await within(dialog).findByText('That is not your password.')).toBeTruthy();
    expect(calls.some((c) => c.path.endsWith('/approve'))).toBe(false);
    await userEvent.type(within(dialog).getByLabelText(/Your password/), ' no, right');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Confirm and approve' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    const sent = calls.find((c) => c.path.endsWith('/approve'))?.body as { hash: string };
    expect(sent.hash).toHaveLength(64);
    expect(await screen.findAllByText('Scheduled')).toBeTruthy();
  });

  it('that is stale is rebased and tested again by one action', async () => {
    renderApp('/policy/proposals/40', { extra: law() });
    await userEvent.click(await screen.findByRole('button', { name: 'Rebase and test again' }));
    expect(await screen.findByRole('progressbar')).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: 'Stop' }));
    expect(await screen.findByText(/was stopped/)).toBeTruthy();
  });

  it('that is an emergency says that nobody approved it', async () => {
    renderApp('/policy/proposals/43', { extra: law() });
    expect(await screen.findByText('Emergency change.')).toBeTruthy();
    expect(screen.getByText(/although nobody has approved it/)).toBeTruthy();
  });

  it('is sent back only with a reason', async () => {
    const { calls } = renderApp('/policy/proposals/41', { extra: law() });
    await userEvent.click(await screen.findByRole('button', { name: 'Ask for changes' }));
    const dialog = await screen.findByRole('dialog');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Send it back' }));
    expect(calls.some((c) => c.path.endsWith('/reject'))).toBe(false);
    await userEvent.type(within(dialog).getByRole('textbox', { name: /What should change/ }), 'Not at night');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Send it back' }));
    expect((await screen.findAllByText('Not at night')).length).toBeGreaterThan(0);
  });

  it('that there is not says so', async () => {
    renderApp('/policy/proposals/999', { extra: law() });
    expect(await screen.findByText(/There is no proposal 999/)).toBeTruthy();
  });
});

describe('the editor', () => {
  const edit = '/policy/KPI/efile-error-rate/edit';

  it('changes one value by a field and says what that means', async () => {
    const { calls, router } = renderApp(edit, { extra: law() });
    const red = await screen.findByRole('textbox', { name: 'Breached when' });
    await userEvent.clear(red);
    await userEvent.type(red, '> 2.5%');
    const document = screen.getByRole('textbox', { name: 'Document, YAML' });
    expect((document as HTMLTextAreaElement).value).toContain('# Why 3 %');
    expect((document as HTMLTextAreaElement).value).toContain('red: "> 2.5%"');
    expect(await screen.findByText(/more than 2.5.*before: more than 3/)).toBeTruthy();
    await userEvent.type(screen.getByRole('textbox', { name: /^Why/ }), 'Earlier');
    await userEvent.click(screen.getByRole('button', { name: 'Propose' }));
    await waitFor(() => expect(router.state.location.pathname).toBe('/policy/proposals/44'));
    expect(calls.find((c) => c.method === 'POST' && c.path === '/proposals')?.body).toMatchObject({
      reason: 'Earlier',
    });
  });

  it('loses nothing that was typed, and says that it is back', async () => {
    const first = renderApp(edit, { extra: law() });
    await userEvent.type(await screen.findByRole('textbox', { name: /^Why/ }), 'Half a sentence');
    first.unmount();
    renderApp(edit, { extra: law() });
    expect(await screen.findByText(/What you typed/)).toBeTruthy();
    expect(screen.getByRole('textbox', { name: /^Why/ })).toHaveProperty('value', 'Half a sentence');
    await userEvent.click(screen.getByRole('button', { name: 'Start over' }));
    expect(screen.getByRole('textbox', { name: /^Why/ })).toHaveProperty('value', '');
  });

  it('keeps the text when the server refuses it', async () => {
    renderApp(edit, {
      extra: law({ 'POST /proposals': () => ({ status: 401, body: { detail: 'You are signed out.' } }) }),
    });
    const red = await screen.findByRole('textbox', { name: 'Breached when' });
    await userEvent.clear(red);
    await userEvent.type(red, '> 2%');
    await userEvent.type(screen.getByRole('textbox', { name: /^Why/ }), 'Earlier');
    await userEvent.click(screen.getByRole('button', { name: 'Propose' }));
    await waitFor(() => expect(localStorage.getItem('signalbox.draft.KPI/efile-error-rate')).toContain('> 2%'));
    expect(red).toHaveProperty('value', '> 2%');
  });

  it('offers an emergency only to whoever may, with what it means', async () => {
    renderApp(edit, { extra: law({}, 'incident', ['propose']) });
    await screen.findByRole('textbox', { name: 'Breached when' });
    expect(screen.queryByRole('switch', { name: /Emergency/ })).toBeNull();
  });

  it('lists mistakes with their line', async () => {
    renderApp(edit, { extra: law() });
    const red = await screen.findByRole('textbox', { name: 'Breached when' });
    await userEvent.clear(red);
    await userEvent.type(red, 'lots');
    const findings = await screen.findByRole('list', { name: 'Findings' });
    expect(within(findings).getByRole('button', { name: /Line 16: "lots" is no threshold/ })).toBeTruthy();
    expect(screen.getByRole('button', { name: 'Propose' })).toHaveProperty('disabled', true);
  });
});

describe('the calendar', () => {
  it('shows emergencies first, then what is overdue', async () => {
    renderApp('/policy/calendar', { extra: law() });
    expect(
      await screen.findByRole('heading', { level: 1, name: /1 emergency change to approve, 2 reviews overdue/ }),
    ).toBeTruthy();
    const groups = screen.getAllByRole('region').map((r) => r.getAttribute('aria-label'));
    expect(groups.slice(0, 2)).toEqual(['Waiting for approval', 'Overdue']);
  });
});

describe('feedback', () => {
  it('is given and turned into a proposal', async () => {
    const { calls } = renderApp('/kpi/efile-error-rate', { extra: law() });
    await userEvent.click(await screen.findByRole('button', { name: 'Say what you think' }));
    await userEvent.click(
      within(screen.getByRole('group', { name: 'Is it accurate?' })).getByRole('button', { name: 'No' }),
    );
    await userEvent.type(screen.getByRole('textbox', { name: 'Comment' }), 'Uploads are missing');
    await userEvent.click(screen.getByRole('button', { name: 'Send' }));
    expect(await screen.findByText('Uploads are missing')).toBeTruthy();
    expect(calls.find((c) => c.method === 'POST' && c.path.endsWith('/feedback'))?.body).toEqual({
      relevant: 'unsaid',
      accurate: 'no',
      comment: 'Uploads are missing',
    });
    const links = screen.getAllByRole('link', { name: 'Turn into a proposal' });
    expect(links[0]?.getAttribute('href')).toBe('/policy/KPI/efile-error-rate/edit?feedback=4');
  });
});
