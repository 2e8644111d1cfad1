// Invented logs, spans and events of the portal, and what the mock answers about them. Everything follows from the instant at
// which the routes are made: one visitor every five seconds, for two hours; for the last half hour the ledger times out.
import { noise } from './fixtures.mjs';

const second = 1000;
const minute = 60 * second;
const every = 5 * second;
const hex = (n, digits) => Math.floor(n).toString(16).padStart(digits, '0');
const id = (k, salt, digits) => {
  const r = noise(Math.imul(k * 31 + salt, 2654435761));
  let s = '';
  while (s.length < digits) s += hex(r() * 0xffffffff, 8);
  return s.slice(0, digits);
};

const agencies = ['IRS', 'IRS', 'IRS', 'SSA'];
const resource = (service) => [
  { name: 'host.name', value: `${service}-7d9f-${service.length}` },
  { name: 'k8s.namespace.name', value: 'efile' },
  { name: 'telemetry.sdk.language', value: service === 'portal' ? 'nodejs' : 'go' },
];

/** One visitor's filing: its spans, logs and events. */
function visit(k, at, start) {
  const r = noise(Math.imul(k, 2654435761));
  const late = at > start - 29 * minute;
  const fails = late ? r() < 0.3 : r() < 0.01;
  const slow = late && r() < 0.4;
  const trace_id = id(k, 1, 32);
  const session = `s-${id(k >> 2, 2, 8)}`;
  const user = `p-${id(k >> 3, 3, 10)}`;
  const business_id = `F-2026-${String(400000 + (k % 500000)).padStart(6, '0')}`;
  const agency = agencies[k % agencies.length];
  const release = late ? '4.18.0' : '4.17.2';
  const ledger = fails ? 2.0 + r() * 0.4 : slow ? 0.6 + r() * 0.5 : 0.02 + r() * 0.06;
  const check = 0.03 + r() * 0.05;
  const common = { env: 'prod', agency, release, session, user, business_id, trace_id, weight: 1 };
  const spans = [];
  const logs = [];
  const span = (n, parent, service, name, kind, from, duration, more = {}) => {
    spans.push({
      ...common,
      time: at + from * 1000 + (k % 7) / 10,
      service,
      name,
      kind,
      duration,
      status: 'unset',
      span_id: id(k, 10 + n, 16),
      parent_id: parent === 0 ? '' : id(k, 10 + parent, 16),
      version: service === 'intake' ? release : '2.3.1',
      source: 'collector',
      attributes: [],
      resource: resource(service),
      ...more,
    });
  };
  const log = (n, service, level, from, body, more = {}) =>
    logs.push({
      ...common,
      time: at + from * 1000 + 0.137,
      service,
      level,
      body,
      name: `${service}.http`,
      span_id: id(k, 10 + n, 16),
      version: service === 'intake' ? release : '2.3.1',
      source: 'collector',
      attributes: [],
      resource: resource(service),
      ...more,
    });
  const total = 0.06 + check + ledger;
  const route = '/filings';
  const http = (code) => [
    { name: 'http.request.method', value: 'POST' },
    { name: 'http.response.status_code', value: String(code) },
  ];
  const bad = { status: 'error', error_type: 'LedgerTimeout' };
  span(1, 0, 'portal', 'POST /filings', 'server', 0, total, {
    route,
    attributes: http(fails ? 502 : 200),
    ...(fails ? { status: 'error', error_type: '502' } : {}),
  });
  span(2, 1, 'portal', 'intake POST', 'client', 0.008, total - 0.012, { attributes: http(fails ? 500 : 200) });
  span(3, 2, 'intake', 'POST /v1/filings', 'server', 0.012, total - 0.02, {
    route: '/v1/filings',
    attributes: http(fails ? 500 : 200),
    ...(fails ? { ...bad, body: 'ledger did not answer within 2 s' } : {}),
  });
  span(4, 3, 'intake', 'validate.Check', 'client', 0.016, check, {});
  span(5, 4, 'validate', 'Check', 'server', 0.019, check - 0.006, {
    attributes: [{ name: 'rules', value: String(180 + (k % 40)) }],
  });
  span(6, 3, 'intake', 'render receipt', 'internal', 0.02 + check, 0.012, {});
  span(7, 3, 'intake', 'INSERT filing', 'client', 0.024 + check, ledger, {
    attributes: [
      { name: 'db.system.name', value: 'postgresql' },
      { name: 'db.query.text', value: 'INSERT INTO filing (id, year, body) VALUES ($1, $2, $3)' },
    ],
    ...(fails ? { ...bad, body: 'context deadline exceeded' } : {}),
  });
  if (k % 4 === 0) {
    span(8, 3, 'intake', 'filing.accepted send', 'producer', 0.03 + check + ledger * 0.9, 0.006, {});
    span(9, 8, 'notify', 'filing.accepted process', 'consumer', 0.05 + total, 0.04, {});
  }
  log(1, 'portal', 'info', 0.002, 'request POST /filings', { route });
  log(3, 'intake', 'info', 0.014, `filing ${business_id} received, 1040, 3 attachments`, { route: '/v1/filings' });
  if (k % 3 === 0)
    log(5, 'validate', 'debug', 0.03, `checked ${180 + (k % 40)} rules in ${Math.round(check * 900)} ms`);
  if (slow && !fails)
    log(7, 'intake', 'warn', 0.03 + check + ledger, `ledger slow: insert took ${Math.round(ledger * 1000)} ms`, {
      attributes: [{ name: 'pool.waiting', value: String(8 + (k % 9)) }],
    });
  if (fails) {
    log(
      7,
      'intake',
      'error',
      0.024 + check + ledger,
      `ledger did not answer within 2 s for filing ${business_id}\nat ledger.(*Client).Insert (client.go:212)\nat intake.(*Server).accept (server.go:88)`,
      {
        route: '/v1/filings',
        error_type: 'LedgerTimeout',
        attributes: [
          { name: 'pool.size', value: '16' },
          { name: 'pool.waiting', value: String(20 + (k % 17)) },
          { name: 'retry', value: '2' },
        ],
      },
    );
    log(1, 'portal', 'error', total, 'upstream intake answered 500', { route, error_type: '502' });
  } else {
    log(3, 'intake', 'info', total - 0.01, `filing ${business_id} accepted`, { route: '/v1/filings' });
  }
  const events = [
    'page_view',
    'filing_started',
    'filing_submitted',
    ...(fails ? ['error_shown'] : ['filing_accepted']),
  ].map((name, i) => ({
    ...common,
    time: at - 30_000 + i * 10_000 + 0.4,
    service: 'portal-web',
    name,
    route: '/file',
    status: name === 'error_shown' ? 'error' : 'unset',
    trust: 'public',
    source: 'site',
    attributes: [{ name: 'browser.language', value: k % 3 === 0 ? 'es' : 'en' }],
    resource: [],
  }));
  return { trace_id, at, spans, logs, events };
}

