// An invented portal in the shapes of the API: what the mock answers and what component tests draw.
// Everything follows from the instant that is passed in, so that a picture made twice is the same picture.

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const thin = '\u2009';
const words = { green: 'On target', yellow: 'At risk', red: 'Breached', grey: 'No data' };

/** A small seeded generator: the same seed gives the same noise. */
export function noise(seed) {
  let s = seed >>> 0 || 1;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 4294967296;
  };
}

function seedOf(name) {
  let h = 2166136261;
  for (const c of name) h = Math.imul(h ^ c.charCodeAt(0), 16777619) >>> 0;
  return h;
}

const defs = [
  {
    name: 'efile-error-rate',
    title: 'E-file error rate',
    description: 'Of all filings that people send, how many end in a server error instead of an answer.',
    outcome: 'technical',
    owner: 'oncall@irs.example',
    labels: { service: 'intake', journey: 'Filing' },
    by: ['service'],
    base: 0.041,
    wobble: 0.003,
    healthy: 0.006,
    breakAt: 0.965,
    red: { text: '> 3%', op: '>', a: 0.03 },
    yellow: { text: '> 1%', op: '>', a: 0.01 },
    objective: { target: 0.995, window: '30 days' },
    budget: -0.12,
    light: 'red',
    bad: ['red', 'yellow', 'yellow'],
    reason: 'Above 3.00 % in 3 of 3 datapoints, 4.12 % now',
    total: 55230,
    kind: 'ratio',
    text: 'http_requests_total{job="efile",code=~"5.."} of http_requests_total{job="efile"}',
    metrics: ['http_requests_total{job="efile",code=~"5.."}', 'http_requests_total{job="efile"}'],
    runbook: 'https://runbooks.irs.example/efile-errors',
  },
  {
    name: 'efile-under-2s',
    title: 'E-filings under 2 s',
    description: 'Of every 100 filings, how many get their answer within two seconds.',
    outcome: 'technical',
    owner: 'oncall@irs.example',
    labels: { service: 'intake', journey: 'Filing' },
    by: ['service'],
    base: 0.9861,
    wobble: 0.0025,
    red: { text: '< 97%', op: '<', a: 0.97 },
    yellow: { text: '< 99%', op: '<', a: 0.99 },
    objective: { target: 0.99, window: '30 days' },
    budget: 0.24,
    light: 'yellow',
    bad: ['yellow', 'yellow'],
    reason: 'Budget runs out in about 9 h at this rate',
    total: 55230,
    kind: 'share_below',
    text: 'share of http_request_duration_seconds{job="efile"} at most 2 s',
    metrics: ['http_request_duration_seconds_bucket{job="efile"}'],
    runbook: 'https://runbooks.irs.example/efile-slow',
  },
  {
    name: 'filings-accepted',
    title: 'Filings accepted',
    description: 'Filings that are accepted, of those submitted.',
    outcome: 'business',
    owner: 'filing-team@irs.example',
    labels: { journey: 'Filing' },
    by: [],
    base: 0.974,
    wobble: 0.004,
    red: { text: '< 90%', op: '<', a: 0.9 },
    yellow: { text: '< 95%', op: '<', a: 0.95 },
    objective: { target: 0.95, window: '30 days' },
    budget: 0.68,
    light: 'green',
    bad: [],
    total: 12840,
    kind: 'ratio',
    text: 'filings_accepted_total of filings_submitted_total',
    metrics: ['filings_accepted_total', 'filings_submitted_total'],
    runbook: 'https://runbooks.irs.example/acceptance',
  },
  {
    name: 'filings-against-forecast',
    title: 'Filings a minute, of the forecast',
    description: 'How many filings come in each minute, against what the plan of the deadline day expects.',
    outcome: 'business',
    owner: 'filing-team@irs.example',
    labels: { journey: 'Filing' },
    by: [],
    base: 1.04,
    wobble: 0.05,
    red: { text: 'outside 0.5..2', op: 'outside', a: 0.5, b: 2 },
    yellow: { text: 'outside 0.7..1.5', op: 'outside', a: 0.7, b: 1.5 },
    light: 'green',
    bad: ['yellow'],
    kind: 'expr',
    text: 'filings / forecast',
    metrics: [],
    inputs: ['filings-a-minute', 'filings-forecast'],
  },
  {
    name: 'refunds-on-time',
    title: 'Refunds issued on time',
    description: 'Direct-deposit refunds issued within 21 days.',
    outcome: 'business',
    owner: 'refunds@irs.example',
    labels: { journey: 'Refunds' },
    by: [],
    base: 0.964,
    wobble: 0.002,
    red: { text: '< 93%', op: '<', a: 0.93 },
    yellow: { text: '< 95%', op: '<', a: 0.95 },
    objective: { target: 0.95, window: '30 days' },
    budget: 0.71,
    light: 'green',
    bad: ['yellow'],
    kind: 'ratio',
    text: 'refunds_total{on_time="true"} of refunds_total',
    metrics: ['refunds_total'],
    total: 8113,
  },
  {
    name: 'payment-latency-p95',
    title: 'Payment answer, 95th percentile',
    description: 'The time within which 95 of 100 payments get their answer.',
    outcome: 'technical',
    owner: 'payments@irs.example',
    labels: { service: 'payments', journey: 'Payments' },
    by: ['service', 'region'],
    base: 0.412,
    wobble: 0.03,
    unit: 'seconds',
    axis: { factor: 1000, decimals: 0, unit: 'ms' },
    red: { text: '> 1s', op: '>', a: 1 },
    yellow: { text: '> 600ms', op: '>', a: 0.6 },
    light: 'green',
    bad: [],
    kind: 'quantile',
    text: '0.95 quantile of http_request_duration_seconds{job="payments"}',
    metrics: ['http_request_duration_seconds_bucket{job="payments"}'],
  },
  {
    name: 'contact-rate',
    title: 'Call-centre contact rate',
    description: 'Calls for every hundred filings.',
    outcome: 'business',
    owner: 'contact-centre@irs.example',
    labels: { journey: 'Support' },
    by: [],
    base: 0.031,
    wobble: 0.002,
    red: { text: '> 6%', op: '>', a: 0.06 },
    yellow: { text: '> 4%', op: '>', a: 0.04 },
    light: 'grey',
    bad: ['grey'],
    reason: 'No data since 11:19: callcentre-csv is late',
    missing: 'no_data',
    kind: 'ratio',
    text: 'calls_total of filings_submitted_total',
    metrics: ['calls_total'],
  },
  {
    name: 'host-cpu',
    title: 'Processor in use',
    description: 'Share of processor time in use on this machine.',
    outcome: 'technical',
    owner: 'platform@irs.example',
    labels: { service: 'host', journey: 'Platform' },
    by: [],
    base: 0.37,
    wobble: 0.06,
    red: { text: '> 95%', op: '>', a: 0.95 },
    yellow: { text: '> 85%', op: '>', a: 0.85 },
    light: 'green',
    bad: [],
    kind: 'gauge',
    text: 'node_cpu busy share, avg over 1m, avg across cores',
    metrics: ['node_cpu_seconds_total'],
  },
  {
    name: 'host-memory',
    title: 'Memory available',
    description: 'Memory that programs can still have on this machine.',
    outcome: 'technical',
    owner: 'platform@irs.example',
    labels: { service: 'host', journey: 'Platform' },
    by: [],
    base: 7.42e9,
    wobble: 2e8,
    unit: 'bytes',
    axis: { factor: 1e-9, decimals: 2, unit: 'GB' },
    red: { text: '< 500MB', op: '<', a: 5e8 },
    yellow: { text: '< 1GB', op: '<', a: 1e9 },
    light: 'green',
    bad: [],
    kind: 'gauge',
    text: 'node_memory_MemAvailable_bytes, last over 1m, sum across hosts',
    metrics: ['node_memory_MemAvailable_bytes'],
  },
  {
    name: 'host-disk',
    title: 'Disk in use',
    description: 'Share of the data disk in use.',
    outcome: 'technical',
    owner: 'platform@irs.example',
    labels: { service: 'host', journey: 'Platform' },
    by: [],
    base: 0.41,
    wobble: 0.001,
    red: { text: '> 90%', op: '>', a: 0.9 },
    yellow: { text: '> 80%', op: '>', a: 0.8 },
    light: 'green',
    bad: [],
    paused: true,
    kind: 'gauge',
    text: 'node_filesystem used share, last over 1m, max across disks',
    metrics: ['node_filesystem_avail_bytes'],
  },
];

