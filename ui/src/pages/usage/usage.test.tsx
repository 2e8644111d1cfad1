import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import { renderApp } from '../../../test/app';
import { me } from '../../../dev/people.mjs';
import { readDraft } from '../policy/drafts';

const asked = (calls: { path: string; query: URLSearchParams }[], path: string) =>
  calls.findLast((c) => c.path === path)?.query;

describe('engagement', () => {
  it('takes the last whole week for its headline and shows the running one as such', async () => {
    renderApp('/usage/engagement?view=table');
    const table = await screen.findByRole('region', { name: 'Table: People active per week' });
    const rows = within(table).getAllByRole('rowheader');
    expect(rows[0]?.textContent).toMatch(/so far$/);
    expect(rows[1]?.textContent).not.toMatch(/so far/);
    const cells = within(table).getAllByRole('row')[2]?.querySelectorAll('td');
    const panel = screen.getByRole('region', { name: 'People active per week' });
    expect(within(panel).getByText(cells?.[0]?.textContent ?? '?', { selector: 'strong' })).toBeTruthy();
  });

  it('asks for the application of the address, and walks its chart with the arrows', async () => {
    const { calls } = renderApp('/usage/engagement?service=intake&period=day');
    const chart = await screen.findByRole('group', { name: /^People active per day/ });
    expect(calls.some((c) => c.path === '/usage/actives' && c.query.get('service') === null)).toBe(true);
    expect(calls.some((c) => c.path === '/usage/actives' && c.query.get('service') === 'intake')).toBe(true);
    chart.focus();
    await userEvent.keyboard('{End}');
    expect(screen.getByText(/of them new, so far$/)).toBeTruthy();
  });

  it('hands a number to the policy editor as a draft', async () => {
    const { calls, router } = renderApp('/usage/engagement');
    await userEvent.click(await screen.findByRole('button', { name: 'Make this a KPI: People active per week' }));
    const dialog = await screen.findByRole('dialog');
    await within(dialog).findByLabelText('The document');
    expect(calls.find((c) => c.path === '/usage/kpi')?.body).toMatchObject({ view: 'actives', span: 'week' });
    await userEvent.click(within(dialog).getByRole('button', { name: 'Go on in the policy editor' }));
    await waitFor(() => expect(router.state.location.pathname).toBe('/policy/new'));
    expect(readDraft('new/KPI')?.text).toMatch(/^kind: KPI\nname: usage-actives/);
  });

  it('makes a KPI of each of its figures', async () => {
    const { calls } = renderApp('/usage/engagement?service=intake');
    await screen.findByRole('region', { name: 'Sessions' });
    const facts = screen.getAllByRole('term').map((t) => t.textContent);
    expect(facts).toContain('Stickiness');
    expect(facts).toContain('Actions per session');
    for (const name of facts) expect(screen.getByRole('button', { name: `Make this a KPI: ${name}` })).toBeTruthy();
    for (const [name, view] of [
      ['Stickiness', 'stickiness'],
      ['Actions per session', 'actions'],
    ]) {
      await userEvent.click(screen.getByRole('button', { name: `Make this a KPI: ${name}` }));
      const dialog = await screen.findByRole('dialog');
      await within(dialog).findByLabelText('The document');
      expect(calls.findLast((c) => c.path === '/usage/kpi')?.body).toMatchObject({ view, service: 'intake' });
      expect(calls.findLast((c) => c.path === '/usage/kpi')?.body).toHaveProperty('value');
      await userEvent.click(within(dialog).getByRole('button', { name: 'Cancel' }));
    }
  });

  it('offers no KPI to those who may not propose', async () => {
    renderApp('/usage/engagement', {
      extra: { 'GET /me': () => ({ body: me(Date.now(), { actions: ['read_signals'] }) }) },
    });
    await screen.findByRole('region', { name: 'Sessions' });
    expect(screen.queryByRole('button', { name: /Make this a KPI/ })).toBeNull();
  });

  it('says what is missing where no event has arrived', async () => {
    const none = { period: 'week', points: [], day: 0, week: 0, month: 0, stickiness: null, apps: [], notes: [] };
    renderApp('/usage/engagement', { extra: { 'GET /usage/actives': () => ({ body: none }) } });
    expect(await screen.findByRole('link', { name: 'Send a first event' })).toBeTruthy();
  });
});