function make(now) {
  const visits = [];
  const last = Math.floor((now - 4 * second) / every);
  for (let k = last - (2 * 60 * minute) / every; k <= last; k++) visits.push(visit(k, k * every, now));
  const newest = (list) => list.sort((a, b) => b.time - a.time);
  return {
    visits: visits.reverse(),
    logs: newest(visits.flatMap((v) => v.logs)),
    spans: newest(visits.flatMap((v) => v.spans)),
    events: newest(visits.flatMap((v) => v.events)),
  };
}

const columns = [
  'service',
  'name',
  'level',
  'body',
  'status',
  'duration',
  'route',
  'error_type',
  'env',
  'agency',
  'version',
  'release',
  'user',
  'session',
  'business_id',
  'trace_id',
  'span_id',
  'kind',
  'source',
  'trust',
];
const docs = {
  service: 'Service that sent it (service.name)',
  name: 'Operation, event name or logger',
  level: 'Log level: trace, debug, info, warn, error or fatal',
  body: 'Log message, status message or comment',
  status: 'Outcome of a span or event: unset, ok or error',
  duration: 'Duration in seconds',
  route: 'Route or page path, without query',
  error_type: 'Type of the error or exception',
};
const get = (row, f) => {
  const v = columns.includes(f) ? row[f] : row.attributes.find((a) => a.name === f)?.value;
  return v === undefined ? '' : String(v);
};
const order = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

