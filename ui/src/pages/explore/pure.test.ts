import { describe, expect, it } from 'vitest';
import type { ErrorGroup } from '../../api/errors';
import type { TraceSpan } from '../../api/traces';
import { fieldOptions, spotAt, valueOptions } from './complete';
import { boundTo, bracketsOf, isBoundTo } from './durations';
import { hourly, peopleWord, rowsOfGroup } from './errorWords';
import { add, drop, holds, parse, quote, replaceField } from './language';
import { layered } from './layered';
import { address, exploreLinks } from './links';
import { kpiYaml, ofError, slug } from './makeKpi';
import { keysOf, seconds, timeOfKey } from './rowFields';
import { selectorOf, wholeOf } from './selector';
import { ceilingOf, stackOf } from './stack';
import { signalSearch } from './state';
import { barOf, detailOf, foldedAtFirst, oddities, rowsOf, ticks, visible } from './waterfall';

describe('the search language', () => {
  it('reads words, fields, comparisons, stars and quotes', () => {
    const of = (q: string) => parse(q).conditions.map((c) => [c.negated ? '-' : '', c.field, c.op, c.value].join(' '));
    expect(of('timeout service:intake -level:info')).toEqual([
      ' * contains timeout',
      ' service = intake',
      '- level = info',
    ]);
    expect(of('duration:>2s body:*re fused* http.status_code:5* route:*')).toEqual(
      [' duration > 2s', ' body =~ .*re', ' * contains fused', ' http.status_code =~ 5.*', ' route exists '].map((x) =>
        x.replace('.*re', '.*re'),
      ),
    );
    expect(of('name:~"GET /v[12]/.*" body:*"connection refused"*')).toEqual([
      ' name =~ GET /v[12]/.*',
      ' body contains connection refused',
    ]);
    expect(of('12:30:45 http://host "a b"')).toEqual([
      ' * contains 12:30:45',
      ' * contains http://host',
      ' * contains a b',
    ]);
    expect(of('error_type:""')).toEqual([' error_type = ']);
  });

  it('binds AND tighter than OR, and negates groups', () => {
    expect(parse('a:1 b:2 OR c:3').expr).toEqual({
      or: [
        { and: [{ match: { field: 'a', op: '=', value: '1' } }, { match: { field: 'b', op: '=', value: '2' } }] },
        { match: { field: 'c', op: '=', value: '3' } },
      ],
    });
    expect(parse('-(a:1 OR NOT b:2)').expr).toEqual({
      not: {
        or: [{ match: { field: 'a', op: '=', value: '1' } }, { not: { match: { field: 'b', op: '=', value: '2' } } }],
      },
    });
    expect(parse('*').expr).toBeUndefined();
    expect(parse('').fault).toBeUndefined();
  });

  it.each([
    ['service:', 0, /value is missing/],
    ['level:error (a OR b', 12, /bracket is not closed/],
    ['a )', 2, /never opened/],
    ['"open', 0, /not closed/],
    ['a OR', 2, /both sides/],
    ['OR a', 0, /both sides/],
    ['a -', 2, /excluded/],
  ])('marks the mistake of %s at its place', (q, from, message) => {
    const { fault } = parse(q);
    expect(fault?.from).toBe(from);
    expect(fault?.message).toMatch(message);
  });

  it('changes by a click: adds, excludes, takes back', () => {
    expect(add('timeout', 'service', 'intake')).toBe('timeout service:intake');
    expect(add('timeout service:intake', 'service', 'intake')).toBe('timeout service:intake');
    expect(add('service:intake timeout', 'service', 'intake', true)).toBe('timeout -service:intake');
    expect(add('a:1 OR b:2', 'c', '3')).toBe('(a:1 OR b:2) c:3');
    expect(add('', 'name', 'GET /a')).toBe('name:"GET /a"');
    expect(add('', 'route', '')).toBe('-route:*');
    expect(drop('x -service:intake y', 'service', 'intake', true)).toBe('x y');
    expect(holds(parse('NOT service:intake'), 'service', 'intake', true)).toBe(true);
    expect(replaceField('a duration:>=1 b duration:<3', 'duration', null)).toBe('a b');
  });

  it('quotes what would be read as something else', () => {
    for (const v of ['plain', '12:30', '-x', 'a b', 'a*b', '"q"', '>5', '', 'C:\\dir', '(x)']) {
      expect(parse(`f:${quote(v)}`).conditions[0]).toMatchObject({ field: 'f', op: '=', value: v });
    }
  });
});