function fmt(v, axis) {
  if (v === null) return { value: '—', unit: axis.unit };
  const s = Math.abs(v * axis.factor).toFixed(axis.decimals);
  const [w, d] = s.split('.');
  const g = w.replace(/\B(?=(\d{3})+(?!\d))/g, ',') + (d ? `.${d}` : '');
  return { value: (v < 0 ? '\u2212' : '') + g, unit: axis.unit };
}

function axisOf(d) {
  if (d.axis) return d.axis;
  if (d.kind === 'expr') return { factor: 1, decimals: 2, unit: '' };
  return { factor: 100, decimals: 2, unit: '%' };
}

function threshold(t, axis) {
  if (!t) return null;
  const a = fmt(t.a, axis);
  const u = a.unit ? `${thin}${a.unit}` : '';
  const above = t.op === '>';
  if (t.op === 'outside') {
    const b = fmt(t.b, axis);
    return {
      text: t.text,
      op: t.op,
      a: t.a,
      b: t.b,
      display: `outside ${a.value} to ${b.value}${u}`,
      promise: `${a.value} to ${b.value}${u}`,
    };
  }
  return {
    text: t.text,
    op: t.op,
    a: t.a,
    b: null,
    display: `${above ? 'above' : 'below'} ${a.value}${u}`,
    promise: `${above ? '≤' : '≥'} ${a.value}${u}`,
  };
}