/** A search as a test of rows; only what a person types into the mock: words, field:value, comparisons, minus and one OR. */
function compile(q) {
  if (/(^|[\s(])[\w.]+:(\s|$)/.test(q))
    throw new Error(`q: a value is missing at character ${q.search(/:(\s|$)/) + 2}`);
  const alternatives = q
    .replace(/[()]/g, ' ')
    .split(/\sOR\s/)
    .map((part) =>
      [...part.matchAll(/(-?)(?:([A-Za-z_][\w.]*):)?(?:(>=|<=|>|<|~)?(?:"((?:[^"\\]|\\.)*)"|(\S+)))/g)].map((m) => {
        const [, minus, field, op, inQuotes, word] = m;
        const value = inQuotes?.replace(/\\(.)/g, '$1') ?? word ?? '';
        const test = (row) => {
          if (!field) {
            const hay = [row.body, row.name, row.route, row.error_type, ...row.attributes.map((a) => a.value)];
            return value === '*' || hay.join('\n').toLowerCase().includes(value.toLowerCase());
          }
          const v = get(row, field);
          if (op === '~') return new RegExp(`^(?:${value})$`).test(v);
          if (op) {
            const [a, b] = field === 'level' ? [order.indexOf(v), order.indexOf(value)] : [Number(v), Number(value)];
            if (v === '') return false;
            return op === '>' ? a > b : op === '>=' ? a >= b : op === '<' ? a < b : a <= b;
          }
          if (inQuotes === undefined && value === '*') return v !== '';
          if (/^\*.+\*$/.test(value)) return v.toLowerCase().includes(value.slice(1, -1).toLowerCase());
          return v === value;
        };
        return (row) => test(row) !== (minus === '-');
      }),
    );
  return (row) => alternatives.some((all) => all.every((t) => t(row)));
}

const micro = (t) => Math.round(t * 1000);

/** A span as a trace has it. */
function traceSpan(s, depth, path, kids) {
  const inside = kids.reduce((n, c) => n + c.duration, 0);
  return {
    span_id: s.span_id,
    parent_id: s.parent_id,
    depth,
    service: s.service,
    name: s.name,
    kind: s.kind,
    route: s.route ?? '',
    status: s.status,
    message: s.body ?? '',
    error_type: s.error_type ?? '',
    start: micro(s.time),
    duration: s.duration,
    self: Math.max(0.0002, s.duration - inside),
    critical: path.has(s.span_id),
    on_path: path.has(s.span_id) ? Math.max(0.0002, s.duration - inside) : 0,
    skew: s.service === 'validate' ? 1800 : 0,
    orphan: false,
    cycle: false,
    duplicate: false,
    attributes: Object.fromEntries([...s.attributes, ...s.resource].map((a) => [a.name, a.value])),
    detail:
      s.status === 'error' && s.kind === 'client'
        ? JSON.stringify({
            events: [
              {
                time: micro(s.time + s.duration * 900),
                name: 'exception',
                attributes: { 'exception.type': 'LedgerTimeout', 'exception.message': 'context deadline exceeded' },
              },
            ],
          })
        : '',
  };
}

const joined = (table) => (r) => ({
  table,
  at: micro(r.time),
  service: r.service,
  name: r.name ?? '',
  level: r.level ?? '',
  status: r.status ?? '',
  route: r.route ?? '',
  body: r.body ?? '',
  duration: r.duration ?? 0,
  trace_id: r.trace_id,
  span_id: r.span_id ?? '',
  session: r.session,
  business_id: r.business_id,
  release: r.release,
  attributes: Object.fromEntries(r.attributes.map((a) => [a.name, a.value])),
});

