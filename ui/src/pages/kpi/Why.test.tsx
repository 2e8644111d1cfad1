import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import { why } from '../../../dev/why.mjs';
import { now, renderApp, type Call } from '../../../test/app';
import { kpiSearch } from './search';
import { askedOf, inputOf, instantOf } from './WhyTime';

vi.mock('../../chart/TimeChart', () => ({
  TimeChart: ({ sentence, children }: { sentence: string; children?: (i: number) => React.ReactNode }) => (
    <div role="group" aria-label={sentence}>
      {children?.(3)}
    </div>
  ),
}));

const extra = {
  'GET /kpis/efile-error-rate/why': (c: Call) => {
    const [status, body] = why('efile-error-rate', c.query, now);
    return { status, body };
  },
};
const page = '/kpi/efile-error-rate';
const panel = () => screen.findByRole('region', { name: 'Why was I paged, or not?' });

describe('the time of the question', () => {
  it('is read from the address and from the input', () => {
    expect(askedOf('1795269900000')).toEqual({ at: 1795269900000 });
    expect(askedOf('1795266300000-1795269900000')).toEqual({ from: 1795266300000, to: 1795269900000 });
    for (const bad of [undefined, '', 'now', '1795269900000-1795266300000', '5-']) expect(askedOf(bad)).toBeUndefined();
    expect(inputOf(1795269900000, 'UTC')).toBe('2026-11-21T14:05:00');
    expect(instantOf('2026-11-21T14:05', 'UTC')).toBe(1795269900000);
    expect(instantOf(inputOf(1795269907000, 'local'), 'local')).toBe(1795269907000);
    expect(instantOf('', 'UTC')).toBeUndefined();
    expect(kpiSearch({ why: '1795269900000', to_whom: 'oncall' })).toEqual({ why: '1795269900000', to_whom: 'oncall' });
    expect(kpiSearch({ why: 'x' })).toEqual({});
  });
});

describe('the answer', () => {
  it('asks nothing until an instant is chosen', async () => {
    const { calls } = renderApp(page, { extra });
    expect(await within(await panel()).findByText(/Choose an instant/)).toBeTruthy();
    expect(calls.some((c) => c.path.endsWith('/why'))).toBe(false);
  });

  it('tells the sentence and the chain with its links', async () => {
    renderApp(`${page}?why=${now - 5 * 60_000}`, { extra });
    const p = within(await panel());
    expect((await p.findByText(/was paged at .* because/)).getAttribute('role')).toBe('status');
    expect(p.getAllByRole('listitem').length).toBeGreaterThan(5);
    expect(p.getAllByRole('link', { name: 'Revision 7' })[0]?.getAttribute('href')).toBe(
      '/policy/KPI/efile-error-rate',
    );
    expect(p.getByRole('link', { name: 'Policy pagers' }).getAttribute('href')).toBe('/policy/Route/pagers');
    expect(p.getAllByRole('link', { name: 'Decision record' })[0]?.getAttribute('href')).toBe('#decision-d3');
    expect(p.getByRole('link', { name: 'Receipt' }).getAttribute('href')).toBe('#why-receipts');
    expect(p.getByText('<d3.1@signalbox>')).toBeTruthy();
    expect(p.getByText(/validate \(At risk\)/)).toBeTruthy();
  });

  it('is asked with the keyboard for an instant and a receiver', async () => {
    vi.spyOn(Date, 'now').mockReturnValue(now);
    const user = userEvent.setup();
    const { calls, router } = renderApp(page, { extra });
    const p = within(await panel());
    await user.type(p.getByLabelText(/^Instant/), '2026-11-21T13:00:00');
    await user.type(p.getByLabelText(/^Receiver/), 'oncall{Enter}');
    expect(await p.findByText(/was silenced by silence 6c05/)).toBeTruthy();
    expect(p.getByText('Stopped here:')).toBeTruthy();
    expect(p.getByRole('link', { name: 'See silences' })).toBeTruthy();
    const asked = calls.find((c) => c.path.endsWith('/why'));
    expect(asked?.query.get('at')).toBe(String(Date.UTC(2026, 10, 21, 13)));
    expect(asked?.query.get('receiver')).toBe('oncall');
    expect(router.state.location.search).toMatchObject({ to_whom: 'oncall' });
    await user.click(p.getByRole('button', { name: 'Clear' }));
    expect(await p.findByText(/Choose an instant/)).toBeTruthy();
    vi.restoreAllMocks();
  });

  it('takes the span and the point of the chart', async () => {
    const user = userEvent.setup();
    const { calls } = renderApp(`${page}?range=${now - 7_200_000}-${now - 3_600_000}`, { extra });
    const p = within(await panel());
    await user.click(await p.findByRole('button', { name: 'The span on the chart' }));
    await p.findByRole('status');
    const span = calls.find((c) => c.path.endsWith('/why'));
    expect([span?.query.get('from'), span?.query.get('to')]).toEqual([
      String(now - 7_200_000),
      String(now - 3_600_000),
    ]);
    await user.click(await screen.findByRole('button', { name: 'Why then?' }));
    await vi.waitFor(() =>
      expect(
        calls
          .filter((c) => c.path.endsWith('/why'))
          .at(-1)
          ?.query.get('at'),
      ).toBeTruthy(),
    );
  });

  it('says what is wrong with the question', async () => {
    vi.spyOn(Date, 'now').mockReturnValue(now);
    const user = userEvent.setup();
    renderApp(`${page}?why=${now - 5 * 60_000}&to_whom=nobody`, { extra });
    const p = within(await panel());
    expect(await p.findByText(/want the name of a receiver/)).toBeTruthy();
    const at = p.getByLabelText(/^Instant/);
    await user.clear(at);
    await user.type(at, '2027-11-21T13:00:00{Enter}');
    expect(await p.findByText(/has not come yet/)).toBeTruthy();
    vi.restoreAllMocks();
  });
});