function budgetOf(d) {
  if (d.budget === undefined) return null;
  const pct = Math.round(d.budget * 100);
  const spent = d.budget <= 0;
  return {
    target: d.objective.target,
    window: d.objective.window,
    good: 54026,
    total: 55230,
    attained: d.objective.target - 0.001,
    remaining: d.budget,
    burns: [
      {
        severity: 'page',
        long_ms: hour,
        short_ms: 5 * minute,
        factor: 14.4,
        long_rate: spent ? 14.8 : 1.2,
        short_rate: spent ? 15.1 : 0.9,
        burning: spent,
        display: `${spent ? '14.8' : '1.2'} × over 1 h, limit 14.4 ×`,
      },
      {
        severity: 'page',
        long_ms: 6 * hour,
        short_ms: 30 * minute,
        factor: 6,
        long_rate: spent ? 7.1 : 0.8,
        short_rate: spent ? 9.1 : 0.6,
        burning: spent,
        display: `${spent ? '7.1' : '0.8'} × over 6 h, limit 6 ×`,
      },
    ],
    partial: false,
    observed: 0.998,
    light: spent ? 'red' : d.budget < 0.25 ? 'yellow' : 'green',
    cause: spent ? 'burn' : '',
    display: { value: `${pct < 0 ? '\u2212' : ''}${Math.abs(pct)}`, unit: '%' },
    sentence: spent ? 'Error budget spent' : `${pct}${thin}% of error budget left`,
    burn_text: spent ? '14.8 × allowed over 1 h, pages at 14.4 ×' : '1.2 × allowed over 1 h, pages at 14.4 ×',
  };
}

function groupsOf(d, now, axis, value) {
  if (d.by.length === 0) return [];
  const rows =
    d.by.length === 2
      ? [
          ['payments, east', 1.1],
          ['payments, west', 0.98],
          ['payments, south', 0.9],
        ]
      : [
          ['intake', d.light === 'red' ? 1.9 : 1.002],
          ['validate', d.light === 'red' ? 0.14 : 1],
          ['status', d.light === 'red' ? 0.09 : 1.001],
        ];
  return rows.map(([text, k], i) => {
    const v = value === null ? null : Math.min(value * k, axis.unit === '%' ? 1 : Infinity);
    const light = i === 0 ? d.light : 'green';
    const parts = text.split(', ');
    return {
      labels: Object.fromEntries(d.by.map((b, j) => [b, parts[j] ?? ''])),
      text,
      light,
      word: words[light],
      reason: light === 'green' ? 'On target' : d.reason,
      value: v,
      since: light === 'green' ? now - 5 * day : now - 29 * minute,
      period_end: now - (now % minute) - minute,
      coverage: 1,
      good: null,
      total: null,
      missing: '',
      display: fmt(v, axis),
      counts: d.total
        ? `${Math.round(1071 / (i * 9 + 1)).toLocaleString('en-US')} of ${Math.round(d.total / (i + 2)).toLocaleString('en-US')}`
        : '',
      paused: null,
      budget: null,
    };
  });
}

/** The value of a definition at an instant: quiet noise, and a break in the last hours where the story has one. */
function valueAt(d, t, now) {
  const r = noise(Math.imul(seedOf(d.name) ^ Math.floor(t / minute), 2654435761))();
  const wave = Math.sin(t / (3.1 * hour)) * 0.5;
  const quiet = d.healthy ?? d.base;
  let v = quiet + (r - 0.5 + wave * 0.6) * d.wobble;
  if (d.light === 'red' && d.healthy !== undefined) {
    const into = (t - (now - 34 * minute)) / (6 * minute);
    if (into > 0) v += (d.base - d.healthy) * Math.min(1, into);
  }
  if (d.light === 'yellow') {
    const into = (t - (now - 6 * hour)) / (6 * hour);
    if (into > 0) v -= 0.004 * into;
    else v += 0.003;
  }
  if (d.missing && t > now - 3.2 * hour) return null;
  return axisOf(d).unit === '%' ? Math.min(1, v) : v;
}

