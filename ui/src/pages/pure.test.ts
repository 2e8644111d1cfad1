import { describe, expect, it } from 'vitest';
import { rank } from '../components/rank';
import { faultOf, matcherText, withOp } from './alerts/matcher';
import { autoStep, differing, nameOf, onOneAxis, stepFor } from './explore/plan';
import { exploreSearch } from './explore/search';
import { groupOf, kpiSearch } from './kpi/search';
import { shape, turn } from './wall/turn';
import { proposals, scrapeConfig } from './welcome/config';

describe('matchers of a silence', () => {
  const m = (name: string, value: string) => ({ name, value, is_regex: false, is_equal: true });

  it('are written as PromQL writes them', () => {
    expect(matcherText(m('service', 'in"take'))).toBe('service="in\\"take"');
    expect((['=', '!=', '=~', '!~'] as const).map((op) => matcherText(withOp(m('a', 'b'), op)))).toEqual([
      'a="b"',
      'a!="b"',
      'a=~"b"',
      'a!~"b"',
    ]);
  });

  it.each([
    [[], /at least one label/],
    [[m('', 'x')], /name of a label/],
    [[m('a', '')], /would be muted/],
    [[withOp(m('a', '.*'), '=~')], /would be muted/],
    [[withOp(m('a', '('), '=~')], /not a regular expression/],
    [[m('a', 'b'), withOp(m('c', '.*'), '=~')], /^$/],
  ])('are refused where they would mute everything', (list, want) => {
    expect(faultOf(list)).toMatch(want);
  });
});

describe('Explore', () => {
  it('asks for about three hundred points and never more than eleven thousand', () => {
    expect(autoStep(3_600_000)).toBe(15_000);
    expect(autoStep(7 * 86_400_000)).toBe(3_600_000);
    expect(stepFor(86_400_000, 1000)).toBe(autoStep(86_400_000));
    expect(stepFor(3_600_000, 1000)).toBe(1000);
  });

  it('puts series on one axis with holes as holes, and infinity as none', () => {
    const { t, columns } = onOneAxis([
      {
        metric: {},
        values: [
          [1, 1],
          [2, Infinity],
        ],
      },
      {
        metric: {},
        values: [
          [2, 5],
          [3, 6],
        ],
      },
    ]);
    expect(t).toEqual([1, 2, 3]);
    expect(columns).toEqual([
      [1, null, null],
      [null, 5, 6],
    ]);
  });

  it('names series', () => {
    expect(nameOf({ __name__: 'up', job: 'a' }, 'q')).toBe('up{job="a"}');
    expect(nameOf({}, 'sum(up)')).toBe('sum(up)');
    expect(
      differing([
        { a: '1', b: '2' },
        { a: '1', b: '3' },
      ]),
    ).toEqual(['b']);
  });

  it('reads its address strictly', () => {
    expect(exploreSearch({ q: ['a', '', 'b'], range: '6h', step: '15s', view: 'table' })).toEqual({
      q: ['a', 'b'],
      range: '6h',
      step: '15s',
      view: 'table',
    });
    expect(exploreSearch({ q: '', range: 'x', step: '0.5', view: 'pie' })).toEqual({});
  });
});

describe('the KPI page’s address', () => {
  it('drops what it does not know', () => {
    expect(kpiSearch({ range: '7d', compare: 'on', view: 'table', group: '{"a":"b"}', x: '1' })).toEqual({
      range: '7d',
      compare: 'on',
      view: 'table',
      group: '{"a":"b"}',
    });
    expect(kpiSearch({ range: 'drop', compare: 'yes', group: '{"a":1}' })).toEqual({});
    expect(groupOf('[1]')).toBeUndefined();
    expect(groupOf('{')).toBeUndefined();
  });
});

describe('the wall', () => {
  const tile = (light: 'red' | 'green' | 'grey', n: number) => ({ light, n });

  it('pins trouble and lets the rest take turns', () => {
    const tiles = [tile('red', 0), tile('grey', 1), ...Array.from({ length: 40 }, (_, i) => tile('green', i + 2))];
    const turns = Array.from({ length: 3 }, (_, i) => turn(tiles, 16, i));
    for (const t of turns) expect(t.shown.slice(0, 2).map((x) => x.n)).toEqual([0, 1]);
    expect(turns[0]?.turns).toBe(3);
    expect(new Set(turns.flatMap((t) => t.shown.map((x) => x.n))).size).toBe(42);
  });

  it('shows everything at once where it fits', () => {
    expect(turn([tile('green', 1)], 16, 5)).toEqual({ shown: [tile('green', 1)], turns: 1 });
    expect([1, 4, 9, 12, 16].map(shape)).toEqual([
      { columns: 1, rows: 1 },
      { columns: 2, rows: 2 },
      { columns: 3, rows: 3 },
      { columns: 4, rows: 3 },
      { columns: 4, rows: 4 },
    ]);
  });

  it('goes on when more is broken than fits', () => {
    const tiles = Array.from({ length: 30 }, (_, i) => tile('red', i));
    const all = [0, 1, 2, 3, 4].flatMap((i) => turn(tiles, 16, i).shown.map((x) => x.n));
    expect(new Set(all).size).toBe(30);
  });
});

describe('first run', () => {
  it('makes a scrape configuration of an address', () => {
    expect(scrapeConfig('https://tax.example:8443/internal/prom?format=text').text).toBe(
      [
        'scrape_configs:',
        '  - job_name: tax',
        '    scrape_interval: 15s',
        '    scheme: https',
        '    metrics_path: "/internal/prom"',
        '    params:',
        '      "format": ["text"]',
        '    static_configs:',
        '      - targets: ["tax.example:8443"]',
      ].join('\n'),
    );
    expect(scrapeConfig('localhost:8000').text).toContain('job_name: my-service-8000');
  });

  it.each([
    ['http://', /not an address/],
    ['ftp://a/metrics', /begins with http/],
    ['http://me:secret@a/metrics', /password/],
  ])('says what is wrong with %s', (address, want) => {
    expect(scrapeConfig(address).error).toMatch(want);
    expect(scrapeConfig(address).text).toBe('');
  });

  it('proposes KPIs of a service, not of ourselves', () => {
    const list = proposals({
      signalbox_http_requests_total: [{ type: 'counter' }],
      http_requests_total: [{ type: 'counter' }],
      http_request_duration_seconds: [{ type: 'histogram' }],
    });
    expect(list.map((p) => p.name)).toEqual(['error-rate', 'fast-answers']);
    expect(list[0]?.text).toContain(`bad: 'http_requests_total{code=~"5.."}'`);
    expect(proposals({})).toEqual([]);
  });
});

describe('finding', () => {
  it('puts what begins with the text first and wants every word', () => {
    const names = ['refunds on time', 'e-file error rate', 'error budget', 'terror'];
    expect(rank(names, 'error', (n) => n, 9)).toEqual(['error budget', 'e-file error rate', 'terror']);
    expect(rank(names, 'rate file', (n) => n, 9)).toEqual(['e-file error rate']);
    expect(rank(names, '', (n) => n, 2)).toEqual(names.slice(0, 2));
  });
});
