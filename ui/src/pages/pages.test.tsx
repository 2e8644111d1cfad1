import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import { renderApp } from '../../test/app';

// The canvas is looked at in a real browser; here only what stands around it.
vi.mock('../chart/TimeChart', () => ({
  TimeChart: ({ sentence }: { sentence: string }) => <div role="group" aria-label={sentence} />,
}));

describe('the KPI page', () => {
  it('says the definition, four facts, where it fails and why', async () => {
    renderApp('/kpi/efile-error-rate');
    expect(await screen.findByRole('heading', { level: 1, name: 'E-file error rate' })).toBeTruthy();
    expect(screen.getByText(/Of all filings that people send/)).toBeTruthy();
    const facts = screen.getByRole('region', { name: 'Facts' });
    expect(facts.textContent).toContain('≤ 3.00');
    expect(facts.textContent).toContain('Error budget, 30 days');
    expect(facts.textContent).toContain('14.8 × allowed');
    expect(await screen.findByRole('row', { name: /intake 1,071 89/ })).toBeTruthy();
    expect(await screen.findByText(/turned Breached: 3 of 3/)).toBeTruthy();
    expect(await screen.findByRole('group', { name: /E-file error rate over the last 24 hours/ })).toBeTruthy();
  });

  it('opens a decision record with points, rule and who was told', async () => {
    const { router } = renderApp('/kpi/efile-error-rate');
    await userEvent.click(await screen.findByRole('button', { name: /turned Breached: 3 of 3/ }));
    expect(router.state.location.search).toMatchObject({ decision: 'd3' });
    const table = await screen.findByRole('table', { name: /Datapoints that were judged/ });
    expect(within(table).getAllByRole('row')).toHaveLength(6);
    expect(screen.getAllByText('451 4.3.2 try again later, from 127.0.0.1:1025').length).toBeGreaterThan(0);
  });

  it('shows the points as a table with T', async () => {
    const { router } = renderApp('/kpi/efile-error-rate');
    await screen.findByRole('heading', { level: 2, name: /Last 24 hours/ });
    await userEvent.keyboard('t');
    expect(router.state.location.search).toMatchObject({ view: 'table' });
    expect(await screen.findByRole('region', { name: 'Datapoints' })).toBeTruthy();
  });

  it('is grey with the reason where there is no data', async () => {
    renderApp('/kpi/contact-rate');
    expect((await screen.findAllByText('No data')).length).toBeGreaterThan(0);
    expect(screen.getByText(/callcentre-csv was last seen at 11:19/)).toBeTruthy();
    expect(screen.getByText(/did you mean calls_received_total/)).toBeTruthy();
  });

  it('says that a KPI is unknown in the server’s words', async () => {
    renderApp('/kpi/nothing');
    expect(await screen.findByText(/There is no KPI named "nothing"/)).toBeTruthy();
  });

  it('silences with a preview, a reason and an end', async () => {
    const { calls } = renderApp('/kpi/efile-error-rate', {
      extra: { 'POST /silences': () => ({ body: { id: 's1', matches: 1 } }) },
    });
    await userEvent.click(await screen.findByRole('button', { name: 'Silence' }));
    const dialog = await screen.findByRole('dialog', { name: 'Silence E-file error rate' });
    expect(await within(dialog).findByText('Mutes 1 active alert now')).toBeTruthy();
    await userEvent.click(within(dialog).getByRole('button', { name: 'Silence for 2 hours' }));
    expect(within(dialog).getByText('Say why, in a few words.')).toBeTruthy();
    expect(calls.some((c) => c.method === 'POST' && c.path === '/silences')).toBe(false);
    await userEvent.type(within(dialog).getByRole('textbox', { name: /Why/ }), 'Disk swap');
    await userEvent.click(within(dialog).getByRole('button', { name: '30 minutes' }));
    await userEvent.click(within(dialog).getByRole('button', { name: 'Silence for 30 minutes' }));
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    const sent = calls.find((c) => c.method === 'POST' && c.path === '/silences')?.body as {
      matchers: unknown;
      starts_at: number;
      ends_at: number;
      comment: string;
    };
    expect(sent.matchers).toEqual([{ name: 'kpi', value: 'efile-error-rate', is_regex: false, is_equal: true }]);
    expect(sent.ends_at - sent.starts_at).toBe(30 * 60_000);
    expect(sent.comment).toBe('Disk swap');
  });
});