function viewOf(d, now) {
  const axis = axisOf(d);
  const end = d.missing ? now - (now % minute) - 3 * hour : now - (now % minute);
  const value = valueAt(d, end, now);
  const red = threshold(d.red, axis);
  const yellow = threshold(d.yellow, axis);
  const bad =
    d.total && value !== null ? Math.round(d.total * (d.light === 'red' || d.healthy ? value : 1 - value)) : null;
  const reason = d.light === 'green' ? `On target: ${fmt(value, axis).value}${thin}${axis.unit}` : d.reason;
  const budget = budgetOf(d);
  return {
    name: d.name,
    title: d.title,
    description: d.description,
    outcome: d.outcome,
    owner: d.owner,
    unit: d.unit ?? (d.kind === 'expr' ? 'ratio' : 'percent'),
    labels: d.labels,
    by: d.by,
    revision: 7,
    light: d.light,
    word: words[d.light],
    since: d.light === 'red' ? now - 29 * minute : d.light === 'yellow' ? now - 2 * hour : now - 6 * day,
    reason,
    why: d.light === 'green' ? d.description : reason,
    value,
    upper: null,
    good: bad === null ? null : d.total - bad,
    total: d.total ?? null,
    counts: bad === null ? '' : `${bad.toLocaleString('en-US')} of ${d.total.toLocaleString('en-US')}`,
    coverage: d.missing ? 0 : 1,
    period_end: end,
    period_ms: minute,
    window_ms: minute,
    window_text: '1 minute',
    delay_ms: 5000,
    fresh_ms: 125_000,
    missing: d.missing ?? '',
    detail: d.missing ? 'Nothing matched calls_total in the window; callcentre-csv was last seen at 11:19 UTC.' : '',
    display: fmt(value, axis),
    promise: red?.promise ?? '',
    axis,
    thresholds: { yellow, red, for_text: 'red after 3 of 3 datapoints' },
    objective: d.objective
      ? {
          ...d.objective,
          text: `${d.objective.target * 100}% over 30d`,
          display: `≥ ${(d.objective.target * 100).toFixed(2)}${thin}% over ${d.objective.window}`,
        }
      : null,
    budget,
    groups: groupsOf(d, now, axis, value),
    groups_text: d.by.length ? `${d.light === 'green' ? 3 : 2} of 3 on target` : '',
    warnings: d.missing ? ['calls_total has matched nothing since the start; did you mean calls_received_total?'] : [],
    paused: d.paused
      ? { until: now + 90 * minute, by: 'priya', comment: 'Disk is being replaced', silence_id: 's-disk' }
      : null,
    page: d.runbook ? { severity: 'page', runbook: d.runbook } : null,
    indicator: { kind: d.kind, text: d.text, metrics: d.metrics, inputs: d.inputs ?? [] },
    source: `policies/${d.labels.journey.toLowerCase()}.yaml:1`,
  };
}

function sparkOf(d, now) {
  const t = [];
  const v = [];
  for (let i = 95; i >= 0; i--) {
    const at = now - (now % minute) - i * 15 * minute;
    t.push(at);
    v.push(valueAt(d, at, now));
  }
  return { t, v, threshold: d.red.op === 'outside' ? d.red.a : d.red.a };
}

function stripOf(d, now) {
  const r = noise(seedOf(d.name) + 9);
  return Array.from({ length: 30 }, (_, i) => {
    const back = 29 - i;
    const at = new Date(now - back * day).toISOString().slice(0, 10);
    let light = 'green';
    if (back < d.bad.length) light = d.bad[back];
    else if (r() > 0.955) light = 'yellow';
    else if (r() > 0.985) light = 'red';
    if (d.name === 'payment-latency-p95' && i < 4) light = 'none';
    return { day: at, light };
  });
}

function manyDefs(n) {
  const out = [...defs];
  const journeys = ['Filing', 'Refunds', 'Payments', 'Accounts', 'Support', 'Platform'];
  for (let i = out.length; i < n; i++) {
    const src = defs[[2, 4, 5, 7][i % 4]];
    const light = i % 97 === 0 ? 'red' : i % 31 === 0 ? 'yellow' : 'green';
    out.push({
      ...src,
      name: `kpi-${i}`,
      title: `${src.title} ${i}`,
      light,
      reason: light === 'green' ? undefined : 'Beyond the band in 3 of 3 datapoints',
      labels: { ...src.labels, journey: journeys[i % journeys.length] },
    });
  }
  return out;
}

