// The invented law of the invented portal: policies, proposals in every state, back-tests, reviews and feedback, as the mock
// serves them and as component tests draw them. It keeps state, so that a proposal can be made, tested and approved.
import { readFileSync } from 'node:fs';
import { noise } from './fixtures.mjs';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const thin = '\u2009';
const words = { green: 'On target', yellow: 'At risk', red: 'Breached', grey: 'No data' };
const person = (name) => ({ id: name.toLowerCase().replace(/\W+/g, '-'), name, kind: 'person' });
const osei = person('Tariq Osei');
const alvarez = person('Maria Alvarez');
const banerjee = person('Rina Banerjee');
const agent = { id: 'tuner', name: 'threshold-tuner', kind: 'token' };

const yaml = {
  'KPI/efile-error-rate': (red = '3%', hold = '3') => `# Why 3 %: the contact centre is called from about 1 in 40 on.
kind: KPI
name: efile-error-rate
title: E-file error rate
description: Of all filings that people send, how many end in a server error instead of an answer.
outcome: technical
owner: oncall@irs.example
labels: {service: intake, journey: Filing}
regulated: true
review_every: 180d
unit: percent
indicator:
  ratio: {bad: 'http_requests_total{job="efile",code=~"5.."}', total: 'http_requests_total{job="efile"}'}
by: [service]
period: 1m
thresholds: {yellow: "> 1%", red: "> ${red}", for: ${hold}, min_count: 20}
objective: {target: 99.5%, window: 30d}
page: {severity: page, runbook: https://runbooks.irs.example/efile-errors}
`,
  'KPI/efile-under-2s': (red = '97%') => `kind: KPI
name: efile-under-2s
title: E-filings under 2 s
outcome: technical
owner: oncall@irs.example
review_every: 90d
indicator:
  share_below: {histogram: 'http_request_duration_seconds{job="efile"}', below: 2s}
by: [service]
thresholds: # one red minute in three is weather
  yellow: "< 99%"
  red: "< ${red}"
  for: 2 of 3
  min_count: 20
objective:
  target: 99%
  window: month
page: {severity: page, runbook: https://runbooks.irs.example/efile-latency}
`,
  'KPI/refunds-on-time': () => `kind: KPI
name: refunds-on-time
title: Refunds issued on time
outcome: business
owner: refunds@irs.example
regulated: true
review_every: 365d
indicator:
  ratio: {good: refunds_on_time_total, total: refunds_total}
thresholds: {yellow: "< 97%", red: "< 95%"}
objective: {target: 95%, window: month}
`,
  'KPI/host-disk': () => `kind: KPI
name: host-disk
title: Disk space left
outcome: technical
owner: platform@irs.example
indicator:
  gauge: {of: node_filesystem_avail_bytes, over: min, across: min}
thresholds: {yellow: "< 20GB", red: "< 5GB", for: 5}
`,
  'Route/business-hours': () => `kind: Route
name: business-hours
title: Business KPIs by mail in office hours
owner: oncall@irs.example
kpis: [refunds-on-time, filing-completed]
receiver: platform
group_by: [kpi]
active_time_intervals: [office]
repeat_interval: 1d
`,
  'Retention/raw-90d': () => `kind: Retention
name: raw-90d
title: Raw samples for 90 days
owner: platform@irs.example
signal: metrics
keep: 90d
`,
  'Sampling/traces-10pct': () => `kind: Sampling
name: traces-10pct
title: One trace in ten
owner: platform@irs.example
signal: traces
share: 10%
`,
  'Privacy/taxpayer-ids': () => `kind: Privacy
name: taxpayer-ids
title: No taxpayer numbers in labels
owner: privacy@irs.example
regulated: true
review_every: 365d
drop: ['ssn', 'itin']
`,
  'Approval/promises': () => `kind: Approval
name: promises
title: Promises need a second person
owner: policy-lead@irs.example
regulated: true
for: {kinds: [KPI], outcome: business}
approvals: 1
roles: [analyst, owner]
evidence: required
`,
  'Maintenance/patch-night': () => `kind: Maintenance
name: patch-night
title: Patch night
owner: platform@irs.example
window: Sun 02:00-04:00
kpis: [host-disk]
`,
};

const sentences = {
  'KPI/efile-error-rate':
    'Pages when more than 3 % of filings fail for 3 minutes in a row. At risk above 1 %. 99.5 % of filings must be answered in any 30 days.',
  'KPI/efile-under-2s':
    'Pages when fewer than 97 % of filings are answered within 2 s in 2 of 3 minutes. 99 % must be within a calendar month.',
  'KPI/refunds-on-time': 'Breached when fewer than 95 % of refunds are issued within 21 days; nobody is paged.',
  'KPI/host-disk': 'Breached when less than 5 GB are left for 5 minutes in a row; nobody is paged.',
  'Route/business-hours': 'Alerts of 2 KPIs go to platform, in office hours, again every day.',
  'Retention/raw-90d': 'Metrics are kept for 90 days as they came.',
  'Sampling/traces-10pct': 'One trace in ten is kept.',
  'Privacy/taxpayer-ids': 'The labels ssn and itin are removed before anything is stored.',
  'Approval/promises':
    'A change of a business KPI needs 1 approval by an analyst or owner other than the author, and a back-test.',
  'Maintenance/patch-night': 'Disk space left pages nobody on Sundays from 02:00 to 04:00.',
};