function traceOf(v) {
  const kids = (p) => v.spans.filter((s) => s.parent_id === p);
  const path = new Set();
  for (let s = kids('')[0]; s; s = kids(s.span_id).sort((a, b) => b.duration - a.duration)[0]) path.add(s.span_id);
  const spans = [];
  const walk = (parent, depth) => {
    for (const s of kids(parent)) {
      spans.push(traceSpan(s, depth, path, kids(s.span_id)));
      walk(s.span_id, depth + 1);
    }
  };
  walk('', 0);
  const lost = v.spans.find((s) => s.service === 'notify');
  if (lost) {
    // What the queue delivered came without the span that sent it.
    const at = spans.find((s) => s.span_id === lost.span_id);
    if (at) Object.assign(at, { depth: 0, orphan: true, parent_id: id(at.start % 1000, 5, 16) });
  }
  const end = Math.max(...v.spans.map((s) => s.time + s.duration * 1000));
  const services = [...new Set(v.spans.map((s) => s.service))].map((service) => {
    const own = spans.filter((s) => s.service === service);
    const sum = (f) => own.reduce((n, s) => n + f(s), 0);
    return {
      service,
      spans: own.length,
      errors: own.filter((s) => s.status === 'error').length,
      self: sum((s) => s.self),
      on_path: sum((s) => s.on_path),
      share: 0,
    };
  });
  const whole = services.reduce((n, s) => n + s.on_path, 0) || 1;
  for (const s of services) s.share = s.on_path / whole;
  return {
    trace_id: v.trace_id,
    start: micro(v.at),
    duration: (end - v.at) / 1000,
    root: v.spans[0].name,
    service: v.spans[0].service,
    errors: v.spans.filter((s) => s.status === 'error').length,
    spans,
    logs: v.logs.map(joined('logs')),
    events: v.events.map(joined('events')),
    services: services.sort((a, b) => b.on_path - a.on_path),
    notes: lost ? ['1 span came without its parent; it stands at the top.'] : [],
  };
}

const flow = (rate, share, p50, p95) => ({
  count: rate * 3600,
  rate,
  errors: rate * 3600 * share,
  error_share: share,
  p50,
  p95,
});

function map(from, to) {
  const n = (nid, kind, root, f) => ({ id: nid, name: nid, kind, env: 'prod', root, ...f });
  const e = (a, b, kind, f) => ({ from: a, to: b, kind, ...f });
  return {
    from,
    to,
    standing: true,
    notes: [],
    nodes: [
      n('portal', 'service', 12.4, flow(12.4, 0.078, 0.14, 2.31)),
      n('intake', 'service', 0, flow(12.4, 0.081, 0.12, 2.28)),
      n('validate', 'service', 0, flow(12.4, 0, 0.045, 0.078)),
      n('postgresql', 'database', 0, flow(12.4, 0.08, 0.051, 2.21)),
      n('filing.accepted', 'queue', 0, flow(3.1, 0, 0.004, 0.006)),
      n('notify', 'service', 0, flow(3.1, 0, 0.038, 0.044)),
      n('status', 'service', 4.2, flow(4.2, 0.0004, 0.012, 0.031)),
      n('refund', 'service', 0, flow(1.6, 0.002, 0.09, 0.4)),
      n('treasury.example', 'external', 0, flow(0.4, 0.031, 0.31, 1.4)),
    ],
    edges: [
      e('portal', 'intake', 'call', flow(12.4, 0.078, 0.12, 2.28)),
      e('intake', 'validate', 'call', flow(12.4, 0, 0.045, 0.078)),
      e('intake', 'postgresql', 'query', flow(12.4, 0.08, 0.051, 2.21)),
      e('intake', 'filing.accepted', 'message', flow(3.1, 0, 0.004, 0.006)),
      e('filing.accepted', 'notify', 'message', flow(3.1, 0, 0.038, 0.044)),
      e('status', 'postgresql', 'query', flow(4.2, 0, 0.003, 0.009)),
      e('status', 'refund', 'call', flow(1.6, 0.002, 0.09, 0.4)),
      e('refund', 'postgresql', 'query', flow(1.6, 0, 0.004, 0.011)),
      e('refund', 'treasury.example', 'call', flow(0.4, 0.031, 0.31, 1.4)),
      e('notify', 'status', 'call', flow(0.8, 0, 0.011, 0.02)),
    ],
  };
}