/** The definitions of a story: incident (something is red), calm (all is well), empty, or a number of KPIs. */
export function story(name = 'incident', count = 0) {
  if (name === 'empty') return [];
  const list = count > 0 ? manyDefs(count) : defs;
  if (name === 'calm')
    return list.map((d) => ({
      ...d,
      light: 'green',
      paused: undefined,
      missing: undefined,
      bad: [],
      base: d.healthy ?? d.base,
      budget: d.budget === undefined ? undefined : 0.82,
    }));
  return list;
}

export function views(list, now) {
  return list.map((d) => viewOf(d, now));
}

export function verdictOf(list) {
  const red = list.filter((d) => d.light === 'red' && !d.paused);
  const yellow = list.filter((d) => d.light === 'yellow');
  if (list.length === 0) return { sentence: 'Nothing is promised yet.', detail: '', light: 'grey' };
  if (red.length > 0)
    return {
      sentence: `${red[0].title} is breached. ${yellow.length === 1 ? 'One other KPI is' : `${yellow.length} other KPIs are`} at risk.`,
      detail:
        'E-file error rate has been above 3.00 % since 14:02, right after Policy revision 7 took effect. oncall@irs.example was paged.',
      light: 'red',
    };
  if (yellow.length > 0)
    return { sentence: `${yellow[0].title} is at risk.`, detail: 'All other promises are kept.', light: 'yellow' };
  return { sentence: 'All promises are kept.', detail: `${list.length} KPIs are on target.`, light: 'green' };
}

export function countsOf(list) {
  const c = { red: 0, yellow: 0, grey: 0, paused: 0, green: 0 };
  for (const d of list) c[d.paused ? 'paused' : d.light]++;
  return c;
}

export function sources(now, name = 'incident') {
  if (name === 'empty') return [];
  const one = (job, target, extra = {}) => ({
    id: `scrape/${job}/${target}`,
    kind: 'scrape',
    job,
    target: `http://${target}/metrics`,
    labels: { job, instance: target, env: 'demo' },
    health: 'up',
    last_at: now - 3000,
    interval_ms: 5000,
    last_error: '',
    hint: '',
    samples: 214,
    series: 214,
    refused: {},
    rows: {},
    dropped: 0,
    sampled_out: 0,
    duration_ms: 4,
    ...extra,
  });
  return [
    one('callcentre-csv', '127.0.0.1:8105', {
      health: 'down',
      last_at: now - 3.2 * hour,
      interval_ms: 60_000,
      last_error: 'The target answered "application/json" with one quoted string instead of the exposition format.',
      hint: 'Return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST) from the /metrics route.',
      samples: 0,
      series: 0,
    }),
    one('orders', '127.0.0.1:8107', {
      health: 'late',
      last_at: now - 95_000,
      interval_ms: 15_000,
      last_error: 'Get "http://127.0.0.1:8107/metrics": context deadline exceeded',
      hint: 'The target needs longer than the timeout of 10 s: make /metrics faster or raise scrape_timeout.',
      samples: 1210,
      series: 1210,
      refused: { series_limit: 18230, out_of_order: 4 },
      refused_by_signal: { metrics: { series_limit: 18230, out_of_order: 4 } },
    }),
    one('intake', '127.0.0.1:8101'),
    one('validate', '127.0.0.1:8102', { samples: 187, series: 187 }),
    one('status', '127.0.0.1:8103', { samples: 166, series: 166 }),
    {
      ...one('host', 'this machine', { kind: 'host', samples: 92, series: 92, interval_ms: 15_000 }),
      id: 'host',
      target: '',
    },
    {
      ...one('remote write', 'billing-agent', { kind: 'push', samples: 88_120, series: 2210, interval_ms: 15_000 }),
      id: 'push/billing-agent',
      target: 'billing-agent',
    },
    {
      ...one('efile', 'efile', { kind: 'push', samples: 0, series: 0, interval_ms: 0 }),
      id: 'push/efile',
      target: 'efile',
      rows: {
        logs: 1_882_400 + Math.floor((now / 1000) % 86_400) * 41,
        spans: 4_120_900 + Math.floor((now / 1000) % 86_400) * 180,
        events: 96_200 + Math.floor((now / 1000) % 86_400) * 3,
      },
      refused: { clock_ahead: 12 },
      refused_by_signal: { logs: { clock_ahead: 12 } },
      dropped: 420,
      sampled_out: 1_204_000,
    },
  ];
}

export function sourcesSummary(now, name) {
  const list = sources(now, name);
  const late = list.filter((s) => s.health !== 'up');
  return {
    on_time: list.length - late.length,
    total: list.length,
    text: `${list.length - late.length} of ${list.length} sources on time`,
    late,
  };
}