describe('the alerts page', () => {
  it('says who is told, what is muted and which delivery failed', async () => {
    renderApp('/alerts');
    expect(await screen.findByRole('heading', { level: 1, name: '1 alert is being told, 1 is muted' })).toBeTruthy();
    expect(screen.getByRole('heading', { level: 3, name: /E-file error rate is 4.12/ })).toBeTruthy();
    expect(screen.getByText('451 4.3.2 try again later, from 127.0.0.1:1025')).toBeTruthy();
    expect(screen.getAllByText('kpi="host-disk"')[0]).toBeTruthy();
  });

  it('ends a silence', async () => {
    const { calls } = renderApp('/alerts', {
      extra: { 'DELETE /silences/s-disk': () => ({ status: 204, body: null }) },
    });
    await userEvent.click(await screen.findByRole('button', { name: /End now/ }));
    await waitFor(() => expect(calls.some((c) => c.method === 'DELETE' && c.path === '/silences/s-disk')).toBe(true));
  });

  it('shows the server’s refusal where it happened', async () => {
    renderApp('/alerts', {
      extra: { 'DELETE /silences/s-disk': () => ({ status: 403, body: { detail: 'A viewer may not end silences.' } }) },
    });
    await userEvent.click(await screen.findByRole('button', { name: /End now/ }));
    expect(await screen.findByText('A viewer may not end silences.')).toBeTruthy();
  });

  it('is calm when nothing alerts', async () => {
    renderApp('/alerts', { story: 'empty' });
    expect(await screen.findByRole('heading', { level: 1, name: 'Nothing is alerting' })).toBeTruthy();
    expect(screen.getByText(/Nobody is being told anything/)).toBeTruthy();
  });
});

describe('the sources page', () => {
  it('puts late sources first with their error and the line that mends it', async () => {
    renderApp('/sources');
    expect(await screen.findByRole('heading', { level: 1, name: '2 of 8 sources are late or down' })).toBeTruthy();
    const late = screen.getByRole('region', { name: 'callcentre-csv, Down' });
    expect(within(late).getByText(/application\/json/)).toBeTruthy();
    expect(within(late).getByText(/generate_latest/)).toBeTruthy();
    expect(screen.getAllByText('18,230 series limit, 4 out of order').length).toBeGreaterThan(0);
    expect(screen.getByRole('rowheader', { name: /intake/ })).toBeTruthy();
  });

  it('offers three ways to a first number while it is empty', async () => {
    renderApp('/sources', { story: 'empty' });
    for (const name of ['Look at the demo', 'Watch this machine', 'Point at my service']) {
      expect(await screen.findByRole('heading', { level: 2, name })).toBeTruthy();
    }
  });
});

describe('the demo page', () => {
  it('says that there is none where there is none', async () => {
    renderApp('/demo', { story: 'empty' });
    expect(await screen.findByText('The demo is not running here')).toBeTruthy();
  });
});

describe('the wall', () => {
  it('shows trouble first, with words', async () => {
    renderApp('/wall');
    const list = await screen.findByRole('list', { name: 'KPIs, worst first' });
    const first = within(list).getAllByRole('listitem')[0];
    expect(first?.textContent).toContain('E-file error rate');
    expect(first?.textContent).toContain('Breached');
  });
});

describe('everywhere', () => {
  it('finds a KPI by part of its name and opens it', async () => {
    const { router } = renderApp('/alerts');
    await screen.findByRole('heading', { level: 1 });
    await userEvent.keyboard('{Control>}k{/Control}');
    await userEvent.type(await screen.findByRole('combobox', { name: /Find/ }), 'refunds');
    expect(await screen.findByRole('option', { name: /Refunds issued on time/ })).toBeTruthy();
    await userEvent.keyboard('{Enter}');
    await waitFor(() => expect(router.state.location.pathname).toBe('/kpi/refunds-on-time'));
  });

  it('explains shapes and keys with ?, and can switch single keys off', async () => {
    renderApp('/');
    await screen.findByRole('heading', { level: 1 });
    await userEvent.keyboard('?');
    const help = await screen.findByRole('dialog', { name: 'Help' });
    expect(within(help).getByText('Breached.')).toBeTruthy();
    await userEvent.click(within(help).getByRole('switch', { name: /Single-key shortcuts/ }));
    expect(localStorage.getItem('signalbox.keys')).toBe('off');
    await userEvent.click(within(help).getByRole('switch', { name: /Single-key shortcuts/ }));
  });

  it('says that a page does not exist', async () => {
    renderApp('/log');
    expect(await screen.findByRole('heading', { level: 1, name: 'There is no such page' })).toBeTruthy();
  });
});