describe('completion', () => {
  const known = {
    fields: [
      { name: 'service', doc: 'Service' },
      { name: 'level', doc: 'Level' },
    ],
    attributes: ['http.status_code'],
  };
  it('finds fields and values where one types', () => {
    expect(spotAt('level:error ser', 15)).toMatchObject({ from: 12, to: 15, field: undefined, typed: 'ser' });
    expect(spotAt('-level:err x', 10)).toMatchObject({ from: 1, to: 10, field: 'level', typed: 'err' });
    expect(spotAt('name:"GET /a', 12)).toMatchObject({ from: 0, field: 'name', typed: 'GET /a' });
    expect(fieldOptions(spotAt('stat', 4), known, [])[0]?.insert).toBe('http.status_code:');
    expect(fieldOptions(spotAt('', 0), known, ['level'])[0]?.text).toBe('level:');
    const values = [
      { value: 'GET /a', count: 3 },
      { value: 'POST /b', count: 2 },
    ];
    expect(valueOptions(spotAt('name:', 5), values, String).map((o) => o.insert)).toEqual([
      'name:"GET /a" ',
      'name:"POST /b" ',
    ]);
    expect(valueOptions(spotAt('name:post', 9), values, String)[0]?.caret).toBe(15);
  });
});

describe('selectors and KPIs', () => {
  const of = (q: string) => selectorOf('logs', parse(q).expr);
  it('says a search as matchers, and names what it cannot', () => {
    expect(of('service:intake level:>=error -route:/health').text).toBe(
      'logs{service="intake",level=~"error|fatal",route!="/health"}',
    );
    expect(of('service:a OR service:b').text).toBe('logs{service=~"a|b"}');
    expect(of('http.status_code:500 error_type:*').text).toBe('logs{http_status_code="500",error_type!=""}');
    expect(of('time.out').text).toBe('logs{body=~"(?i).*time\\\\.out.*"}');
    expect(of('duration:>2').left).toHaveLength(1);
    expect(of('-(a:1 b:2)').left).toHaveLength(1);
    expect(wholeOf('logs', of('service:intake level:error timeout'))).toBe('logs{service="intake"}');
  });
  it('makes a document that keeps what is quoted', () => {
    const text = kpiYaml({
      kind: 'ratio',
      name: "What's wrong?",
      title: "What's wrong?",
      of: 'logs{a="b"}',
      total: 'logs{}',
    });
    expect(text).toContain("title: 'What''s wrong?'");
    expect(text).toContain('name: what-s-wrong\n');
    expect(text).toContain("    bad: 'logs{a=\"b\"}'\n    total: 'logs{}'");
    expect(kpiYaml({ kind: 'rate', name: 'x', title: 'x', of: 'spans{}', total: 'spans{}' })).toContain(
      "  rate: 'spans{}'",
    );
    expect(slug('***')).toBe('new-kpi');
  });
  it('takes an error to its table', () => {
    expect(ofError({ origin: 'span', service: 'refund', type: 'E', route: '/r' })).toEqual({
      table: 'spans',
      bad: 'spans{service="refund",route="/r",error_type="E"}',
      total: 'spans{service="refund",route="/r"}',
    });
  });
});