export function board(list, now, name = 'incident') {
  const red = list.find((d) => d.light === 'red');
  return {
    as_of: now,
    verdict: verdictOf(list),
    counts: countsOf(list),
    tiles: list.map((d) => ({ ...viewOf(d, now), spark: sparkOf(d, now), strip: stripOf(d, now) })),
    total: list.length,
    partial: false,
    now: [
      ...(red
        ? [
            {
              kind: 'page',
              light: 'red',
              kpi: red.name,
              title: `${red.title} above 3.00${thin}%`,
              detail: 'oncall@irs.example was mailed and has not silenced it',
              since: now - 26 * minute,
              until: 0,
              fingerprint: 'f1',
              silence_id: '',
            },
          ]
        : []),
      ...(list.some((d) => d.paused)
        ? [
            {
              kind: 'pause',
              light: 'paused',
              kpi: 'host-disk',
              title: 'Disk in use is paused',
              detail: 'Disk is being replaced. By priya',
              since: now - 40 * minute,
              until: now + 90 * minute,
              fingerprint: '',
              silence_id: 's-disk',
            },
          ]
        : []),
    ],
    changes:
      list.length === 0
        ? []
        : [
            {
              letter: 'P',
              word: 'Policy',
              at: now - 33 * minute,
              kpi: 'efile-error-rate',
              title: 'E-file error rate, revision 7',
              detail: 'policies/filing.yaml',
            },
            {
              letter: 'C',
              word: 'Config',
              at: now - 20 * hour,
              kpi: '',
              title: 'signalbox.yaml loaded',
              detail: '4 jobs',
            },
            {
              letter: 'P',
              word: 'Policy',
              at: now - 3 * day,
              kpi: 'refunds-on-time',
              title: 'Refunds issued on time, revision 3',
              detail: 'policies/refunds.yaml',
            },
          ],
    sources: sourcesSummary(now, name),
    owners: [...new Set(list.map((d) => d.owner))].sort(),
    label_names: [...new Set(list.flatMap((d) => Object.keys(d.labels)))].sort(),
  };
}

export function series(d, now, from, to, max) {
  const step = Math.max(minute, Math.ceil((to - from) / max / minute) * minute);
  const axis = axisOf(d);
  const s = { t: [], value: [], upper: [], good: [], total: [], light: [], missing: [], display: [] };
  for (let t = Math.ceil(from / step) * step; t <= to; t += step) {
    let v = valueAt(d, t, now);
    const gap = t > now - 15 * hour && t < now - 14.4 * hour && d.name !== 'efile-error-rate';
    if (gap) v = null;
    s.t.push(t);
    s.value.push(v);
    s.upper.push(null);
    s.total.push(d.total ? Math.round(d.total / 24) : null);
    s.good.push(d.total && v !== null ? Math.round((d.total / 24) * (1 - v)) : null);
    const hit = (c) => v !== null && c && (c.op === '>' ? v > c.a : c.op === '<' ? v < c.a : v < c.a || v > c.b);
    s.light.push(v === null ? 'grey' : hit(d.red) ? 'red' : hit(d.yellow) ? 'yellow' : 'green');
    s.missing.push(v === null ? 'no_data' : '');
    const f = fmt(v, axis);
    s.display.push(v === null ? '—' : f.unit ? `${f.value}${thin}${f.unit}` : f.value);
  }
  const last = s.display.at(-1) ?? '—';
  return {
    from,
    to,
    group: {},
    ...s,
    axis,
    thresholds: {
      red: threshold(d.red, axis),
      yellow: threshold(d.yellow, axis),
      for_text: 'red after 3 of 3 datapoints',
    },
    sentence: `${d.title} over the last ${Math.round((to - from) / hour)} hours: now ${last}.`,
    transitions: decisions(d, now)
      .map((x) => ({ ...x, range: [] }))
      .filter((x) => x.end >= from && x.end <= to),
    receipts: receipts(d, now),
  };
}

export function receipts(d, now) {
  if (d.light !== 'red') return [];
  const base = {
    kpi: d.name,
    group: { service: 'intake' },
    receiver: 'oncall',
    attempt: 1,
    error: '',
    decision: 'd3',
    rule: 'kpi =~ "efile-.*"',
    message_id: '<d3.1@signalbox>',
  };
  return [
    { ...base, id: 'r4', at: now - 26 * minute, integration: 'email[0]', status: 'sent', firing: true, attempt: 2 },
    {
      ...base,
      id: 'r3',
      at: now - 27 * minute,
      integration: 'email[0]',
      status: 'failed',
      firing: true,
      error: '451 4.3.2 try again later, from 127.0.0.1:1025',
    },
    {
      ...base,
      id: 'r2',
      at: now - 3 * day,
      integration: 'email[0]',
      status: 'sent',
      firing: false,
      decision: 'd1',
      message_id: '<d1.2@signalbox>',
    },
    {
      ...base,
      id: 'r1',
      at: now - 3 * day - 38 * minute,
      integration: 'email[0]',
      status: 'sent',
      firing: true,
      decision: 'd0',
      message_id: '<d0.1@signalbox>',
    },
  ];
}