describe('retention', () => {
  it('marks running cells, hides few, and leaves what has not begun empty', async () => {
    renderApp('/usage/retention');
    const table = await screen.findByRole('table', { name: /Each row is a cohort/ });
    expect(within(table).getAllByText('few').length).toBeGreaterThan(3);
    expect(within(table).getAllByText(', so far').length).toBeGreaterThan(3);
    expect(within(table).getAllByText('not yet').length).toBeGreaterThan(3);
    expect(within(table).getByRole('columnheader', { name: 'Week 8' })).toBeTruthy();
  });

  it('asks for what is chosen', async () => {
    const { calls } = renderApp(
      '/usage/retention?cohort=recurring&rule=on-or-after&period=month&start=name:filing_started',
    );
    await screen.findByRole('table', { name: /Each row is a cohort/ });
    const q = asked(calls, '/usage/retention');
    expect([q?.get('recurring'), q?.get('on_or_after'), q?.get('period'), q?.get('start')]).toEqual([
      'true',
      'true',
      'month',
      'name:filing_started',
    ]);
  });
});

describe('adoption', () => {
  it('draws what is ticked', async () => {
    const { router } = renderApp('/usage/adoption');
    await userEvent.click(await screen.findByRole('checkbox', { name: 'Draw refund_checked' }));
    await waitFor(() =>
      expect(router.state.location.search).toMatchObject({
        name: ['page_view', 'filing_started', 'filing_submitted', 'refund_checked'],
      }),
    );
    const few = screen.getByRole('checkbox', { name: 'Draw help_opened' }).closest('tr');
    expect(few?.textContent).toMatch(/few/);
  });
});

describe('the funnel', () => {
  const steps = 'step=name:filing_started&step=name:filing_submitted&step=name:filing_accepted';

  it('shows each step with its shares, times and traces of those lost', async () => {
    const { calls } = renderApp(`/usage/funnel?${steps}&exclude=1:name:left&by=channel&order=strict&within=1h`);
    expect(await screen.findByRole('heading', { name: 'Traces of those lost' })).toBeTruthy();
    const q = asked(calls, '/usage/funnel');
    expect(q?.getAll('step')).toHaveLength(3);
    expect([q?.getAll('exclude'), q?.get('order'), q?.get('within'), q?.get('by')]).toEqual([
      ['1:name:left'],
      'strict',
      '3600',
      'channel',
    ]);
    expect(screen.getAllByText('of the step before')).toHaveLength(2);
    expect(screen.getByRole('region', { name: 'Table by channel' })).toBeTruthy();
  });

  it('moves a step with Alt and the arrows, keeps the focus in it, and says so', async () => {
    const { router } = renderApp(`/usage/funnel?${steps}`);
    const second = await screen.findByRole('combobox', { name: 'Step 2' });
    second.focus();
    await userEvent.keyboard('{Alt>}{ArrowUp}{/Alt}');
    await waitFor(() =>
      expect(router.state.location.search).toMatchObject({
        step: ['name:filing_submitted', 'name:filing_started', 'name:filing_accepted'],
      }),
    );
    expect(screen.getByText('Step 2 is now step 1')).toBeTruthy();
    await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('combobox', { name: 'Step 1' })));
  });

  it('completes names of events', async () => {
    const { router } = renderApp('/usage/funnel');
    await userEvent.type(await screen.findByRole('combobox', { name: 'Step 1' }), 'filing_s');
    await screen.findByRole('option', { name: /filing_submitted/ });
    await userEvent.keyboard('{ArrowDown}{Enter}');
    await waitFor(() =>
      expect(String((router.state.location.search as { step?: unknown }).step)).toMatch(/^name:filing_s/),
    );
  });

  it('says what the server finds wrong', async () => {
    renderApp(`/usage/funnel?${steps}`, {
      extra: { 'GET /usage/funnel': () => ({ status: 422, body: { detail: 'step 1 is empty' } }) },
    });
    expect((await screen.findByRole('alert')).textContent).toBe('step 1 is empty');
  });
});

describe('success', () => {
  it('tells what became of transactions and leads to their traces', async () => {
    const { calls } = renderApp('/usage/success?start=name:filing_submitted&end=name:filing_accepted&within=2m');
    expect(await screen.findByText('Never ended', { selector: 'li span' })).toBeTruthy();
    expect(asked(calls, '/usage/success')?.get('within')).toBe('120');
    const link = screen.getByRole('link', { name: /^Trace .* of C-88120$/ });
    expect(link.getAttribute('href')).toMatch(/^\/explore\/traces\/[0-9a-f]{32}$/);
  });

  it('says what a length looks like', async () => {
    renderApp('/usage/success');
    const within = await screen.findByRole('textbox', { name: /^Within/ });
    await userEvent.clear(within);
    await userEvent.type(within, 'soon');
    expect(screen.getByText(/Want a length such as/)).toBeTruthy();
  });
});