function errorGroups(data, now, from, to) {
  const hour = 60 * minute;
  const hours = (f) => {
    const out = [];
    for (let t = Math.floor(from / hour) * hour; t < to; t += hour) {
      const count = f(t);
      if (count > 0) out.push({ at: t, count });
    }
    return out;
  };
  const some = (type) =>
    data.logs
      .filter((l) => l.error_type === type)
      .slice(0, 5)
      .map((l) => ({ at: Math.round(l.time), trace_id: l.trace_id, span_id: l.span_id, release: l.release }));
  const r = (t) => noise(t / minute)();
  const broken = now - 29 * minute;
  const make = (gid, origin, service, type, route, message, state, first, people, f, more = {}) => {
    const list = hours(f);
    const count = list.reduce((n, h) => n + h.count, 0);
    return {
      id: gid,
      origin,
      app: { service, env: 'prod', agency: 'IRS' },
      type,
      route,
      message,
      state,
      first,
      last: now - 20 * second,
      regressed_at: 0,
      count,
      all: count * 3,
      people,
      releases: ['4.18.0'],
      hours: list,
      samples: some('LedgerTimeout'),
      ...more,
    };
  };
  return [
    make(
      'e1f09a',
      'log',
      'intake',
      'LedgerTimeout',
      '/v1/filings',
      'ledger did not answer within # s for filing F-#-#',
      'regressed',
      now - 19 * 24 * hour,
      1204,
      (t) => (t > broken - hour ? 420 + Math.round(r(t) * 80) : 0),
      { regressed_at: broken, releases: ['4.18.0', '4.12.0'] },
    ),
    make(
      'e2c411',
      'log',
      'portal',
      '502',
      '/filings',
      'upstream intake answered #',
      'regressed',
      now - 19 * 24 * hour,
      1204,
      (t) => (t > broken - hour ? 410 + Math.round(r(t) * 70) : 0),
      { regressed_at: broken, samples: some('502') },
    ),
    make(
      'e30b77',
      'event',
      'portal-web',
      'TypeError',
      '/file',
      "Cannot read properties of undefined (reading '#')",
      'new',
      now - 26 * minute,
      38,
      (t) => (t > now - 2 * hour ? 19 : 0),
    ),
    make(
      'e4d2aa',
      'span',
      'refund',
      'ETIMEDOUT',
      '/v1/refunds',
      'treasury.example: connection timed out',
      'known',
      now - 60 * 24 * hour,
      44,
      (t) => Math.round(r(t) * 9),
    ),
    make(
      'e5aa10',
      'log',
      'validate',
      'RuleError',
      '/check',
      'rule # of form # is not known for year #',
      'known',
      now - 11 * 24 * hour,
      -1,
      (t) => (r(t) > 0.7 ? 1 : 0),
    ),
  ].filter((g) => g.count > 0);
}

/** Answers about signals; undefined for what is not theirs. */
export function routes(now = Date.now()) {
  let data;
  return (method, path, q) => {
    if (method !== 'GET') return undefined;
    const m = /^\/(logs|spans|events)(?:\/(\w+))?$/.exec(path);
    const known = m ?? /^\/(traces|services|errors|correlate)(?:\/([^/]+))?$/.exec(path);
    if (!known) return undefined;
    data ??= make(now);
    const from = Number(q.get('from') ?? now - 60 * minute);
    const to = Number(q.get('to') ?? now);
    let test;
    try {
      test = compile(q.get('q') ?? '');
    } catch (e) {
      return [422, { status: 422, title: 'Problem', detail: e.message }];
    }
    if (m) return rows(data, m[1], m[2] ?? '', q, from, to, test);
    const [, what, one] = known;
    if (what === 'traces' && one) {
      const v = data.visits.find((x) => x.trace_id === one);
      return v
        ? [200, traceOf(v)]
        : [
            404,
            { status: 404, title: 'Problem', detail: `There is no trace ${one}, or it is older than spans are kept.` },
          ];
    }
    if (what === 'traces') {
      const limit = Number(q.get('limit') ?? 50);
      const hits = data.visits.filter((v) => v.at >= from && v.at < to && v.spans.some(test));
      return [
        200,
        {
          traces: hits.slice(0, limit).map((v) => {
            const t = traceOf(v);
            const { trace_id, start, duration, root, service, errors } = t;
            return {
              trace_id,
              start,
              duration,
              root,
              service,
              errors,
              services: t.services.map((s) => s.service),
              spans: t.spans.length,
              matched: v.spans.filter(test).length,
            };
          }),
          cut: hits.length > limit,
          notes: [],
        },
      ];
    }
    if (what === 'services') return [200, map(from, to)];
    if (what === 'errors') {
      const groups = errorGroups(data, now, from, to);
      if (one) {
        const g = groups.find((x) => x.id === one);
        return g
          ? [200, g]
          : [404, { status: 404, title: 'Problem', detail: `There is no error group ${one} in this range.` }];
      }
      const state = q.get('state') ?? '';
      const text = (q.get('q') ?? '').trim();
      const fits = groups.filter(
        (g) =>
          (state === '' || g.state === state) &&
          (text === '' ||
            test({ ...g, ...g.app, error_type: g.type, body: g.message, name: g.origin, attributes: [] })),
      );
      const by =
        { new: (g) => -g.first, people: (g) => -g.people, last: (g) => -g.last }[q.get('sort')] ?? ((g) => -g.count);
      return [
        200,
        {
          from,
          to,
          groups: fits.sort((a, b) => by(a) - by(b)),
          total: fits.reduce((n, g) => n + g.count, 0),
          found: fits.length,
          beyond: 0,
          notes: [],
        },
      ];
    }
    const key = ['trace_id', 'session', 'business_id', 'user'].find((k) => q.get(k));
    const hit = (r) => r[key] === q.get(key);
    const list = [
      ...data.logs.filter(hit).map(joined('logs')),
      ...data.spans.filter(hit).map(joined('spans')),
      ...data.events.filter(hit).map(joined('events')),
    ].sort((a, b) => a.at - b.at);
    const all = (f) => [...new Set(list.map((r) => r[f]))].filter(Boolean);
    const count = (t) => list.filter((r) => r.table === t).length;
    return [
      200,
      {
        rows: list.slice(0, 500),
        counts: { logs: count('logs'), spans: count('spans'), events: count('events') },
        traces: all('trace_id'),
        sessions: all('session'),
        business_ids: all('business_id'),
        services: all('service'),
        releases: all('release'),
        cut: list.length > 500,
        notes: [],
      },
    ];
  };
}