export function decisions(d, now) {
  const axis = axisOf(d);
  const point = (back, v, band) => {
    const f = fmt(v, axis);
    return {
      end: now - (now % minute) - back * minute,
      value: v,
      good: null,
      total: d.total ? Math.round(d.total / 1440) : null,
      coverage: 1,
      missing: '',
      detail: '',
      display: f.unit ? `${f.value}${thin}${f.unit}` : f.value,
      band,
    };
  };
  const band = (before, after, rule, breaching, note = '') => ({
    before,
    after,
    rule,
    breaching,
    real: 5,
    filled: 0,
    treatment: 'missing',
    note,
  });
  const base = {
    kpi: d.name,
    title: d.title,
    revision: 7,
    group: d.by.length ? { service: 'intake' } : {},
    budget: null,
  };
  const over = (k) => (d.red.a ?? 1) * k;
  if (d.light === 'green') return [];
  return [
    {
      ...base,
      id: 'd3',
      from: 'yellow',
      from_word: words.yellow,
      to: d.light,
      to_word: words[d.light],
      end: now - (now % minute) - 29 * minute,
      at: now - (now % minute) - 29 * minute + 5000,
      cause: 'threshold',
      sentence: `${d.title} turned ${words[d.light]}: 3 of 3 datapoints are above 3.00${thin}%, the last is 4.12${thin}%.`,
      red: band('ok', 'alarm', '3 of 3 > 3%', 3),
      yellow: band('alarm', 'alarm', '1 of 1 > 1%', 4),
      range: [
        point(33, over(0.21), 'none'),
        point(32, over(0.6), 'yellow'),
        point(31, over(1.1), 'red'),
        point(30, over(1.28), 'red'),
        point(29, over(1.37), 'red'),
      ],
      receipts: receipts(d, now).filter((r) => r.decision === 'd3'),
    },
    {
      ...base,
      id: 'd2',
      from: 'green',
      from_word: words.green,
      to: 'yellow',
      to_word: words.yellow,
      end: now - (now % minute) - 32 * minute,
      at: now - (now % minute) - 32 * minute + 5000,
      cause: 'threshold',
      sentence: `${d.title} turned At risk: 1.80${thin}% is above 1.00${thin}%.`,
      red: band('ok', 'ok', '3 of 3 > 3%', 0),
      yellow: band('ok', 'alarm', '1 of 1 > 1%', 1),
      range: [point(34, over(0.2), 'none'), point(33, over(0.21), 'none'), point(32, over(0.6), 'yellow')],
      receipts: [],
    },
    {
      ...base,
      id: 'd1',
      from: 'red',
      from_word: words.red,
      to: 'green',
      to_word: words.green,
      end: now - 3 * day,
      at: now - 3 * day + 5000,
      cause: 'recovered',
      sentence: `${d.title} is on target again: fewer than 3 of the last 3 datapoints are above 3.00${thin}%.`,
      red: band('alarm', 'ok', '3 of 3 > 3%', 0),
      yellow: band('alarm', 'ok', '1 of 1 > 1%', 0),
      range: [],
      receipts: receipts(d, now).filter((r) => r.decision === 'd1'),
    },
  ];
}

export function failing(d) {
  const axis = axisOf(d);
  const row = (text, bad, total, sh, light) => ({
    labels: { service: text },
    text,
    bad,
    total,
    bad_text: bad.toLocaleString('en-US'),
    share_of_drop: sh,
    share_text: `${Math.round(sh * 100)}${thin}%`,
    value: bad / total,
    display: fmt(bad / total, axis),
    light,
  });
  if (d.by.length === 0) return [];
  return [
    row('intake', 1071, 14100, 0.89, d.light),
    row('validate', 58, 21020, 0.05, 'green'),
    row('status', 41, 12010, 0.03, 'green'),
    { ...row('Everything else', 34, 8100, 0.03, 'green'), labels: {} },
  ];
}

export function burnDown(d, now) {
  const t = [];
  const remaining = [];
  const end = d.budget ?? 0.5;
  for (let i = 0; i <= 120; i++) {
    const at = now - (120 - i) * 6 * hour;
    t.push(at);
    const x = i / 120;
    remaining.push(
      end < 0 ? (x < 0.97 ? 1 - x * 0.42 : 0.5926 + ((x - 0.97) / 0.03) * (end - 0.5926)) : 1 - x * (1 - end),
    );
  }
  return {
    t,
    remaining,
    window: '30 days',
    spent_at: end < 0 ? now - 9 * minute : 0,
    runs_out_at: end > 0 && end < 0.3 ? now + 9 * hour : 0,
    sentence:
      end < 0
        ? 'The error budget of 30 days was spent today at 14:22.'
        : `${Math.round(end * 100)}${thin}% of the error budget of 30 days is left.`,
  };
}

