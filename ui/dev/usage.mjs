// Invented answers about usage, privacy and where KPIs lead, for the mock and the tests.
import { noise } from './fixtures.mjs';

const day = 86_400_000;
const hour = 3_600_000;
const apps = [
  { service: 'efile-web', env: 'prod', agency: 'IRS' },
  { service: 'intake', env: 'prod', agency: 'IRS' },
  { service: 'intake', env: 'test', agency: 'IRS' },
];
const r = (...n) =>
  noise(
    Math.imul(
      n.reduce((a, b) => a * 31 + Math.floor(b), 7),
      2654435761,
    ),
  )();

function starts(from, to, period) {
  const out = [];
  const d = new Date(from);
  let at = Date.UTC(d.getUTCFullYear(), d.getUTCMonth(), period === 'month' ? 1 : d.getUTCDate());
  if (period === 'week') at -= ((new Date(at).getUTCDay() + 6) % 7) * day;
  while (at < to) {
    out.push(at);
    const t = new Date(at);
    at =
      period === 'month'
        ? Date.UTC(t.getUTCFullYear(), t.getUTCMonth() + 1, 1)
        : at + (period === 'week' ? 7 : 1) * day;
  }
  return out;
}
const lengthOf = { day, week: 7 * day, month: 30 * day };

function actives(q, from, to, now) {
  const period = q.get('period') ?? 'day';
  const base = { day: 2100, week: 8800, month: 21_400 }[period];
  const points = starts(from, to, period).map((at, i) => {
    const done = Math.min(1, (now - at) / lengthOf[period]);
    const n = Math.round(base * (0.8 + 0.012 * i + 0.12 * r(at / day, 1)) * done);
    return { at, people: n, new: Math.round(n * (0.16 + 0.08 * r(at / day, 2))), events: n * 14, complete: done >= 1 };
  });
  const chosen = apps.filter((a) => ['service', 'env', 'agency'].every((k) => !q.get(k) || q.get(k) === a[k]));
  return { period, points, day: 1284, week: 9120, month: 22_860, stickiness: 0.236, apps: chosen, notes: [] };
}

function sessions(q, from, to, now) {
  const period = q.get('period') ?? 'day';
  const base = { day: 3400, week: 19_200, month: 71_000 }[period];
  const point = (at, n, complete) => ({
    at,
    sessions: n,
    people: Math.round(n * 0.55),
    actions: n * 9,
    bounces: Math.round(n * 0.21),
    median: 212 + 40 * r(at / day, 5),
    p95: 1480 + 300 * r(at / day, 6),
    mean: 401,
    per_session: 8.4 + r(at / day, 7),
    bounce: 0.19 + 0.05 * r(at / day, 8),
    complete,
  });
  const points = starts(from, to, period).map((at) => {
    const done = Math.min(1, (now - at) / lengthOf[period]);
    return point(at, Math.round(base * (0.85 + 0.2 * r(at / day, 4)) * done), done >= 1);
  });
  const shares = [0.12, 0.09, 0.17, 0.31, 0.2, 0.08, 0.03];
  const edges = [0, 10, 30, 60, 300, 900, 1800, null];
  return {
    period,
    points,
    total: point(from, 221_400, true),
    distribution: shares.map((share, i) => ({
      from: edges[i],
      to: edges[i + 1],
      sessions: Math.round(221_400 * share),
      share,
    })),
    standing: !q.get('q'),
    notes: [],
  };
}

function retention(q, from, to, now) {
  const period = q.get('period') ?? 'day';
  const n = Number(q.get('periods') ?? 8);
  const cohorts = starts(from, to, period).map((at, i) => {
    const few = i === 3;
    const size = few ? -1 : Math.round(900 + 400 * r(at / day, 11));
    const cells = Array.from({ length: n + 1 }, (_, k) => {
      const begins = at + k * lengthOf[period];
      const complete = begins + lengthOf[period] <= now;
      if (begins > now) return { people: 0, share: null, previous: null, complete: false };
      const share = k === 0 ? 1 : (0.46 / Math.pow(k, 0.35)) * (0.9 + 0.2 * r(at / day, k)) * (complete ? 1 : 0.4);
      return { people: few ? -1 : Math.round(size * share), share: few ? null : share, previous: null, complete };
    });
    return { at, size, cells };
  });
  const mean = Array.from({ length: n + 1 }, (_, k) => {
    const of = cohorts.filter((c) => c.size > 0 && c.cells[k].complete && c.cells[k].share !== null);
    return {
      share: of.length === 0 ? null : of.reduce((a, c) => a + c.cells[k].share, 0) / of.length,
      cohorts: of.length,
    };
  });
  return { period, cohorts, weighted: mean, simple: mean, standing: true, notes: [] };
}

