import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import { renderApp } from '../../../test/app';
import { readDraft } from '../policy/drafts';

/** What must be there for the test to make sense. */
function sure<T>(v: T | null | undefined): T {
  if (v === null || v === undefined) throw new Error('it is not there');
  return v;
}

const lines = () => screen.findByRole('table', { name: 'Log lines, newest first' });
const firstLine = async () => {
  return sure(within(await lines()).getAllByRole('button', { expanded: false })[0]);
};

describe('logs', () => {
  it('lists lines with the level as a word, and asks for what the address says', async () => {
    const { calls } = renderApp('/explore/logs?q=level%3Aerror&range=15m');
    expect(within(await lines()).getAllByText('error').length).toBeGreaterThan(2);
    const asked = calls.find((c) => c.path === '/logs')?.query;
    expect(asked?.get('q')).toBe('level:error');
    expect(Number(asked?.get('to')) - Number(asked?.get('from'))).toBe(900_000);
    expect(calls.find((c) => c.path === '/logs/histogram')?.query.get('by')).toBe('level');
  });

  it('adds and takes away by a click on a value', async () => {
    const { router } = renderApp('/explore/logs');
    await lines();
    const service = await screen.findByRole('region', { name: 'service' });
    await userEvent.click(within(service).getByRole('button', { name: /^intake/ }));
    await waitFor(() => expect(router.state.location.search).toMatchObject({ q: 'service:intake' }));
    await userEvent.click(await screen.findByRole('button', { name: 'Without level info' }));
    await waitFor(() => expect(router.state.location.search).toMatchObject({ q: 'service:intake -level:info' }));
  });

  it('walks with J, opens with Enter, shows neighbours with C, and goes to the trace with T', async () => {
    const { router } = renderApp('/explore/logs?q=level%3Aerror');
    const first = await firstLine();
    await userEvent.keyboard('j');
    expect(document.activeElement).toBe(first);
    await userEvent.keyboard('{Enter}');
    expect(await screen.findByRole('link', { name: 'Open its trace' })).toBeTruthy();
    await userEvent.keyboard('c');
    const around = await screen.findByRole('region', { name: /Lines of \w+ around it/ });
    expect(within(around).getByText('(the line itself)')).toBeTruthy();
    await userEvent.keyboard('t');
    await waitFor(() => expect(router.state.location.pathname).toMatch(/^\/explore\/traces\/[0-9a-f]{32}$/));
    expect(await screen.findByRole('treegrid')).toBeTruthy();
  });

  it('completes a field and a value with the arrows', async () => {
    const { router } = renderApp('/explore/logs');
    await lines();
    const box = screen.getByRole('combobox', { name: 'Search the logs' });
    await userEvent.type(box, 'ser');
    await screen.findByRole('option', { name: /service:/ });
    await userEvent.keyboard('{ArrowDown}{Enter}');
    await screen.findByRole('option', { name: /intake/ });
    await userEvent.keyboard('{ArrowDown}{Enter}{Enter}');
    await waitFor(() => expect(router.state.location.search).toMatchObject({ q: 'service:intake' }));
  });

  it('says a mistake at its place and does not ask', async () => {
    const { calls } = renderApp('/explore/logs');
    await lines();
    const before = calls.length;
    await userEvent.type(screen.getByRole('combobox', { name: 'Search the logs' }), 'level:error OR{Enter}');
    expect((await screen.findByRole('alert')).textContent).toMatch(/At character 13: OR needs something on both sides/);
    expect(calls.slice(before).some((c) => c.query.get('q')?.includes('OR'))).toBe(false);
  });

  it('says what the server finds wrong with the search', async () => {
    renderApp('/explore/logs?q=duration%3A%3Emuch', {
      extra: {
        'GET /logs': () => ({
          status: 422,
          body: { detail: 'search: "much" at character 11: want a number of seconds' },
        }),
      },
    });
    expect((await screen.findByRole('alert')).textContent).toMatch(/^At character 11:/);
  });

  it('shows counts as a table with a way into each', async () => {
    const { router } = renderApp('/explore/logs');
    await lines();
    await userEvent.keyboard('t');
    const table = await screen.findByRole('region', { name: 'Counts of lines' });
    await userEvent.click(sure(within(table).getAllByRole('button', { name: /^Narrow to/ })[0]));
    await waitFor(() =>
      expect(router.state.location.search).toHaveProperty('range', expect.stringMatching(/^\d+-\d+$/)),
    );
  });

  it('narrows by the keyboard in the chart', async () => {
    const { router } = renderApp('/explore/logs');
    await lines();
    const chart = await screen.findByRole('group', { name: /lines over time/ });
    chart.focus();
    await userEvent.keyboard('{Home}{ArrowRight}{Shift>}{ArrowRight}{/Shift}');
    expect(within(sure(chart.parentElement)).getByRole('status').textContent).toMatch(/lines/);
    await userEvent.keyboard('{Enter}');
    await waitFor(() =>
      expect(router.state.location.search).toHaveProperty('range', expect.stringMatching(/^\d+-\d+$/)),
    );
  });

  it('hands a KPI to the policy editor', async () => {
    const { router } = renderApp('/explore/logs?q=service%3Aintake+level%3Aerror');
    await lines();
    await userEvent.click(await screen.findByRole('button', { name: 'Make this a KPI' }));
    const dialog = await screen.findByRole('dialog', { name: 'Make this a KPI' });
    expect(dialog.textContent).toContain('bad: \'logs{service="intake",level="error"}\'');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Go on in the policy editor' }));
    await waitFor(() => expect(router.state.location.pathname).toBe('/policy/new'));
    expect(readDraft('new/KPI')?.text).toContain('ratio:');
  });

  it('follows lines as they arrive, counts what was missed, and holds them while it is paused', async () => {
    const heard: Record<string, (e: unknown) => void> = {};
    vi.stubGlobal(
      'EventSource',
      class {
        constructor(readonly url: string) {}
        addEventListener(name: string, f: (e: unknown) => void): void {
          if (this.url.includes('/tail/')) heard[name] = f;
        }
        close(): void {
          delete heard.rows;
        }
      },
    );
    const send = (bodies: string[], missed = 0) =>
      heard.rows?.({
        data: JSON.stringify({
          rows: bodies.map((body, i) => ({
            time: Date.now() + i,
            level: 'info',
            body,
            weight: 1,
            attributes: [],
            resource: [],
          })),
          missed,
        }),
      });
    renderApp('/explore/logs?live=on');
    await waitFor(() => expect(heard.rows).toBeTruthy());
    send(['one', 'two'], 7);
    expect(await screen.findByText('two')).toBeTruthy();
    expect(screen.getByText(/7 came too fast/)).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: 'Pause' }));
    send(['three']);
    expect(await screen.findByText(/1 waiting/)).toBeTruthy();
    expect(screen.queryByText('three')).toBeNull();
    await userEvent.click(screen.getByRole('button', { name: 'Go on' }));
    expect(await screen.findByText('three')).toBeTruthy();
  });
});