export function alerts(list, now, extra = []) {
  const silences = [
    {
      id: 's-disk',
      matchers: [{ name: 'kpi', value: 'host-disk', is_regex: false, is_equal: true }],
      starts_at: now - 40 * minute,
      ends_at: now + 90 * minute,
      updated_at: now - 40 * minute,
      created_by: 'priya',
      comment: 'Disk is being replaced',
      state: 'active',
    },
    {
      id: 's-old',
      matchers: [{ name: 'service', value: 'status|validate', is_regex: true, is_equal: true }],
      starts_at: now - 30 * hour,
      ends_at: now - 27 * hour,
      updated_at: now - 27 * hour,
      created_by: 'tosei',
      comment: 'Load test of the status page',
      state: 'expired',
    },
    ...extra,
  ];
  if (list.length === 0) return { active: [], groups: [], silences: [], receipts: [] };
  const red = list.filter((d) => d.light === 'red').slice(0, 4);
  const active = red.map((d, i) => {
    const mute = extra.find(
      (s) => s.state === 'active' && s.matchers.some((m) => m.name === 'kpi' && m.value === d.name),
    );
    return {
      fingerprint: `f${i + 1}`,
      labels: { alertname: d.name, kpi: d.name, severity: 'page', service: 'intake', agency: 'IRS', env: 'demo' },
      annotations: {
        summary: `${d.title} is 4.12${thin}%, above 3.00${thin}%`,
        why: 'Red after 3 of 3 datapoints above 3 %: 3.30 %, 3.84 %, 4.12 %',
        value: `4.12${thin}%`,
        threshold: '> 3%',
        runbook_url: d.runbook ?? '',
      },
      starts_at: now - 29 * minute,
      updated_at: now - 20_000,
      state: mute ? 'suppressed' : 'active',
      silenced_by: mute ? [mute.id] : [],
      inhibited_by: [],
      muted_by: [],
      receivers: ['oncall'],
    };
  });
  active.push({
    fingerprint: 'f9',
    labels: { alertname: 'DiskFillsUp', severity: 'ticket', kpi: 'host-disk', instance: 'this machine' },
    annotations: { summary: 'The disk is full in about 3 days' },
    starts_at: now - 5 * hour,
    updated_at: now - 30_000,
    state: 'suppressed',
    silenced_by: ['s-disk'],
    inhibited_by: [],
    muted_by: [],
    receivers: ['platform'],
  });
  return {
    active,
    groups: [
      ...active
        .slice(0, -1)
        .map((a) => ({ labels: { kpi: a.labels.kpi }, receiver: 'oncall', fingerprints: [a.fingerprint] })),
      { labels: { kpi: 'host-disk' }, receiver: 'platform', fingerprints: ['f9'] },
    ],
    silences,
    receipts: list.flatMap((d) => receipts(d, now)).slice(0, 12),
  };
}

export function mails(now) {
  const html = `<!doctype html><html><body style="font-family:sans-serif"><h2>E-file error rate is 4.12 %, above 3.00 %</h2><table><tr><th align="left">Value</th><td>4.12 %</td></tr><tr><th align="left">Threshold</th><td>&gt; 3%</td></tr><tr><th align="left">Since</th><td>14:02 UTC</td></tr></table><p><a href="https://runbooks.irs.example/efile-errors">Runbook</a></p></body></html>`;
  const text =
    'E-file error rate is 4.12 %, above 3.00 %\n\nValue      4.12 %\nThreshold  > 3%\nSince      14:02 UTC\nGroup      service=intake\nRunbook    https://runbooks.irs.example/efile-errors\n';
  const head = { from: 'noreply@irs.example', to: ['oncall@irs.example'] };
  return [
    {
      ...head,
      id: 'm2',
      at: now - 26 * minute,
      subject: '[Breached] E-file error rate 4.12 %, above 3.00 % (intake)',
      text,
      html,
      headers: { 'Message-ID': '<d3.1@signalbox>', Subject: '[Breached] E-file error rate 4.12 %' },
    },
    {
      ...head,
      id: 'm1',
      at: now - 3 * day,
      subject: '[Resolved] E-file error rate 0.61 % (intake)',
      text: 'E-file error rate is on target again.\n',
      html: '',
      headers: { 'Message-ID': '<d1.2@signalbox>' },
    },
  ];
}