const features = {
  event: ['page_view', 'filing_started', 'filing_submitted', 'refund_checked', 'payment_scheduled', 'help_opened'],
  route: ['/', '/file', '/status', '/pay', '/help'],
  release: ['4.18.0', '4.17.2', 'new-summary', 'bank-debit-v2'],
};
function adoption(q, from, to) {
  const kind = q.get('kind') ?? 'event';
  const days = starts(from, to, 'day');
  const list = features[kind].map((name, i) => {
    const late = i === 4 ? days[Math.floor(days.length / 2)] : 0;
    const share = 0.92 / (1 + 0.7 * i);
    const points = days
      .filter((at) => at >= late)
      .map((at) => {
        const actives = 2100;
        const s = share * (late ? Math.min(1, (at - late) / (10 * day) + 0.1) : 1) * (0.94 + 0.1 * r(at / day, i));
        return { at, people: Math.round(actives * s), actives, share: s };
      });
    const people = i === 5 ? -1 : Math.round(22_860 * share);
    return {
      name,
      people,
      share: people < 0 ? null : share,
      events: Math.round(22_860 * share * 6),
      points,
      releases:
        kind === 'release'
          ? []
          : ['4.17.2', '4.18.0'].map((release, k) => ({
              release,
              people: 800 + 200 * k,
              of: 2400,
              share: (800 + 200 * k) / 2400,
            })),
    };
  });
  return { kind, actives: 22_860, features: list, standing: !q.get('q'), notes: [] };
}

const trace = (i) => (i + 11).toString(16).padStart(4, '0').repeat(8);
function funnel(q) {
  const steps = q.getAll('step');
  const of = (scale) => {
    let n = Math.round(8400 * scale);
    return steps.map((name, i) => {
      const before = n;
      if (i > 0) n = Math.round(n * (0.52 + 0.3 * r(i, 21)));
      return {
        name,
        people: n,
        share: n / Math.round(8400 * scale),
        of_before: i > 0 ? n / before : null,
        lost: i > 0 ? before - n : 0,
        median: i > 0 ? 48 * i * i : null,
        p90: i > 0 ? 310 * i : null,
        trace_lost: i > 0 ? [trace(i), trace(i + 4), trace(i + 9)] : [],
      };
    });
  };
  const groups = q.get('by')
    ? ['web', 'phone', 'agent desk'].map((value, i) => ({ value, steps: of(0.6 / (i + 1)) }))
    : [];
  return { steps: of(1), groups, excluded: q.getAll('exclude').length * 61, ties: 0, events: 184_210, notes: [] };
}

function success(q, from, to, now) {
  const period = q.get('period') ?? 'day';
  const points = starts(from, to, period).map((at) => {
    const started = Math.round(6000 * (0.8 + 0.3 * r(at / day, 31)));
    const share = 0.975 - 0.03 * r(at / day, 32);
    return {
      at,
      started,
      succeeded: Math.round(started * share),
      open: 0,
      share,
      complete: at + lengthOf[period] <= now,
    };
  });
  const sum = (k) => points.reduce((a, p) => a + p[k], 0);
  const started = sum('started');
  const succeeded = sum('succeeded');
  const rest = started - succeeded - 12;
  const [late, failed] = [Math.round(rest * 0.5), Math.round(rest * 0.3)];
  const outcome = ['late', 'failed', 'missing'];
  return {
    started,
    succeeded,
    late,
    failed,
    missing: rest - late - failed,
    open: 12,
    share: succeeded / (started - 12),
    median: 4.2,
    p90: 12.6,
    p99: 29.1,
    points,
    examples: Array.from({ length: 8 }, (_, i) => ({
      business_id: `C-${88_120 - i * 7}`,
      at: now - (i + 1) * 13 * 60_000,
      outcome: outcome[i % 3],
      seconds: i % 3 === 2 ? null : 31 + 9 * i,
      trace_id: i === 4 ? '' : trace(i),
    })),
    notes: [],
  };
}

function kpi(b) {
  if (b.view === 'funnel' && (b.steps ?? []).length === 0)
    return [
      422,
      { status: 422, title: 'Problem', detail: 'steps is empty: want a search for each step of the funnel' },
    ];
  const value = b.value ?? 1;
  const name = `usage-${b.view}`.replaceAll('_', '-');
  const policy = `kind: KPI\nname: ${name}\ntitle: '${b.view === 'retention' ? `Came back after ${b.after} days` : `Usage: ${b.view}`}'\noutcome: business\nowner: 'unowned'\nunit: percent\nindicator:\n  gauge: {of: 'signalbox_usage_${b.view}', over: last, across: max}\nperiod: 5m\nthresholds: {yellow: '< ${(90 * value).toFixed(1)}%', red: '< ${(80 * value).toFixed(1)}%'}\n`;
  return [
    200,
    { policy, watch: null, notes: b.value ? [] : ['Nothing is known of the number yet: state the thresholds.'] },
  ];
}