/** The lines of two texts side by side, with two lines around each change. */
export function diffOf(before, after) {
  const a = before === '' ? [] : before.replace(/\n$/, '').split('\n');
  const b = after === '' ? [] : after.replace(/\n$/, '').split('\n');
  const t = Array.from({ length: a.length + 1 }, () => new Array(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      t[i][j] = a[i] === b[j] ? t[i + 1][j + 1] + 1 : Math.max(t[i + 1][j], t[i][j + 1]);
  const all = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      all.push({ kind: 'same', old_line: i + 1, new_line: j + 1, text: a[i] });
      i++;
      j++;
    } else if (i < a.length && (j >= b.length || t[i + 1][j] >= t[i][j + 1])) {
      all.push({ kind: 'remove', old_line: i + 1, new_line: 0, text: a[i++] });
    } else {
      all.push({ kind: 'add', old_line: 0, new_line: j + 1, text: b[j++] });
    }
  }
  const near = (n) => all.slice(Math.max(0, n - 2), n + 3).some((l) => l.kind !== 'same');
  const out = [];
  all.forEach((l, n) => {
    if (near(n)) out.push(l);
    else if (out.at(-1)?.kind !== 'gap') out.push({ kind: 'gap', old_line: 0, new_line: 0, text: '' });
  });
  return out;
}

function hashOf(text) {
  let h = 2166136261;
  for (const c of text) h = Math.imul(h ^ c.charCodeAt(0), 16777619) >>> 0;
  return h.toString(16).padStart(8, '0').repeat(8);
}

/** One side of a back-test: a value that breaks on some days, judged by a limit. */
function side(label, revision, limit, from, to, now, hold) {
  const step = (to - from) / 720;
  const t = [];
  const value = [];
  const spans = [];
  const r = noise(4711);
  for (let n = 0; n < 720; n++) {
    const at = from + (n + 1) * step;
    t.push(Math.round(at));
    const dayOf = Math.floor((at - from) / day);
    const bump = [3, 11, 12, 19, 26].includes(dayOf % 30) && (at % day) / hour > 9 && (at % day) / hour < 15 ? 1 : 0;
    const v =
      n > 300 && n < 318
        ? null
        : 0.0055 + r() * 0.003 + bump * (0.004 + 0.012 + 0.011 * ((dayOf * 7) % 3)) * (0.8 + r() * 0.4);
    value.push(v);
    const light = v === null ? 'grey' : v > limit ? 'red' : v > 0.01 ? 'yellow' : 'green';
    const last = spans.at(-1);
    if (last && last.light === light) last.to = Math.round(at);
    else spans.push({ from: Math.round(at - step), to: Math.round(at), light });
  }
  const minutes = { green: 0, yellow: 0, red: 0, grey: 0 };
  for (const s of spans) minutes[s.light] += Math.round((s.to - s.from) / minute);
  const reds = spans.filter((s) => s.light === 'red');
  const pages = reds
    .filter((_, n) => n % hold === 0)
    .map((s, n) => ({
      group: { service: 'intake' },
      from: s.from,
      to: s.to,
      cause: 'threshold',
      night: new Date(s.from).getUTCHours() >= 22 || n % 3 === 0,
      real: n % 4 === 3 ? 'noise' : 'real',
    }));
  const strip = [];
  const worst = ['green', 'grey', 'yellow', 'red'];
  for (let d = 0; d < 30; d++) {
    const a = to - (30 - d) * day;
    const inDay = spans.filter((s) => s.to > a && s.from < a + day);
    strip.push({
      day: new Date(a + hour).toISOString().slice(0, 10),
      light: inDay.reduce(
        (w, s) => {
          const long = Math.min(s.to, a + day) - Math.max(s.from, a) > hour;
          return long && worst.indexOf(s.light) > worst.indexOf(w) ? s.light : w;
        },
        inDay.length > 0 ? 'green' : 'none',
      ),
    });
  }
  const group = { labels: { service: 'intake' }, spans, minutes, pages: pages.length, chart: { t, value } };
  const other = {
    labels: { service: 'status' },
    spans: [{ from, to, light: 'green' }],
    minutes: { green: (to - from) / minute },
    pages: 0,
    chart: { t, value: value.map((v) => (v === null ? null : v * 0.4)) },
  };
  return {
    label,
    revision,
    threshold: `> ${+(limit * 100).toFixed(2)}${thin}%`,
    way: 'points',
    from,
    to,
    limited: '',
    points: 43_200,
    transitions: spans.length - 1,
    pages,
    page_count: pages.length,
    night_count: pages.filter((p) => p.night).length,
    per_week: +(pages.length / ((to - from) / (7 * day))).toFixed(1),
    minutes,
    budget_left: revision > 0 ? 0.44 : 0.31,
    first_alert: revision > 0 ? 660 : 360,
    caught: revision > 0 ? 3 : 4,
    real: 4,
    precision: revision > 0 ? 0.75 : 0.66,
    recall: revision > 0 ? 0.75 : 1,
    light: now,
    strip,
    spans,
    chart: group.chart,
    groups: [group, other],
    hidden: 0,
  };
}

