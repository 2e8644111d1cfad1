import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import * as fx from '../../../dev/fixtures.mjs';
import { now, renderApp } from '../../../test/app';
import { arrange, passes } from './arrange';
import { boardSearch } from './search';

const tiles = fx.board(fx.story('incident'), now).tiles;

describe('arranging', () => {
  it('puts the worst group first, and the worst tile in it', () => {
    const groups = arrange(tiles, {});
    expect(groups.map((g) => [g.name, g.state])).toEqual([
      ['Technical', 'red'],
      ['Business', 'grey'],
    ]);
    expect(groups[0]?.tiles.map((t) => t.light).slice(0, 2)).toEqual(['red', 'yellow']);
    expect(groups[0]?.tiles[2]?.paused).not.toBeNull();
  });

  it('groups by a label, by owner or not at all', () => {
    expect(arrange(tiles, { group: 'label:journey' }).map((g) => g.name)).toContain('Refunds');
    expect(arrange(tiles, { group: 'owner' }).map((g) => g.name)).toContain('platform@irs.example');
    expect(arrange(tiles, { group: 'none' })).toHaveLength(1);
  });

  it('filters by state, owner, outcome and labels together', () => {
    const names = (f: Parameters<typeof passes>[1]) => tiles.filter((t) => passes(t, f)).map((t) => t.name);
    expect(names({ state: 'paused' })).toEqual(['host-disk']);
    expect(names({ state: 'green' })).not.toContain('host-disk');
    expect(names({ label: ['journey=Platform', 'service=host'], outcome: 'technical' })).toHaveLength(3);
    expect(names({ label: ['journey=Platform', 'service=other'] })).toEqual([]);
  });

  it('reads its filters from the address strictly', () => {
    expect(boardSearch({ state: 'red', label: 'a=b', group: 'label:x', owner: 'o' })).toEqual({
      state: 'red',
      label: ['a=b'],
      group: 'label:x',
      owner: 'o',
    });
    expect(boardSearch({ state: 'purple', label: 'ab', group: 'size' })).toEqual({});
  });
});

describe('the board', () => {
  it('opens with the verdict and shows value, promise, state, why and history together', async () => {
    renderApp('/');
    expect(await screen.findByRole('heading', { level: 1, name: /E-file error rate is breached/ })).toBeTruthy();
    const tile = screen.getByRole('link', { name: 'E-file error rate' }).closest('article');
    if (!tile) throw new Error('no tile');
    const t = within(tile);
    expect(t.getByText('Breached')).toBeTruthy();
    expect(t.getByText(/Above 3.00 % in 3 of 3/)).toBeTruthy();
    expect(t.getByText(/^≤ 3.00/)).toBeTruthy();
    expect(t.getByRole('img', { name: /30 days: .*breached/ })).toBeTruthy();
    expect(t.getByText('Error budget spent')).toBeTruthy();
  });

  it('shows no data as its own state, never as a number', async () => {
    renderApp('/');
    const tile = (await screen.findByRole('link', { name: 'Call-centre contact rate' })).closest('article');
    expect(tile?.textContent).toContain('No data');
    expect(tile?.textContent).toContain('No value');
    expect(tile?.textContent).not.toMatch(/\b0(\.0+)? ?%/);
  });

  it('filters by a count and keeps the filter in the address', async () => {
    const { router } = renderApp('/');
    await userEvent.click(await screen.findByRole('button', { name: /1 At risk/ }));
    expect(router.state.location.search).toEqual({ state: 'yellow' });
    expect(await screen.findByText('1 of 10 KPIs')).toBeTruthy();
    expect(screen.queryByRole('link', { name: 'E-file error rate' })).toBeNull();
    await userEvent.click(screen.getByRole('button', { name: 'Clear filters' }));
    expect(router.state.location.search).toEqual({});
  });

  it('groups by what the reader picks', async () => {
    const { router } = renderApp('/?label=service%3Dhost');
    await userEvent.selectOptions(await screen.findByLabelText('Group by'), 'label:journey');
    expect(router.state.location.search).toEqual({ label: 'service=host', group: 'label:journey' });
    expect(await screen.findByRole('heading', { level: 2, name: 'Platform' })).toBeTruthy();
  });

  it('is walked with J and K', async () => {
    renderApp('/');
    await screen.findByRole('link', { name: 'E-file error rate' });
    await userEvent.keyboard('j');
    expect(document.activeElement?.textContent).toBe('E-file error rate');
    await userEvent.keyboard('jjk');
    expect(document.activeElement?.textContent).toBe('E-filings under 2 s');
  });

  it('says what it will show while nothing is promised, with one way on', async () => {
    renderApp('/', { story: 'empty' });
    expect(await screen.findByRole('heading', { level: 1, name: 'Nothing is promised yet' })).toBeTruthy();
    expect(screen.getByRole('link', { name: 'Get to a first number' })).toBeTruthy();
  });

  it('says the server’s sentence when it cannot be shown', async () => {
    renderApp('/', {
      extra: { 'GET /board': () => ({ status: 503, body: { detail: 'The store is being repaired.' } }) },
    });
    expect((await screen.findByRole('alert')).textContent).toContain('The store is being repaired.');
    expect(screen.getByRole('button', { name: 'Try again' })).toBeTruthy();
  });

  it('sends who is signed out to the door, with the way back', async () => {
    renderApp('/?state=red', { extra: { 'GET /board': () => ({ status: 401, body: {} }) } });
    expect(await screen.findByRole('dialog', { name: 'Your session is over' })).toBeTruthy();
    await userEvent.keyboard('{Escape}');
    expect(await screen.findByText('You are signed out')).toBeTruthy();
    expect(screen.getByRole('link', { name: 'sign in' }).getAttribute('href')).toMatch(/^\/login\?next=/);
  });

  it('has one h1, landmarks and a way past the rail', async () => {
    renderApp('/');
    await screen.findByRole('heading', { level: 1 });
    expect(screen.getAllByRole('heading', { level: 1 })).toHaveLength(1);
    expect(screen.getByRole('main')).toBeTruthy();
    expect(screen.getByRole('navigation', { name: 'Pages' })).toBeTruthy();
    expect(screen.getByRole('link', { name: 'Skip to the content' }).getAttribute('href')).toBe('#main');
  });
});