/** Requests of data subjects; nothing of whom they are about is kept here either. */
function privacyOf(now) {
  const by = { id: 'priya', name: 'Priya Natarajan', kind: 'person' };
  const certificate = (request, kind, at, rows) => ({
    request,
    kind,
    by,
    asked_at: at,
    ended_at: at + 94_000,
    rows,
    interrupted: 0,
    files: kind === 'erase' ? 41 : 0,
    bytes: kind === 'erase' ? 188_204_032 : 0,
    from: at - 61 * day,
    to: at - hour,
    searched:
      kind === 'erase'
        ? [
            'the user, session and business id of each row',
            'pseudonyms in texts and attributes',
            'the id itself in texts and attributes',
          ]
        : [],
    keys: [1, 2],
    keys_destroyed: [],
    others: 2,
    left:
      kind === 'erase'
        ? [{ name: 'events/2026-11-01', at: at - 12 * day, to: 's3://treasury-lake/efile', rows: 1_204_511 }]
        : [],
    digest: '9f2c41d07be35a8e60c1f4d2b7a9385ce14d6f0b2a7c98e3d5f16042b8c7e9a1',
  });
  const one = (id, kind, state, at, rows, more = {}) => ({
    id,
    kind,
    state,
    by,
    reason: `Letter ${2026_000 + id * 17}`,
    created_at: at,
    updated_at: at + 94_000,
    parts_done: state === 'running' ? 12 : 33,
    parts: 33,
    ...(state === 'done' ? { certificate: certificate(id, kind, at, rows) } : {}),
    ...more,
  });
  return [
    one(4, 'erase', 'running', now - 40_000, {}),
    one(3, 'erase', 'done', now - 3 * day, { logs: 214, spans: 1880, events: 642 }),
    one(2, 'export', 'done', now - 4 * day, { logs: 214, spans: 1880, events: 642 }),
    one(1, 'export', 'failed', now - 9 * day, {}, { failure: 'The store is being sealed; try again in a minute.' }),
  ];
}

function leads(path, q) {
  const from = Number(q.get('from'));
  const to = Number(q.get('to'));
  const service = 'service:intake';
  return {
    from,
    to,
    searches: [
      { table: 'spans', where: `${service} status:error`, title: 'Failing traces' },
      { table: 'logs', where: `${service} level:>=warn`, title: 'Warnings and errors in logs' },
      { table: 'events', where: service, title: 'What people did' },
    ],
    left: q.get('group') ? ['channel'] : [],
  };
}

/** Answers about usage, privacy and leads; undefined for what is not theirs. */
export function routes(now = () => Date.now()) {
  const requests = privacyOf(now());
  return (method, path, q, body) => {
    const at = now();
    const to = Number(q.get('to') || at);
    const from = Number(q.get('from') || to - 84 * day);
    switch (`${method} ${path}`) {
      case 'GET /usage/actives':
        return [200, actives(q, from, to, at)];
      case 'GET /usage/sessions':
        return [200, sessions(q, from, to, at)];
      case 'GET /usage/retention':
        return [200, retention(q, from, to, at)];
      case 'GET /usage/adoption':
        return [200, adoption(q, from, to)];
      case 'GET /usage/funnel':
        return [200, funnel(q)];
      case 'GET /usage/success':
        return [200, success(q, from, to, at)];
      case 'GET /usage/people':
        return [
          200,
          {
            people: q.get('table') === 'events' ? 214 : 37,
            sessions: q.get('table') === 'events' ? 260 : 41,
            notes: [],
          },
        ];
      case 'POST /usage/kpi':
        return kpi(body);
      case 'GET /privacy/requests':
        return [
          200,
          {
            requests,
            keys: [
              {
                id: 1,
                purpose: 'analytics',
                created_at: at - 120 * day,
                retired_at: at - 30 * day,
                keep_until: at + 60 * day,
                destroyed_at: 0,
              },
              { id: 2, purpose: 'analytics', created_at: at - 30 * day, retired_at: 0, keep_until: 0, destroyed_at: 0 },
            ],
          },
        ];
      case 'POST /privacy/erase': {
        const id = (requests[0]?.id ?? 0) + 1;
        requests.unshift({
          ...requests[0],
          id,
          kind: 'erase',
          state: 'running',
          reason: body.reason,
          created_at: at,
          parts_done: 0,
        });
        return [200, requests[0]];
      }
      case 'POST /privacy/export':
        return [200, { mock: 'a zip' }];
    }
    const m = /^\/privacy\/requests\/(\d+)$/.exec(path);
    if (m && method === 'GET') {
      const hit = requests.find((x) => x.id === Number(m[1]));
      return hit
        ? [
            200,
            {
              ...hit,
              text: hit.certificate ? `Certificate of erasure ${hit.id}\n\nSHA-256 ${hit.certificate.digest}\n` : '',
            },
          ]
        : [404, { status: 404, title: 'Problem', detail: `there is no privacy request ${m[1]}` }];
    }
    if (method === 'GET' && /^\/kpis\/[^/]+\/leads$/.test(path)) return [200, leads(path, q)];
    return undefined;
  };
}
