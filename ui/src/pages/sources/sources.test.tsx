import { act, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import { renderApp } from '../../../test/app';
import type { Source } from '../../api/types';
import { rateOf, rateOfAll, signals, signalOf, sourcesOf } from './signals';
import { command, finder, newTest } from './testRow';

const [metrics, logs] = [signals[0], signals[1]];
const source = (more: Partial<Source>): Source => ({
  id: 'a',
  kind: 'push',
  job: 'a',
  target: 'a',
  labels: {},
  health: 'up',
  last_at: 0,
  interval_ms: 0,
  last_error: '',
  hint: '',
  samples: 0,
  series: 0,
  refused: {},
  refused_by_signal: {},
  rows: {},
  dropped: 0,
  sampled_out: 0,
  duration_ms: 0,
  ...more,
});

describe('what comes a second', () => {
  const heard = [
    { as_of: 1000, sources: [source({ rows: { logs: 100 } })] },
    {
      as_of: 11_000,
      sources: [
        source({ rows: { logs: 150 } }),
        source({ id: 'b', kind: 'scrape', samples: 300, interval_ms: 15_000 }),
      ],
    },
  ];
  it('is the difference between answers, or what a scrape brings', () => {
    expect(rateOf(heard, 'a', logs)).toBe(5);
    expect(rateOf(heard, 'b', metrics)).toBe(20);
    expect(rateOfAll(heard, logs)).toBe(5);
  });
  it('is unknown after one answer and after a restart', () => {
    expect(rateOf(heard.slice(1), 'a', logs)).toBeUndefined();
    expect(rateOf([...heard].reverse(), 'a', logs)).toBeUndefined();
    expect(
      rateOf([heard[1], { as_of: 21_000, sources: [source({ rows: { logs: 2 } })] }] as typeof heard, 'a', logs),
    ).toBeUndefined();
  });
  it('counts a source where it sends', () => {
    const list = heard[1]?.sources ?? [];
    expect(sourcesOf(list, logs).map((s) => s.id)).toEqual(['a']);
    expect(sourcesOf(list, metrics).map((s) => s.id)).toEqual(['b']);
    expect(signalOf('traces').key).toBe('spans');
    expect(signalOf('nonsense').value).toBe('metrics');
  });
});

describe('a test to send', () => {
  it('is a command that any shell runs, with its id and without a token', () => {
    const t = newTest();
    for (const s of signals) {
      const text = command(s.value, 'http://127.0.0.1:9700', t);
      expect(text).toContain(`http://127.0.0.1:9700/v1/${s.value} `);
      expect(text).toContain(t.id);
      const body = text.split('\n').slice(3, -1).join('\n').replaceAll('$(date +%s)', '1795262048');
      expect(() => JSON.parse(body) as unknown).not.toThrow();
    }
    expect(finder('metrics', t.id)).toBe(`signalbox_test{test_id="${t.id}"}`);
    expect(newTest().id).not.toBe(t.id);
  });

  it('waits, and turns green as the row lands', async () => {
    const opened: { url: string; hear: Record<string, (e: { data: string }) => void> }[] = [];
    vi.stubGlobal(
      'EventSource',
      class {
        hear: Record<string, (e: { data: string }) => void> = {};
        constructor(url: string) {
          opened.push({ url, hear: this.hear });
        }
        addEventListener(name: string, f: (e: { data: string }) => void) {
          this.hear[name] = f;
        }
        close(): void {
          // Nothing is open.
        }
      },
    );
    renderApp('/sources');
    await userEvent.click(await screen.findByRole('button', { name: 'Send a test: Events' }));
    const dialog = await screen.findByRole('dialog', { name: 'Send a test: events' });
    expect(await within(dialog).findByText('Waiting.')).toBeTruthy();
    const tail = await waitFor(() => {
      const t = opened.find((o) => o.url.includes('/tail/events'));
      if (!t) throw new Error('no tail');
      return t;
    });
    const id = /test-[0-9a-f]{6}/.exec(decodeURIComponent(tail.url))?.[0] ?? '?';
    expect(within(dialog).getAllByText(new RegExp(id)).length).toBeGreaterThan(0);
    act(() =>
      tail.hear.rows?.({
        data: JSON.stringify({
          rows: [{ time: 1, source: 'push', weight: 1, attributes: [], resource: [] }],
          missed: 0,
        }),
      }),
    );
    expect(await within(dialog).findByText('It has arrived')).toBeTruthy();
  });
});

describe('sources of a signal', () => {
  it('shows what was stored, refused, dropped and sampled out', async () => {
    renderApp('/sources?signal=logs&in=python');
    const table = await screen.findByRole('region', { name: 'Table of sources of logs' });
    const row = within(table).getByRole('row', { name: /efile/ });
    expect(row.textContent).toMatch(/12 clock ahead/);
    expect(row.textContent).toMatch(/420/);
    expect(await screen.findByRole('heading', { name: 'signals.py' })).toBeTruthy();
  });
});