describe('links', () => {
  it('leads from a KPI to its rows by the labels that rows have', () => {
    const l = exploreLinks(
      { labels: { service: 'intake', journey: 'Filing' } },
      { agency: 'IRS', state: 'TX' },
      1000,
      2000,
    );
    expect(l.logs).toBe('/explore/logs?q=agency%3AIRS+service%3Aintake+level%3A%3E%3Derror&range=1000-2000');
    expect(l.traces).toContain('status%3Aerror');
    expect(l.errors).toContain('/explore/errors?q=agency');
    expect(l.left).toEqual(['state']);
    expect(exploreLinks({}, { job: 'a b' }, 1, 2).logs).toContain('service%3A%22a+b%22');
  });
  it('leaves out what is empty', () => {
    expect(address({ view: 'traces', id: 'a/b', search: { span: undefined, q: '' } })).toBe('/explore/traces/a%2Fb');
  });
  it('narrows the address', () => {
    expect(signalSearch({ range: 'x', row: '1795257430171.622~0', live: 'on', view: 'graph' })).toMatchObject({
      range: '',
      row: '1795257430171.622~0',
      live: true,
      view: '',
    });
  });
});

describe('charts', () => {
  it('stacks the worst at the bottom', () => {
    const s = stackOf(
      {
        step: 10,
        times: [0, 10],
        series: [
          { value: 'info', counts: [5, 0] },
          { value: 'error', counts: [1, 2] },
        ],
        cut: false,
      },
      () => ({ color: '', hatch: false }),
    );
    expect(s.layers.map((l) => [l.value, l.total])).toEqual([
      ['error', 3],
      ['info', 5],
    ]);
    expect(s.bars[0]?.parts).toEqual([
      { layer: 0, from: 0, to: 1 },
      { layer: 1, from: 1, to: 6 },
    ]);
    expect([s.most, s.total]).toEqual([6, 8]);
    expect([0, 1, 7, 12, 230, 1000].map(ceilingOf)).toEqual([1, 1, 10, 20, 250, 1000]);
  });
  it('puts callers left of who is called, around cycles', () => {
    const size = { w: 10, h: 10, gapX: 10, gapY: 5 };
    const p = layered(
      ['a', 'b', 'c', 'd'],
      [
        { from: 'a', to: 'b' },
        { from: 'b', to: 'c' },
        { from: 'c', to: 'a' },
        { from: 'a', to: 'd' },
        { from: 'c', to: 'd' },
      ],
      size,
    );
    const x = (id: string) => p.nodes.get(id)?.x;
    expect([x('a'), x('b'), x('c'), x('d')]).toEqual([0, 20, 40, 60]);
    expect(p.links[2]?.back).toBe(true);
    expect(p.links[3]?.points.length).toBe(6);
    expect(p.width).toBe(70);
    const spots = [...p.nodes.values()].map((n) => `${n.x} ${n.y}`);
    expect(new Set(spots).size).toBe(4);
  });
  it('finishes on a large map with many cycles', () => {
    const ids = Array.from({ length: 200 }, (_, i) => `s${i}`);
    const links = ids.flatMap((_, i) => [1, 7, 31].map((k) => ({ from: `s${i}`, to: `s${(i * k + k) % 200}` })));
    expect(layered(ids, links, { w: 10, h: 10, gapX: 10, gapY: 5 }).nodes.size).toBe(200);
  });
});

const span = (id: string, depth: number, more: Partial<TraceSpan> = {}): TraceSpan => ({
  span_id: id,
  parent_id: '',
  depth,
  service: 's',
  name: 'n',
  kind: '',
  route: '',
  status: 'unset',
  message: '',
  error_type: '',
  start: 0,
  duration: 1,
  self: 0,
  critical: false,
  on_path: 0,
  skew: 0,
  orphan: false,
  cycle: false,
  duplicate: false,
  attributes: {},
  detail: '',
  ...more,
});