function comparison(now, days, oldLimit, newLimit) {
  const to = Math.floor(now / day) * day + 14 * hour;
  const from = to - days * day;
  const a = side('Now, revision 3', 3, oldLimit, from, to, 'yellow', 2);
  const b = side('Proposed', 0, newLimit, from, to, 'red', 1);
  const more = b.page_count - a.page_count;
  return {
    kpi: 'efile-error-rate',
    title: 'E-file error rate',
    unit: 'percent',
    from,
    to,
    now: a,
    proposed: b,
    sentence: `${more} more pages in ${days} days, one real incident caught that was missed, and the board would show Breached today.`,
    took_s: 1.8,
  };
}

/** The law of a story, with what changes it. `me` is who asks; it may be exchanged. */
export function makeGovern({ story = 'incident', now = () => Date.now(), me = person('Priya Natarajan') } = {}) {
  const started = now();
  const texts = new Map(Object.entries(yaml).map(([k, f]) => [k, f()]));
  const revisions = new Map();
  const proposals = new Map();
  const feedback = [];
  const reviewed = new Map();
  let confirmed = false;
  let next = 44;

  const revision = (key, number, text, at, extra = {}) => {
    const [kind, name] = key.split('/');
    return {
      kind,
      name,
      number,
      hash: hashOf(text),
      text,
      removed: text === '',
      author: osei,
      editors: [osei],
      approvers: [alvarez],
      reason: 'As agreed with the contact centre.',
      proposal: 0,
      emergency: false,
      applied_at: at,
      effective_from: at + 14 * minute,
      source: `policies/${kind.toLowerCase()}s.yaml`,
      ...extra,
    };
  };
  for (const [key, text] of texts) {
    revisions.set(key, [
      revision(key, 1, text, started - 200 * day, {
        author: { id: 'file', name: 'policies/efile.yaml', kind: 'file' },
        editors: [],
        approvers: [],
        reason: 'Read from the folder of policies at the first start.',
      }),
    ]);
  }
  const error = 'KPI/efile-error-rate';
  revisions.set(error, [
    revision(error, 3, yaml[error]('3%'), started - 20 * day, {
      proposal: 31,
      reason: '5 % came too late on deadline day.',
    }),
    revision(error, 2, yaml[error]('5%', '5'), started - 120 * day, {
      author: banerjee,
      proposal: 12,
      reason: 'Fewer pages at night while the new intake settles.',
    }),
    ...revisions.get(error).map((r) => ({ ...r, text: yaml[error]('4%'), hash: hashOf(yaml[error]('4%')) })),
  ]);

  const titleOf = (text, name) => /^title: (.*)$/m.exec(text)?.[1] ?? name;
  const ownerOf = (text) => /^owner: (.*)$/m.exec(text)?.[1] ?? '';
  const change = (key, before, after, said) => {
    const [kind, name] = key.split('/');
    return {
      kind,
      name,
      title: titleOf(after || before, name),
      action: before === '' ? 'create' : after === '' ? 'remove' : 'change',
      base: revisions.get(key)?.[0].number ?? 0,
      base_hash: hashOf(before),
      hash: hashOf(after),
      before,
      after,
      diff: diffOf(before, after),
      sentences: said ?? sentencesOf(before, after),
      judges: kind === 'KPI',
    };
  };
  const need = (given, extra = {}) => ({
    approvals: 1,
    given,
    roles: ['analyst', 'owner'],
    users: [],
    evidence: true,
    fresh_ms: day,
    regulated: true,
    policies: ['promises'],
    met: given >= 1,
    sentence: given >= 1 ? 'Has everything that is asked for' : 'Needs 1 approval by analyst or owner',
    ...extra,
  });
  const evidence = (id, p, state, at, days = 30, progress = 1) => ({
    id,
    hash: p.hash,
    state,
    error: '',
    progress,
    from: at - days * day,
    to: at,
    at,
    by: p.author,
    current: state === 'done' && !p.stale,
    sentence: '',
    results: [],
  });
  const put = (p) => {
    const full = {
      reason: '',
      state: 'draft',
      emergency: false,
      stale: false,
      stale_why: '',
      origin: 'page',
      author: osei,
      editors: [],
      created_at: started - day,
      updated_at: started - day,
      expires_at: started + 13 * day,
      effective_from: 0,
      applied_at: 0,
      findings: [],
      need: need(0),
      votes: [],
      discussion: [],
      evidence: null,
      why: '',
      revert_of: 0,
      feedback: [],
      ...p,
    };
    full.hash = hashOf(full.changes.map((c) => c.after + c.base).join());
    proposals.set(full.id, full);
    return full;
  };
  const word = (p, who, kind, text) => {
    p.discussion.push({ id: p.discussion.length + 1, who, at: now(), kind, text });
    p.updated_at = now();
  };
  const test = (p, days, from = now()) => {
    p.evidence = { ...evidence(`e${p.id}-${from}`, p, 'running', now(), days, 0), started: from };
  };
  const finish = (p, days = 30) => {
    const red = Number(/red: "> ([\d.]+)%/.exec(p.changes[0].after)?.[1] ?? 2.5) / 100;
    const was = Number(/red: "> ([\d.]+)%/.exec(p.changes[0].before)?.[1] ?? 3) / 100;
    const one = comparison(now(), days, was, red);
    p.evidence = {
      ...evidence(`e${p.id}`, p, 'done', now() - 20 * minute, days),
      results: p.changes
        .filter((c) => c.judges)
        .slice(0, 1)
        .map((c) => ({ ...one, kpi: c.name, title: c.title })),
      sentence: one.sentence,
    };
    if (p.state === 'draft') p.state = 'tested';
  };

  const tighter = put({
    id: 41,
    title: 'Page when 2.5 % of filings fail',
    reason: 'Contact-centre load shows that 3 % is too late at deadline time.',
    changes: [change(error, yaml[error]('3%'), yaml[error]('2.5%', '2'))],
    feedback: [2],
    discussion: [
      { id: 1, who: osei, at: started - day, kind: 'propose', text: 'Proposed' },
      {
        id: 2,
        who: osei,
        at: started - day + 5 * minute,
        kind: 'comment',
        text: 'On 15 April the first calls came eleven minutes before the page did.',
      },
      {
        id: 3,
        who: banerjee,
        at: started - 5 * hour,
        kind: 'comment',
        text: 'Two minutes in a row instead of three is what I would want anyway.',
      },
      { id: 4, who: osei, at: started - 20 * minute, kind: 'test', text: 'Back-test over 30 days' },
    ],
  });
  finish(tighter);
  put({
    id: 42,
    title: 'Give filings 3 s on deadline day',
    reason: 'The validation of attachments takes longer than we promised.',
    author: me,
    changes: [change('KPI/efile-under-2s', yaml['KPI/efile-under-2s'](), yaml['KPI/efile-under-2s']('95%'))],
    created_at: started - 3 * hour,
  });
  const stale = put({
    id: 40,
    title: 'Four minutes instead of three',
    reason: 'Fewer pages for what heals by itself.',
    author: banerjee,
    created_at: started - 6 * day,
    stale: true,
    stale_why: 'Revision 3 of KPI/efile-error-rate has been in force since; this proposal starts from revision 2.',
    changes: [change(error, yaml[error]('3%'), yaml[error]('3%', '4'))],
  });
  finish(stale);
  stale.evidence.current = false;
  put({
    id: 43,
    title: 'Pages of refunds go to the night desk',
    reason: 'The contact centre is closed; refunds must not wait until Monday.',
    author: alvarez,
    state: 'applied',
    emergency: true,
    applied_at: started - 5 * hour,
    expires_at: started + 19 * hour,
    created_at: started - 5 * hour,
    need: need(0, { evidence: false, sentence: 'Needs 1 approval by analyst or owner' }),
    changes: [
      change(
        'Route/business-hours',
        texts.get('Route/business-hours'),
        texts
          .get('Route/business-hours')
          .replace('receiver: platform', 'receiver: oncall')
          .replace(/active_time.*\n/, ''),
        ['Alerts of 2 KPIs go to oncall; before: platform.', 'They go at any time; before: in office hours.'],
      ),
    ],
  });
  put({
    id: 39,
    title: 'Keep raw samples for 180 days',
    reason: 'The auditors ask for half a year.',
    author: agent,
    origin: 'api',
    state: 'scheduled',
    created_at: started - 3 * day,
    effective_from: started + 2 * day,
    need: need(1, { evidence: false }),
    votes: [
      {
        who: alvarez,
        at: started - 2 * day,
        verdict: 'approve',
        comment: 'Disk is bought.',
        hash: '',
        counts: true,
        why: '',
      },
    ],
    changes: [
      change(
        'Retention/raw-90d',
        texts.get('Retention/raw-90d'),
        texts.get('Retention/raw-90d').replaceAll('90', '180'),
        ['Metrics are kept for 180 days; before: 90 days.'],
      ),
    ],
  });
  put({
    id: 38,
    title: 'Page for every failed filing',
    reason: 'One is too many.',
    author: agent,
    origin: 'api',
    state: 'rejected',
    why: 'That is 400 pages a day.',
    created_at: started - 9 * day,
    votes: [
      {
        who: alvarez,
        at: started - 8 * day,
        verdict: 'reject',
        comment: 'That is 400 pages a day.',
        hash: '',
        counts: true,
        why: '',
      },
    ],
    changes: [change(error, yaml[error]('3%'), yaml[error]('0.01%'))],
  });
  put({
    id: 31,
    title: 'Page above 3 % instead of 5 %',
    reason: '5 % came too late on deadline day.',
    state: 'applied',
    applied_at: started - 20 * day,
    created_at: started - 22 * day,
    need: need(1),
    votes: [{ who: alvarez, at: started - 21 * day, verdict: 'approve', comment: '', hash: '', counts: true, why: '' }],
    changes: [change(error, yaml[error]('5%', '5'), yaml[error]('3%'))],
  });
  feedback.push(
    {
      id: 3,
      kpi: 'efile-error-rate',
      who: person('Jo Lindqvist'),
      at: started - 2 * hour,
      relevant: 'yes',
      accurate: 'no',
      comment: 'Uploads that time out in the browser are not in it.',
      state: 'open',
      proposal: 0,
      answer: '',
    },
    {
      id: 2,
      kpi: 'efile-error-rate',
      who: person('Contact centre'),
      at: started - 2 * day,
      relevant: 'yes',
      accurate: 'yes',
      comment: 'We are called long before you are paged.',
      state: 'proposed',
      proposal: 41,
      answer: '',
    },
    {
      id: 1,
      kpi: 'efile-error-rate',
      who: banerjee,
      at: started - 40 * day,
      relevant: 'yes',
      accurate: 'unsaid',
      comment: 'Should the test filings count?',
      state: 'closed',
      proposal: 0,
      answer: 'They never did: test traffic has another job label.',
    },
  );

  const due = {
    'KPI/efile-error-rate': -12,
    'Privacy/taxpayer-ids': -2,
    'KPI/efile-under-2s': 9,
    'KPI/refunds-on-time': 48,
    'Approval/promises': 140,
  };
  const reviewOf = (key) => {
    const at = reviewed.get(key)?.at;
    const days = due[key];
    if (days === undefined) return { due_at: 0, state: 'none' };
    const due_at = at ? at + 180 * day : started + days * day;
    return { due_at, state: due_at < now() ? 'overdue' : due_at < now() + 14 * day ? 'soon' : 'ok' };
  };
  const open = (p) => ['draft', 'tested', 'approved', 'scheduled'].includes(p.state);
  const waits = (p) => p.state === 'applied' && p.emergency && !p.need.met;

  const policyOf = (key, whole) => {
    const [kind, name] = key.split('/');
    const rev = revisions.get(key)[0];
    const r = reviewOf(key);
    return {
      kind,
      name,
      title: titleOf(rev.text, name),
      description: /^description: (.*)$/m.exec(rev.text)?.[1] ?? '',
      owner: ownerOf(rev.text),
      labels: {},
      regulated: /^regulated: true/m.test(rev.text),
      sentence: sentences[key] ?? 'A policy of this house.',
      revision: rev.number,
      state: key === 'Sampling/traces-10pct' ? 'scheduled' : rev.removed ? 'removed' : 'in_force',
      hash: rev.hash,
      ...(whole ? { text: rev.text } : {}),
      effective_from: rev.effective_from,
      author: rev.author,
      approvers: rev.approvers,
      reason: rev.reason,
      proposal: rev.proposal,
      emergency: [...proposals.values()].some((p) => waits(p) && p.changes.some((c) => `${c.kind}/${c.name}` === key)),
      file: rev.source,
      file_state: key === 'KPI/host-disk' ? 'behind' : 'same',
      reviewed_at: reviewed.get(key)?.at ?? (r.due_at > 0 ? r.due_at - 180 * day : 0),
      review_due: r.due_at,
      review_state: r.state,
      proposals: [...proposals.values()]
        .filter((p) => (open(p) || waits(p)) && p.changes.some((c) => `${c.kind}/${c.name}` === key))
        .map((p) => p.id),
      feedback: feedback.filter((f) => `KPI/${f.kpi}` === key && f.state === 'open').length,
    };
  };

  const may = (p) => {
    const no = {};
    const mine = p.author.id === me.id || p.editors.some((e) => e.id === me.id);
    const shut = `Proposal ${p.id} is ${p.state}`;
    if (!open(p)) for (const a of ['edit', 'test', 'apply', 'cancel', 'rebase']) no[a] = shut;
    if (!open(p) && !waits(p)) no.approve = no.reject = shut;
    if (!open(p)) no.revert = undefined;
    else no.revert = `Proposal ${p.id} is not applied`;
    if (mine) {
      no.approve ??= `${me.name} had a hand in proposal ${p.id} and it is regulated: another person must approve it`;
      no.reject ??= `Proposal ${p.id} is your own; cancel it instead`;
    } else no.cancel ??= `Only ${p.author.name}, who made it, can cancel proposal ${p.id}`;
    if (p.stale) no.approve ??= `What is in force changed since. Rebase it first`;
    else no.rebase ??= 'It stands on what is in force';
    if (p.need.evidence && !p.evidence?.current)
      no.approve ??= `Proposal ${p.id} needs a back-test of exactly this text before it can be approved. Run the test, look at it, then approve`;
    if (p.state === 'approved' || p.state === 'scheduled') no.approve ??= `Proposal ${p.id} is ${p.state} already`;
    if (!confirmed)
      no.approve ??=
        'Approving asks for a personal sign-in within the last 15 minutes. Confirm your password, then approve again';
    if (!p.need.met) no.apply ??= `Proposal ${p.id} cannot be applied yet. ${p.need.sentence}`;
    if (!p.changes.some((c) => c.judges)) no.test ??= 'Nothing in it can be back-tested: no KPI changes';
    if (p.evidence?.state === 'running') no.test ??= `A back-test of proposal ${p.id} is running`;
    const may_no = Object.fromEntries(Object.entries(no).filter(([, v]) => v !== undefined));
    const all = ['edit', 'test', 'approve', 'reject', 'apply', 'cancel', 'rebase', 'comment', 'revert'];
    return { may: all.filter((a) => may_no[a] === undefined), may_no };
  };
  const shown = (p) => {
    const e = p.evidence;
    if (e?.state === 'running') {
      e.progress = Math.min(1, (now() - e.started) / 4000);
      if (e.progress >= 1) {
        finish(p, Math.round((e.to - e.from) / day));
        p.evidence.at = now();
        word(p, me, 'test', 'Back-test done');
      }
    }
    return { ...p, ...may(p) };
  };

  const enact = (p) => {
    for (const c of p.changes) {
      const key = `${c.kind}/${c.name}`;
      const list = revisions.get(key) ?? [];
      list.unshift(
        revision(key, (list[0]?.number ?? 0) + 1, c.after, now(), {
          author: p.author,
          approvers: p.votes.filter((v) => v.counts && v.verdict === 'approve').map((v) => v.who),
          reason: p.reason,
          proposal: p.id,
        }),
      );
      revisions.set(key, list);
    }
    p.state = 'applied';
    p.applied_at = now();
  };

  const findingsOf = (text) => {
    const out = [];
    const line = (re) => text.split('\n').findIndex((l) => re.test(l)) + 1;
    const at = (n, column, key, message, severity = 'error') =>
      out.push({ file: '', line: n, column, key, message, severity });
    if (!/^kind: \w+/m.test(text)) at(1, 1, 'kind', 'no kind; want such as kind: KPI');
    if (!/^name: \S/m.test(text)) at(Math.max(1, line(/^name:/)), 1, 'name', 'no name; want such as efile-error-rate');
    if (!/^owner: \S/m.test(text))
      at(Math.max(1, line(/^owner:/)), 1, 'owner', 'no owner; want a person or team such as oncall@irs.example');
    for (const [n, l] of text.split('\n').entries()) {
      const k = /^(tresholds|threshold|objectiv|titel):/.exec(l);
      if (k)
        at(
          n + 1,
          1,
          k[1],
          `there is no key "${k[1]}"; did you mean "${{ tresholds: 'thresholds', threshold: 'thresholds', objectiv: 'objective', titel: 'title' }[k[1]]}"?`,
        );
      const red = /red: "([^"]*)"/.exec(l);
      if (red && !/^[<>]=? ?[\d.]+ ?\S*$/.test(red[1]))
        at(
          n + 1,
          (red.index ?? 0) + 6,
          'thresholds.red',
          `"${red[1]}" is no threshold; want a comparison with a unit such as "> 3%"`,
        );
    }
    if (/job="efil"/.test(text))
      at(line(/job="efil"/), 10, 'indicator', 'selects nothing now; did you mean job="efile"?', 'warning');
    return out;
  };
  const keyOf = (text) => `${/^kind: (\w+)/m.exec(text)?.[1] ?? 'KPI'}/${/^name: (\S+)/m.exec(text)?.[1] ?? ''}`;
  const changesOf = (documents) =>
    documents.map((d) => {
      const key = d.remove ?? keyOf(d.text);
      return change(key, revisions.get(key)?.[0].text ?? '', d.text ?? '');
    });
  const schema = (kind) => {
    try {
      const kpi = JSON.parse(readFileSync(new URL('../../internal/policy/kpi.schema.json', import.meta.url), 'utf8'));
      if (kind === 'KPI') return kpi;
      const pick = Object.fromEntries(
        ['kind', 'name', 'title', 'description', 'owner', 'labels', 'regulated', 'review_every']
          .filter((k) => kpi.properties[k])
          .map((k) => [k, k === 'kind' ? { const: kind, type: 'string' } : kpi.properties[k]]),
      );
      return { type: 'object', title: `Signalbox ${kind}`, required: ['kind', 'name', 'owner'], properties: pick };
    } catch {
      return { type: 'object', properties: {} };
    }
  };

  /** Answers a request, or undefined where it is about something else. */
  function answer(method, path, query, body) {
    const ok = (b) => ({ status: 200, body: b });
    const no = (status, detail) => ({ status, body: { status, title: 'Problem', detail } });
    const empty = story === 'empty';
    const key = `${method} ${path}`;
    let m;
    if (key === 'GET /policies')
      return ok({ policies: empty ? [] : [...revisions.keys()].map((k) => policyOf(k, false)) });
    if ((m = /^GET \/policies\/schema\/(\w+)$/.exec(key))) return ok(schema(m[1]));
    if (key === 'POST /policies/check') {
      const text = body.documents[0]?.text ?? '';
      const findings = findingsOf(text);
      const bad = findings.some((f) => f.severity === 'error');
      const changes = bad ? [] : changesOf(body.documents);
      const red = Number(/red: "> ([\d.]+)%/.exec(text)?.[1] ?? 3) / 100;
      const to = now();
      const { spans } = side('', 0, red, to - 6 * day, to, 'green', 1);
      const last = spans.filter((s) => s.to > to - 2.2 * day);
      return ok({
        findings,
        changes,
        need: need(0),
        previews:
          bad || !/^kind: KPI/m.test(text)
            ? []
            : [
                {
                  kpi: keyOf(text).slice(4),
                  from: to - 6 * hour,
                  to,
                  light: last.at(-1)?.light ?? 'grey',
                  word: words[last.at(-1)?.light ?? 'grey'],
                  sentence: `Over the last 6 hours it would have been ${words[last.at(-1)?.light ?? 'grey'].toLowerCase()} most of the time.`,
                  spans: last.map((s) => ({
                    ...s,
                    from: to - Math.min(6 * hour, (to - s.from) / 8.8),
                    to: to - (to - s.to) / 8.8,
                  })),
                  error: '',
                },
              ],
      });
    }
    if ((m = /^(GET|POST) \/policies\/(\w+)\/([^/]+)(?:\/(revisions|revert))?$/.exec(key))) {
      const at = `${m[2]}/${decodeURIComponent(m[3])}`;
      if (empty || !revisions.has(at)) return no(404, `There is no policy ${at}.`);
      if (m[4] === 'revisions') return ok({ revisions: revisions.get(at) });
      if (m[4] === 'revert') {
        const to = revisions.get(at).find((r) => r.number === body.number);
        if (!to) return no(404, `There is no revision ${body.number} of ${at}.`);
        const p = put({
          id: next++,
          title: `Back to revision ${body.number} of ${titleOf(to.text, at)}`,
          reason: body.reason,
          origin: 'revert',
          author: me,
          created_at: now(),
          updated_at: now(),
          changes: [change(at, revisions.get(at)[0].text, to.text)],
        });
        word(p, me, 'revert', body.reason);
        return ok(shown(p));
      }
      return ok(policyOf(at, true));
    }
    if (key === 'GET /proposals') {
      const state = query.get('state') ?? '';
      const list = empty ? [] : [...proposals.values()].sort((a, b) => b.id - a.id);
      return ok({
        proposals: list
          .filter((p) => state === '' || (state === 'open' ? open(p) || waits(p) : p.state === state))
          .map((p) => {
            const full = shown(p);
            return {
              ...full,
              evidence: full.evidence ? { ...full.evidence, results: [] } : null,
              changes: p.changes.map((c) => ({ ...c, before: '', after: '', diff: [] })),
            };
          }),
      });
    }
    if (key === 'POST /proposals') {
      const bad = body.documents
        .flatMap((d) => (d.text ? findingsOf(d.text) : []))
        .filter((f) => f.severity === 'error');
      if (bad.length > 0) return no(400, `${bad[0].line}:${bad[0].column}: ${bad[0].message}`);
      const changes = changesOf(body.documents);
      const p = put({
        id: next++,
        title: body.title || `Change ${changes[0].title}`,
        reason: body.reason,
        author: me,
        feedback: body.feedback ?? [],
        effective_from: body.effective_from ?? 0,
        emergency: body.emergency ?? false,
        created_at: now(),
        updated_at: now(),
        expires_at: now() + 14 * day,
        changes,
      });
      for (const f of feedback) if (p.feedback.includes(f.id)) Object.assign(f, { state: 'proposed', proposal: p.id });
      word(p, me, 'propose', 'Proposed');
      if (p.emergency) {
        enact(p);
        p.expires_at = now() + day;
      } else if (changes.some((c) => c.judges)) test(p, 30);
      return ok(shown(p));
    }
    if ((m = /^(GET|PUT|POST|DELETE) \/proposals\/(\d+)(?:\/(\w+))?$/.exec(key))) {
      const p = proposals.get(Number(m[2]));
      if (!p || empty) return no(404, `There is no proposal ${m[2]}.`);
      if (method === 'GET') return ok(shown(p));
      if (method === 'PUT') {
        p.changes = changesOf(body.documents);
        Object.assign(p, {
          title: body.title || p.title,
          reason: body.reason,
          state: 'draft',
          evidence: null,
          votes: [],
          effective_from: body.effective_from ?? 0,
          hash: hashOf(p.changes.map((c) => c.after).join()),
        });
        if (p.author.id !== me.id) p.editors.push(me);
        word(p, me, 'edit', 'Edited: votes and back-test are void');
        return ok(shown(p));
      }
      if (method === 'DELETE') {
        if (p.evidence) p.evidence.state = 'cancelled';
        return ok(shown(p));
      }
      const act = m[3];
      const refused = may(p).may_no[act];
      if (refused) return no(act === 'approve' || act === 'reject' ? 403 : 409, refused);
      if (act === 'test') test(p, body.days ?? 30);
      if (act === 'approve') {
        if (body.hash !== p.hash) return no(409, 'The proposal moved on. Read it again.');
        p.votes.push({
          who: me,
          at: now(),
          verdict: 'approve',
          comment: body.comment ?? '',
          hash: p.hash,
          counts: true,
          why: '',
        });
        p.need = need(1);
        if (open(p)) {
          p.state = 'scheduled';
          p.effective_from ||= now() + 2 * minute;
        }
        word(p, me, 'approve', body.comment || 'Approved');
      }
      if (act === 'reject') {
        p.votes.push({
          who: me,
          at: now(),
          verdict: 'reject',
          comment: body.reason,
          hash: p.hash,
          counts: true,
          why: '',
        });
        Object.assign(p, { state: 'rejected', why: body.reason });
        word(p, me, 'reject', body.reason);
      }
      if (act === 'cancel') {
        Object.assign(p, { state: 'rejected', why: body.reason });
        word(p, me, 'reject', body.reason);
      }
      if (act === 'apply') {
        enact(p);
        word(p, me, 'apply', 'Applied');
      }
      if (act === 'rebase') {
        Object.assign(p, { stale: false, stale_why: '', state: 'draft' });
        word(p, me, 'rebase', 'Put on revision 3');
        test(p, 30);
      }
      if (act === 'comment') word(p, me, 'comment', body.text);
      return ok(shown(p));
    }
    if (key === 'POST /confirm') {
      if (body.password === 'wrong') return no(403, 'That is not your password.');
      confirmed = true;
      return { status: 204, body: null };
    }
    if (key === 'GET /reviews') {
      const rows = empty
        ? []
        : Object.keys(due).map((k) => {
            const p = policyOf(k, false);
            const last = reviewed.get(k);
            return {
              kind: p.kind,
              name: p.name,
              title: p.title,
              owner: p.owner,
              revision: p.revision,
              due_at: p.review_due,
              state: p.review_state,
              reviewed_at: p.reviewed_at,
              reviewed_by: last?.by ?? alvarez,
              note: last?.note ?? 'Still what we want.',
              proposal: 0,
              sentence: p.sentence,
              may: k !== 'Privacy/taxpayer-ids',
            };
          });
      const emergencies = empty
        ? []
        : [...proposals.values()].filter(waits).map((p) => ({
            kind: p.changes[0].kind,
            name: p.changes[0].name,
            title: p.changes[0].title,
            owner: 'oncall@irs.example',
            revision: 2,
            due_at: p.expires_at,
            state: 'emergency',
            reviewed_at: 0,
            reviewed_by: null,
            note: '',
            proposal: p.id,
            sentence: p.changes[0].sentences.join(' '),
            may: true,
          }));
      const order = ['emergency', 'overdue', 'soon', 'ok'];
      return ok({
        reviews: [...emergencies, ...rows].sort(
          (a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.due_at - b.due_at,
        ),
      });
    }
    if ((m = /^POST \/reviews\/(\w+)\/(.+)$/.exec(key))) {
      const at = `${m[1]}/${decodeURIComponent(m[2])}`;
      reviewed.set(at, { at: now(), by: me, note: body.note });
      const p = policyOf(at, false);
      return ok({
        kind: p.kind,
        name: p.name,
        title: p.title,
        owner: p.owner,
        revision: p.revision,
        due_at: p.review_due,
        state: p.review_state,
        reviewed_at: now(),
        reviewed_by: me,
        note: body.note,
        proposal: 0,
        sentence: p.sentence,
        may: true,
      });
    }
    if (key === 'GET /feedback') {
      const kpi = query.get('kpi') ?? '';
      return ok({ feedback: empty ? [] : feedback.filter((f) => kpi === '' || f.kpi === kpi) });
    }
    if ((m = /^POST \/kpis\/([^/]+)\/feedback$/.exec(key))) {
      const f = {
        id: feedback.length + 1,
        kpi: decodeURIComponent(m[1]),
        who: me,
        at: now(),
        relevant: 'unsaid',
        accurate: 'unsaid',
        comment: '',
        ...body,
        state: 'open',
        proposal: 0,
        answer: '',
      };
      feedback.unshift(f);
      return ok(f);
    }
    if ((m = /^POST \/feedback\/(\d+)\/answer$/.exec(key))) {
      const f = feedback.find((x) => x.id === Number(m[1]));
      if (!f) return no(404, 'There is no such feedback.');
      Object.assign(f, { state: 'closed', answer: body.answer });
      return ok(f);
    }
    return undefined;
  }
  return { answer };
}

function sentencesOf(before, after) {
  if (after === '') return ['It is no longer promised: nobody is paged about it any more.'];
  if (before === '') return ['It is new.'];
  const out = [];
  const red = (t) => /red: "([<>]) ([\d.]+%)/.exec(t);
  const hold = (t) => /for: (\d+)/.exec(t)?.[1];
  const [a, b] = [red(before), red(after)];
  if (a && b && (a[2] !== b[2] || hold(before) !== hold(after))) {
    const say = (r, n) =>
      `${r[1] === '>' ? 'more' : 'fewer'} than ${r[2].replace('%', `${thin}%`)}${n ? ` for ${n} minutes in a row` : ''}`;
    out.push(`Pages when ${say(b, hold(after))}; before: ${say(a, hold(before))}.`);
  }
  const target = (t) => /target: ([\d.]+%)/.exec(t)?.[1];
  if (target(before) !== target(after)) out.push(`Promises ${target(after)}; before: ${target(before)}.`);
  return out.length > 0 || before === after ? out : ['Other words, the same judgement.'];
}
