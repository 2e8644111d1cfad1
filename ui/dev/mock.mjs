// A server with invented numbers, for working on the page and for its browser tests: `npm run build && npm run mock`.
//   MOCK_DIST folder of another build
//   PORT (9701)  MOCK_STORY incident|calm|empty  MOCK_KPIS number  MOCK_TICK ms between updates (2000)
// It answers with the same policy for styles and scripts as the real server, so that what breaks there breaks here.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fx from './fixtures.mjs';
import { makeGovern } from './govern.mjs';
import { routes as boardRoutes } from './boards.mjs';
import { routes as peopleRoutes } from './people.mjs';
import { arriving, passes, routes as signalRoutes } from './signals.mjs';
import { routes as usageRoutes } from './usage.mjs';
import { why } from './why.mjs';

const dist = process.env.MOCK_DIST ?? fileURLToPath(new URL('../dist', import.meta.url));
const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
};
const pages =
  /^\/(|alerts|explore|explore\/\w+|explore\/\w+\/[^/]+|usage|usage\/\w+|privacy|sources|wall|welcome|demo|kpi\/[^/]+|audit|people|account|boards|boards\/[^/]+|policy|policy\/.+)$/;

/** Starts the mock and answers its address and what stops it. */
export function start({ port = 0, story = 'incident', kpis = 0, tick = 2000, cached = false, now = Date.now } = {}) {
  let list = fx.story(story, kpis);
  const silences = [];
  const streams = new Set();
  const broken = new Set(['intake']);
  const law = makeGovern({ story, now });
  const people = peopleRoutes();
  const boards = boardRoutes();
  const signals = signalRoutes();
  const usage = usageRoutes();
  let kept;
  const find = (name) => list.find((d) => d.name === name);

  const push = (event, data) => {
    for (const res of streams) res.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const update = (defs) => {
    const now = Date.now();
    push('kpis', {
      as_of: now,
      kpis: fx.views(defs, now),
      removed: [],
      verdict: fx.verdictOf(list),
      counts: fx.countsOf(list),
      sources: fx.sourcesSummary(now, story),
    });
  };
  const timers = [
    setInterval(() => push('ping', { as_of: Date.now() }), 10_000),
    setInterval(() => update(list), tick),
  ];

  const api = {
    'GET /board': () => fx.board(list, Date.now(), story),
    'GET /kpis': () => ({ as_of: Date.now(), kpis: fx.views(list, Date.now()) }),
    'GET /alerts': () => fx.alerts(list, Date.now(), silences),
    'GET /sources': () => ({
      as_of: Date.now(),
      summary: fx.sourcesSummary(Date.now(), story),
      sources: fx.sources(Date.now(), story),
    }),
    'GET /status': () => ({
      version: 'mock',
      revision: '',
      started_at: Date.now() - 3.6e6,
      uptime_ms: 3.6e6,
      external_url: '',
      demo: story !== 'empty',
      kpis: list.length,
      receivers: ['oncall', 'platform'],
      stores: [],
      config: { file: 'signalbox.yaml', loaded_at: Date.now() - 3.6e6, error: '' },
      warnings: [],
    }),
    'GET /demo': () => ({
      services: ['intake', 'validate', 'status'].map((name) => ({
        name,
        title: { intake: 'Intake', validate: 'Validation', status: 'Status page' }[name],
        url: `http://127.0.0.1:810${name.length % 3}`,
        broken: broken.has(name),
        effect: {
          intake: '6 % of filings end in a server error',
          validate: 'Checks take 4 seconds',
          status: 'The status page is unreachable',
        }[name],
      })),
      mailbox_url: '',
      unread: 2,
    }),
    'GET /demo/mails': () => ({
      mails: fx.mails(Date.now()).map(({ id, at, from, to, subject }) => ({ id, at, from, to, subject })),
    }),
  };

  async function handle(req, res) {
    const url = new URL(req.url, 'http://x');
    const json = (status, body) => {
      res.writeHead(status, { 'Content-Type': status >= 400 ? 'application/problem+json' : 'application/json' });
      res.end(JSON.stringify(body));
    };
    const problem = (status, detail) => json(status, { status, title: 'Problem', detail });
    let body = '';
    for await (const c of req) body += c;
    if (url.pathname.startsWith('/api/signalbox/v1')) {
      const path = url.pathname.slice('/api/signalbox/v1'.length);
      const key = `${req.method} ${path}`;
      if (path === '/stream') {
        res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
        res.write(`event: ping\ndata: ${JSON.stringify({ as_of: Date.now() })}\n\n`);
        streams.add(res);
        req.on('close', () => streams.delete(res));
        return;
      }
      const tail = /^\/tail\/(logs|spans|events)$/.exec(path);
      if (tail) return follow(req, res, tail[1], url.searchParams.get('q') ?? '');
      const asked = [req.method, path, url.searchParams, body === '' ? undefined : JSON.parse(body)];
      const own =
        people(...asked) ??
        signals(req.method, path, url.searchParams) ??
        usage(...asked) ??
        boards(
          ...asked,
          list.map((d) => d.name),
        );
      if (own) return json(...own);
      if (key === 'GET /board' && cached) {
        kept ??= JSON.stringify(api[key]());
        res.writeHead(200, { 'Content-Type': 'application/json' });
        return res.end(kept);
      }
      if (api[key]) return json(200, api[key]());
      const lawful = law.answer(req.method, path, url.searchParams, body === '' ? undefined : JSON.parse(body));
      if (lawful) return json(lawful.status, lawful.body);
      let m;
      const now = Date.now();
      const n = (k, d) => Number(url.searchParams.get(k) ?? d);
      if ((m = /^\/kpis\/([^/]+)(?:\/(\w+))?$/.exec(path))) {
        const d = find(decodeURIComponent(m[1]));
        if (!d) return problem(404, `There is no KPI named ${JSON.stringify(decodeURIComponent(m[1]))}.`);
        if (!m[2]) return json(200, fx.views([d], now)[0]);
        if (m[2] === 'series') return json(200, fx.series(d, now, n('from', now - 864e5), n('to', now), n('max', 500)));
        if (m[2] === 'groups') return json(200, { from: n('from', 0), to: n('to', now), groups: fx.failing(d) });
        if (m[2] === 'budget')
          return d.budget === undefined ? problem(404, 'This KPI has no objective.') : json(200, fx.burnDown(d, now));
        if (m[2] === 'why') return json(...why(d.name, url.searchParams, now));
        if (m[2] === 'decisions') return json(200, { decisions: fx.decisions(d, now) });
      }
      if ((m = /^\/decisions\/(.+)$/.exec(path))) {
        const all = list.flatMap((d) => fx.decisions(d, now));
        const hit = all.find((x) => x.id === m[1]);
        return hit ? json(200, hit) : problem(404, 'There is no such decision record.');
      }
      if (key === 'POST /silences/preview') {
        const { matchers } = JSON.parse(body);
        const hit = fx
          .alerts(list, now)
          .active.filter((a) => matchers.every((x) => x.value !== '' && a.labels[x.name] === x.value));
        return json(200, { matches: hit.length, alerts: hit });
      }
      if (key === 'POST /silences') {
        const s = {
          id: `s${silences.length + 1}`,
          updated_at: now,
          state: 'active',
          starts_at: now,
          created_by: 'priya',
          ...JSON.parse(body),
        };
        silences.push(s);
        for (const x of s.matchers) {
          const d = x.name === 'kpi' ? find(x.value) : undefined;
          if (d) list = list.map((k) => (k === d ? { ...d, paused: true } : k));
        }
        push('alerts', {});
        update(list);
        return json(200, { id: s.id, matches: 1 });
      }
      if ((m = /^DELETE \/silences\/(.+)$/.exec(key))) {
        const s = silences.find((x) => x.id === m[1]);
        if (s) {
          s.state = 'expired';
          s.ends_at = now;
        }
        list = list.map((k) => (s?.matchers.some((x) => x.value === k.name) ? { ...k, paused: undefined } : k));
        push('alerts', {});
        update(list);
        res.writeHead(204);
        return res.end();
      }
      if ((m = /^POST \/demo\/(\w+)\/(break|heal)$/.exec(key))) {
        if (m[2] === 'break') broken.add(m[1]);
        else broken.delete(m[1]);
        list = fx.story(broken.size > 0 ? 'incident' : 'calm', kpis);
        update(list);
        res.writeHead(204);
        return res.end();
      }
      if ((m = /^\/demo\/mails\/(.+)$/.exec(path))) {
        const hit = fx.mails(now).find((x) => x.id === m[1]);
        return hit ? json(200, hit) : problem(404, 'There is no such mail.');
      }
      return problem(404, `There is nothing at ${path}.`);
    }
    if (url.pathname.startsWith('/api/v1/')) return prom(url, new URLSearchParams(body), json);
    return file(url.pathname, res);
  }

  /** Rows as they arrive, about twice a second. */
  function follow(req, res, table, q) {
    const test = passes(q);
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    const send = (rows, missed) => res.write(`event: rows\ndata: ${JSON.stringify({ rows, missed })}\n\n`);
    send([], 0);
    let n = 0;
    const timer = setInterval(() => {
      n++;
      send(arriving(n)[table].filter(test), n % 20 === 0 ? 12 : 0);
    }, 500);
    timers.push(timer);
    req.on('close', () => clearInterval(timer));
  }

  async function file(path, res) {
    const page = pages.test(path);
    try {
      const name = page ? 'index.html' : normalize(path).slice(1);
      let data = await readFile(join(dist, name));
      const nonce = randomBytes(16).toString('base64');
      const headers = { 'Content-Type': types[extname(name)] ?? 'application/octet-stream' };
      if (page) {
        data = data.toString().replaceAll('__CSP_NONCE__', nonce);
        headers['Content-Security-Policy'] =
          `default-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; frame-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`;
      }
      res.writeHead(200, headers);
      res.end(data);
    } catch {
      res.writeHead(404, { 'Content-Type': 'text/plain' });
      res.end('not found');
    }
  }

  const server = createServer((req, res) => {
    handle(req, res).catch((e) => {
      console.error(e);
      if (!res.headersSent) res.writeHead(500);
      res.end();
    });
  });
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => {
      resolve({
        url: `http://127.0.0.1:${server.address().port}`,
        /** Ends every open stream and refuses new ones for a while, as a restart would. */
        hang: () => {
          for (const t of timers) clearInterval(t);
        },
        stop: () => {
          for (const t of timers) clearInterval(t);
          server.closeAllConnections();
          server.close();
        },
      });
    });
  });
}