describe('the waterfall', () => {
  it('knows who hangs below whom, also when ids repeat', () => {
    const rows = rowsOf([span('a', 0), span('b', 1), span('c', 2), span('b', 1), span('d', 0)]);
    expect(rows.map((r) => [r.key, r.below, r.parent])).toEqual([
      ['a', 3, undefined],
      ['b', 1, 'a'],
      ['c', 0, 'b'],
      ['b.1', 0, 'a'],
      ['d', 0, undefined],
    ]);
    expect(visible(rows, new Set(['b'])).map((r) => r.key)).toEqual(['a', 'b', 'b.1', 'd']);
    expect(foldedAtFirst(rows)).toEqual(new Set());
  });
  it('folds a large trace except where it failed or waited', () => {
    const many = [span('r', 0), span('k', 1)];
    for (let i = 0; i < 200; i++) many.push(span(`p${i}`, 2), span(`c${i}`, 3, i === 7 ? { status: 'error' } : {}));
    const rows = rowsOf(many);
    const folded = foldedAtFirst(rows);
    expect([folded.size, folded.has('p7'), folded.has('k')]).toEqual([199, false, false]);
  });
  it('says what is odd, and where a bar lies', () => {
    expect(oddities(span('a', 0, { orphan: true, skew: -1800 }))).toEqual([
      'parent missing',
      'clock 1.8\u2009ms ahead, adjusted',
    ]);
    expect(barOf(span('a', 0, { start: 500_000, duration: 2 }), 0, 2)).toEqual({ left: 25, width: 75 });
    expect(ticks(2.3)).toEqual([0, 0.5, 1, 1.5, 2]);
    expect(ticks(0)).toEqual([0]);
  });
  it('reads the events of a span, and nothing from rubbish', () => {
    const d = detailOf(
      '{"events":[{"time":5,"name":"retry","attributes":{"n":2}}],"links":[{"trace_id":"a","span_id":"b"}],"events_cut":3}',
    );
    expect(d).toEqual({
      events: [{ time: 5, name: 'retry', attributes: { n: '2' } }],
      links: [{ trace_id: 'a', span_id: 'b' }],
      cut: 3,
    });
    expect(detailOf('{').events).toEqual([]);
  });
});

describe('words and brackets', () => {
  it('keeps units with numbers', () => {
    expect([0.0000021, 0.0123, 0.45, 2.345, 600, null].map(seconds)).toEqual([
      '2\u2009µs',
      '12.3\u2009ms',
      '450\u2009ms',
      '2.35\u2009s',
      '10.0\u2009min',
      '—',
    ]);
    expect([-1, 0, 1204].map(peopleWord)).toEqual(['few', 'none known', '1,204']);
  });
  it('binds a search to how long it took', () => {
    const t = (duration: number) => ({
      trace_id: '',
      start: 0,
      duration,
      root: '',
      service: '',
      services: [],
      spans: 1,
      errors: 0,
      matched: 1,
    });
    const b = bracketsOf([t(0.02), t(2), t(2)]);
    expect(b.map((x) => x.count)).toEqual([1, 0, 0, 0, 2]);
    const last = b.at(-1);
    if (!last) throw new Error('no bracket');
    const q = boundTo('status:error', last);
    expect(q).toBe('status:error duration:>=1 duration:<3');
    expect(isBoundTo(q, last)).toBe(true);
    expect(boundTo(q, last)).toBe('status:error');
  });
  it('gives rows of one instant names of their own', () => {
    const row = (time: number) => ({ time, weight: 1, attributes: [], resource: [] });
    expect(keysOf([row(2.5), row(2.5), row(1)])).toEqual(['2.5~0', '2.5~1', '1~0']);
    expect(timeOfKey('2.5~1')).toBe(2.5);
  });
  it('counts an error by hours and leads to its rows', () => {
    const g: ErrorGroup = {
      id: 'x',
      origin: 'event',
      app: { service: 'web', env: '', agency: '' },
      type: 'TypeError',
      route: '/f',
      message: '',
      state: 'new',
      first: 0,
      last: 0,
      regressed_at: 0,
      count: 5,
      all: 5,
      people: 1,
      releases: [],
      samples: [],
      hours: [
        { at: 3_600_000, count: 2 },
        { at: 7_200_000, count: 3 },
      ],
    };
    expect(hourly(g, 3_600_000, 10_800_000).series[0]?.counts).toEqual([2, 3]);
    expect(rowsOfGroup(g, '1h')).toEqual({
      view: 'logs',
      search: { q: 'service:web error_type:TypeError route:/f', range: '1h', table: 'events' },
    });
  });
});