describe('traces', () => {
  it('lists traces and opens one, whose tree is walked with the arrows', async () => {
    const { router } = renderApp('/explore/traces?q=status%3Aerror');
    const table = await screen.findByRole('table', { name: 'Traces, newest first' });
    await userEvent.click(sure(within(table).getAllByRole('link')[0]));
    const grid = await screen.findByRole('treegrid');
    const rows = () => within(grid).getAllByRole('row');
    const all = rows().length;
    expect(grid.textContent).toContain('failed');
    expect(within(grid).getAllByText(/on the critical path/).length).toBeGreaterThan(2);
    sure(rows()[1]).focus();
    await userEvent.keyboard('{ArrowLeft}');
    expect(rows().length).toBeLessThan(all);
    await userEvent.keyboard('{ArrowRight}');
    expect(rows().length).toBe(all);
    await userEvent.keyboard('{ArrowDown}{ArrowDown}{Enter}');
    expect(router.state.location.search).toHaveProperty('span');
    const panel = await screen.findByRole('complementary', { name: /^intake: POST/ });
    expect(within(panel).getByText('LedgerTimeout')).toBeTruthy();
    expect(within(panel).getByRole('link', { name: 'All logs of the trace' })).toBeTruthy();
  });

  it('says all of it in a table too, and marks a missing parent in words', async () => {
    const { calls } = renderApp('/explore/traces');
    const table = await screen.findByRole('table', { name: 'Traces, newest first' });
    expect(calls.some((c) => c.path === '/traces')).toBe(true);
    const nine = within(table)
      .getAllByRole('row')
      .find((r) => r.querySelector('[data-unit=spans]')?.textContent === '9');
    await userEvent.click(within(sure(nine)).getByRole('link'));
    await screen.findByRole('treegrid');
    await userEvent.click(screen.getByRole('button', { name: 'Table' }));
    expect((await screen.findByRole('region', { name: 'Spans as a table' })).textContent).toContain('parent missing');
  });

  it('says what a trace that is gone was', async () => {
    renderApp('/explore/traces/0af7651916cd43dd8448eb211c80319c');
    expect(await screen.findByText(/There is no trace 0af76519/)).toBeTruthy();
  });
});

describe('services, errors, what belongs together', () => {
  it('draws the map and lists it, worst first', async () => {
    renderApp('/explore/services');
    expect(
      await screen.findByRole('link', { name: /portal to intake, call: 12\u2009\/s, 7\.8\u2009% errors/ }),
    ).toBeTruthy();
    await userEvent.keyboard('t');
    const rows = within(screen.getByRole('region', { name: 'Connections' })).getAllByRole('row');
    expect(rows[1]?.textContent).toContain('intake queries postgresql');
  });

  it('sorts and filters errors, and never tells of too few people', async () => {
    const { router, calls } = renderApp('/explore/errors');
    const table = await screen.findByRole('table', { name: 'Errors' });
    expect(within(table).getByText('few')).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: 'New' }));
    await waitFor(() => expect(router.state.location.search).toMatchObject({ state: 'new' }));
    await userEvent.selectOptions(screen.getByRole('combobox', { name: 'Order' }), 'people');
    await waitFor(() => expect(calls.at(-1)?.query.get('sort')).toBe('people'));
  });

  it('shows one error with its changes and examples', async () => {
    renderApp('/explore/errors/e1f09a');
    expect(await screen.findByRole('heading', { level: 1, name: 'LedgerTimeout in intake' })).toBeTruthy();
    expect(await screen.findByRole('list', { name: 'Changes in this range' })).toBeTruthy();
    expect(screen.getAllByRole('link', { name: 'Its trace' }).length).toBeGreaterThan(0);
  });

  it('puts a session in the order of time', async () => {
    renderApp('/explore/logs?q=level%3Aerror');
    await userEvent.click(await firstLine());
    await userEvent.click(await screen.findByRole('link', { name: 'Its session' }));
    expect(await screen.findByRole('heading', { level: 1, name: /^Session s-/ })).toBeTruthy();
    expect((await screen.findByRole('region', { name: 'In the order of time' })).textContent).toContain(
      'filing_submitted',
    );
  });

  it('says that a page does not exist', async () => {
    renderApp('/explore/nothing');
    expect(await screen.findByRole('heading', { name: 'There is no such page' })).toBeTruthy();
  });
});