function rows(data, table, what, q, from, to, test) {
  const all = data[table];
  const hits = all.filter((r) => r.time >= from && r.time < to && test(r));
  switch (what) {
    case '': {
      const limit = Number(q.get('limit') ?? 100);
      const skip = Number((q.get('after') ?? '0.0').split('.')[1]);
      const page = hits.slice(skip, skip + limit);
      return [200, { rows: page, ...(skip + limit < hits.length ? { next: `1.${skip + limit}` } : {}) }];
    }
    case 'count':
      return [200, { count: hits.length, rows: hits.length }];
    case 'histogram': {
      const most = Number(q.get('max') ?? 60);
      const widths = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400].map(
        (s) => s * second,
      );
      const step = widths.find((w) => (to - from) / w < most) ?? 7 * 86400 * second;
      const first = Math.floor(from / step) * step;
      const times = [];
      for (let t = first; t < to; t += step) times.push(t);
      const series = new Map();
      for (const r of hits) {
        const value = get(r, q.get('by') ?? '');
        if (!series.has(value))
          series.set(
            value,
            times.map(() => 0),
          );
        series.get(value)[Math.floor((r.time - first) / step)]++;
      }
      const sum = (c) => c.reduce((a, b) => a + b, 0);
      return [
        200,
        {
          step,
          times,
          series: [...series]
            .map(([value, counts]) => ({ value, counts }))
            .sort((a, b) => sum(b.counts) - sum(a.counts)),
          cut: false,
        },
      ];
    }
    case 'facets': {
      const top = Number(q.get('top') ?? 10);
      const facets = q.getAll('field').map((field) => {
        const n = new Map();
        for (const r of hits) n.set(get(r, field), (n.get(get(r, field)) ?? 0) + 1);
        const values = [...n].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count);
        return { field, values: values.slice(0, top), more: values.length > top };
      });
      return [200, { facets }];
    }
    case 'fields':
      return [
        200,
        {
          fields: columns.map((name) => ({ name, doc: docs[name] ?? name })),
          attributes: [...new Set(hits.slice(0, 2000).flatMap((r) => r.attributes.map((a) => a.name)))],
        },
      ];
    case 'context': {
      const at = Number(q.get('at'));
      const near = all.filter(test);
      const before = near
        .filter((r) => r.time < at)
        .slice(0, Number(q.get('before') ?? 20))
        .reverse();
      const after = near
        .filter((r) => r.time >= at)
        .reverse()
        .slice(0, Number(q.get('after') ?? 20));
      return [200, { before, after }];
    }
  }
  return undefined;
}

/** A line as it arrives now, for the live tail. */
export function arriving(n, now = Date.now()) {
  const v = visit(Math.floor(now / every) * 31 + n, now, now);
  return { logs: v.logs, spans: v.spans, events: v.events };
}
/** Whether a row passes a search. */
export const passes = (q) => compile(q);
