import { describe, expect, it, vi } from 'vitest';
import * as fx from '../../dev/fixtures.mjs';
import { api, ApiError, ok } from './client';
import { parseSearch, stringifySearch } from './search';
import { announce, mergeBoard } from './stream';
import type { Update } from './types';

const now = Date.UTC(2026, 10, 21, 14, 31);
const list = fx.story('incident');
const board = fx.board(list, now);

function firstView() {
  const v = fx.views(list, now)[0];
  if (!v) throw new Error('the story is empty');
  return v;
}

function update(kpis: Update['kpis'], removed: string[] = []): Update {
  return { as_of: now + 1000, kpis, removed, verdict: board.verdict, counts: board.counts, sources: board.sources };
}

describe('an update of the stream', () => {
  it('makes new only what changed: all other tiles stay the very same', () => {
    const [first, ...rest] = board.tiles;
    const view = { ...firstView(), value: 0.05 };
    const merged = mergeBoard(board, update([view]));
    expect(merged.tiles[0]).not.toBe(first);
    expect(merged.tiles[0]?.value).toBe(0.05);
    expect(merged.tiles[0]?.strip).toBe(first?.strip);
    rest.forEach((t, i) => expect(merged.tiles[i + 1]).toBe(t));
  });

  it('moves the sparkline with the number', () => {
    const view = {
      ...firstView(),
      value: 0.07,
      period_end: (board.tiles[0]?.spark.t.at(-1) ?? 0) + 60_000,
    };
    const spark = mergeBoard(board, update([view])).tiles[0]?.spark;
    expect(spark?.v.at(-1)).toBe(0.07);
    expect(spark?.t).toHaveLength(96);
    const later = { ...view, period_end: (board.tiles[0]?.spark.t.at(-1) ?? 0) + 900_000 };
    const moved = mergeBoard(board, update([later])).tiles[0]?.spark;
    expect(moved?.t.at(-1)).toBe(later.period_end);
    expect(moved?.t).toHaveLength(96);
  });

  it('adds what is new and takes away what is gone', () => {
    const fresh = { ...firstView(), name: 'new-one' };
    const merged = mergeBoard(board, update([fresh], ['host-disk']));
    expect(merged.tiles.map((t) => t.name)).toContain('new-one');
    expect(merged.tiles.map((t) => t.name)).not.toContain('host-disk');
    expect(merged.total).toBe(board.total);
  });

  it('speaks of changes of state only', () => {
    const before = fx.views(list, now);
    expect(
      announce(
        before,
        before.map((k) => ({ ...k, value: 1 })),
      ),
    ).toBe('');
    const healed = before.map((k) =>
      k.name === 'efile-error-rate' ? { ...k, light: 'green' as const, reason: 'All well.' } : k,
    );
    expect(announce(before, healed)).toBe('E-file error rate: On target. All well.');
    expect(
      announce(
        before,
        before.map((k) => ({ ...k, light: 'red' as const, paused: null })),
      ),
    ).toMatch(/^\d+ KPIs changed state, \d+ of them breached\.$/);
  });
});

describe('the client', () => {
  const answers = (status: number, body: string) =>
    vi.stubGlobal('fetch', () =>
      Promise.resolve(new Response(body, { status, headers: { 'Content-Type': 'application/problem+json' } })),
    );

  it('hands on the server’s sentence', async () => {
    answers(404, '{"title":"Not Found","detail":"There is no KPI named \\"x\\"."}');
    const asked = ok(api.GET('/api/signalbox/v1/kpis/{name}', { params: { path: { name: 'x' } } }));
    await expect(asked).rejects.toEqual(new ApiError(404, 'There is no KPI named "x".'));
  });

  it.each([
    [401, '', 'You are signed out.'],
    [502, '<html>bad gateway</html>', 'The server answered 502.'],
  ])('has a sentence of its own for %s', async (status, body, want) => {
    answers(status, body);
    await expect(ok(api.GET('/api/signalbox/v1/board'))).rejects.toThrow(want);
  });

  it('says that nobody answers', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('failed to fetch')));
    await expect(ok(api.GET('/api/signalbox/v1/board'))).rejects.toThrow('The server does not answer');
  });
});

describe('the address', () => {
  it('reads back what it writes', () => {
    const search = { q: ['sum(rate(a[5m]))', 'up{job="x y"} == 1'], range: '6h', label: ['team=a&b'] };
    expect(parseSearch(stringifySearch(search))).toEqual({ ...search, label: 'team=a&b' });
  });

  it('leaves out what is empty', () => {
    expect(stringifySearch({ a: undefined, b: '', c: [], d: null })).toBe('');
  });
});