const metrics = [
  'http_requests_total',
  'http_request_duration_seconds_bucket',
  'filings_accepted_total',
  'filings_submitted_total',
  'node_cpu_seconds_total',
  'node_memory_MemAvailable_bytes',
  'signalbox_kpi_value',
  'up',
];
const labelValues = {
  __name__: metrics,
  job: ['intake', 'validate', 'status'],
  code: ['200', '422', '500'],
  instance: ['127.0.0.1:8101', '127.0.0.1:8102'],
  kpi: ['efile-error-rate'],
};

function prom(url, form, json) {
  const q = new URLSearchParams([...url.searchParams, ...form]);
  const path = url.pathname.slice('/api/v1'.length);
  const ok = (data) => json(200, { status: 'success', data });
  const query = q.get('query') ?? '';
  if (path.startsWith('/query') && /[({[]\s*$/.test(query)) {
    return json(400, {
      status: 'error',
      errorType: 'bad_data',
      error: `1:${query.length + 1}: parse error: unexpected end of input`,
    });
  }
  const name =
    /[a-zA-Z_:][\w:]*/.exec(query.replace(/^(sum|rate|avg|max|min|histogram_quantile|increase|by|\W|\d)+/g, ''))?.[0] ??
    'up';
  const rows = ['intake', 'validate', 'status'].map((job, i) => ({
    metric: { __name__: query.includes('(') ? undefined : name, job, instance: `127.0.0.1:810${i + 1}` },
    k: i + 1,
  }));
  if (query.includes('nothing')) return ok({ resultType: 'matrix', result: [] });
  if (path === '/query_range') {
    const [from, to, step] = [Number(q.get('start')), Number(q.get('end')), Number(q.get('step'))];
    return ok({
      resultType: 'matrix',
      result: rows.map((r) => {
        const values = [];
        for (let t = from; t <= to; t += step)
          values.push([
            t,
            String(10 * r.k + Math.sin(t / 900 / r.k) * 3 + fx.noise(Math.imul(Math.floor(t) * r.k, 2654435761))() * 2),
          ]);
        return { metric: r.metric, values };
      }),
    });
  }
  if (path === '/query')
    return ok({
      resultType: 'vector',
      result: rows.map((r) => ({
        metric: r.metric,
        value: [Number(q.get('time')) || Date.now() / 1000, String(10 * r.k)],
      })),
    });
  if (path === '/labels') return ok(Object.keys(labelValues));
  const m = /^\/label\/([^/]+)\/values$/.exec(path);
  if (m) return ok(labelValues[decodeURIComponent(m[1])] ?? []);
  if (path === '/series') return ok(rows.map((r) => ({ ...r.metric, __name__: name })));
  if (path === '/metadata')
    return ok(
      Object.fromEntries(
        metrics.map((x) => [
          x,
          [{ type: x.endsWith('_total') ? 'counter' : 'gauge', help: `Help of ${x}.`, unit: '' }],
        ]),
      ),
    );
  return json(404, { status: 'error', error: 'not found' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const s = await start({
    port: Number(process.env.PORT ?? 9701),
    story: process.env.MOCK_STORY ?? 'incident',
    kpis: Number(process.env.MOCK_KPIS ?? 0),
    tick: Number(process.env.MOCK_TICK ?? 2000),
  });
  console.log(`mock at ${s.url}`);
}
