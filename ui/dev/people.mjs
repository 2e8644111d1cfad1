// Invented people, tokens, sessions, audit records and changes, and what the mock answers about them. Nothing here is real.
import { createHash } from 'node:crypto';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const hash = (s) => createHash('sha256').update(String(s)).digest('hex');

export const roles = [
  { id: 'viewer', title: 'Viewer' },
  { id: 'developer', title: 'Application developer' },
  { id: 'analyst', title: 'Operations analyst' },
  { id: 'owner', title: 'Product owner' },
  { id: 'auditor', title: 'Auditor' },
  { id: 'admin', title: 'Administrator' },
];
const all = roles.map((r) => r.id);
const action = (name, title, by, whole = false) => ({
  action: name,
  title,
  whole,
  kinds: name === 'approve' ? ['person'] : [],
  roles: [...by, 'admin'],
});
export const actions = [
  action('read_kpis', 'See KPIs', all.slice(0, 5)),
  action('read_alerts', 'See alerts and silences', all.slice(0, 5)),
  action('read_policies', 'See policies and proposals', all.slice(0, 5)),
  action('give_feedback', 'Give feedback on a KPI', all.slice(0, 5)),
  action('read_signals', 'Ask questions of the signals', ['developer', 'analyst', 'owner', 'auditor']),
  action('write_signals', 'Send signals with a token', ['developer']),
  action('write_silences', 'Silence alerts', ['developer', 'analyst', 'owner']),
  action('write_changes', 'Record deploys and other changes', ['developer', 'analyst']),
  action('propose', 'Propose a change of a policy', ['developer', 'analyst', 'owner']),
  action('approve', 'Approve a proposal of somebody else', ['analyst', 'owner']),
  action('emergency', 'Change at once in an emergency', ['analyst'], true),
  action('review', 'Review a policy', ['analyst', 'owner']),
  action('read_audit', 'Read the audit trail', ['auditor'], true),
  action('export_audit', 'Export the audit trail', ['auditor'], true),
  action('read_privacy', 'See requests of data subjects', ['owner', 'auditor'], true),
  action('manage_privacy', 'Export or erase what is kept of a person', ['owner'], true),
  action('read_people', 'See people and roles', ['auditor'], true),
  action('manage_people', 'Manage people and roles', [], true),
  action('read_server', 'See how the server is doing', ['developer', 'analyst', 'owner', 'auditor'], true),
  action('own_account', 'Keep one’s own account', all.slice(0, 5)),
  action('operate', 'Operate the server', ['analyst'], true),
];

export function users(now) {
  const user = (id, login, name, grants, more = {}) => ({
    id,
    login,
    name,
    state: 'active',
    origin: 'local',
    grants,
    must_change_password: false,
    created_at: now - 40 * day,
    created_by: 'Priya Natarajan',
    signed_in_at: now - 3 * hour,
    ...more,
  });
  return [
    user('priya', 'priya@irs.example', 'Priya Natarajan', [{ role: 'admin', scope: '' }], {
      created_by: 'start link',
      signed_in_at: now - 50 * minute,
    }),
    user('tunde', 'tunde.osei@irs.example', 'Tunde Osei', [
      { role: 'owner', scope: 'agency="IRS"' },
      { role: 'viewer', scope: '' },
    ]),
    user('maria', 'm.alvarez@irs.example', 'Maria Alvarez', [{ role: 'analyst', scope: '' }], {
      origin: 'oidc',
    }),
    user('rahul', 'r.banerjee@treasury.example', 'Rahul Banerjee', [{ role: 'auditor', scope: '' }], {
      must_change_password: true,
      signed_in_at: 0,
    }),
    user(
      'lena',
      'lena.fischer@ssa.example',
      'Lena Fischer',
      [{ role: 'developer', scope: 'agency="SSA", env=~"prod|test"' }],
      {
        state: 'disabled',
        signed_in_at: now - 61 * day,
      },
    ),
  ];
}

export function tokens(now) {
  const token = (id, name, owner, ownerName, grants, more = {}) => ({
    id,
    name,
    owner,
    owner_login: ownerName,
    hint: 'sb_4k2x',
    grants,
    agent: false,
    pushes_as: '',
    created_at: now - 20 * day,
    created_by: 'Priya Natarajan',
    expires_at: now + 70 * day,
    used_at: now - 2 * minute,
    state: 'active',
    ...more,
  });
  return [
    token('t1', 'release pipeline', 'priya', 'priya@irs.example', [{ role: 'developer', scope: 'agency="IRS"' }], {
      pushes_as: 'pipeline',
    }),
    token('t2', 'threshold helper', 'priya', 'priya@irs.example', [{ role: 'analyst', scope: '' }], {
      agent: true,
      used_at: 0,
    }),
    token('t3', 'old import', 'maria', 'm.alvarez@irs.example', [{ role: 'developer', scope: '' }], {
      state: 'expired',
      expires_at: now - 9 * day,
      used_at: now - 10 * day,
    }),
  ];
}

export function sessions(now, user = 'priya') {
  const session = (id, text, source, started, seen, current) => ({
    id,
    user,
    login: `${user}@irs.example`,
    way: 'password',
    address: source,
    browser: text,
    created_at: now - started,
    seen_at: now - seen,
    expires_at: now + 30 * minute,
    ends_at: now + 11 * hour,
    current,
  });
  return [
    session('s1', 'Firefox 145 on Linux', '10.20.0.14', 50 * minute, 4_000, user === 'priya'),
    session('s2', 'Safari on iPhone', '172.16.9.2', 9 * hour, 2 * hour, false),
    session('s3', 'Chromium 142 on Windows', '10.20.0.31', 26 * hour, 7 * hour, false),
  ];
}

export function me(now, more = {}) {
  return {
    id: 'priya',
    login: 'priya@irs.example',
    name: 'Priya Natarajan',
    kind: 'person',
    via: 'cookie',
    agent: false,
    expires_at: now + 8 * hour,
    ends_at: now + 11 * hour,
    signed_in_at: now - 50 * minute,
    actions: actions.map((a) => a.action),
    grants: [{ role: 'admin', scope: '' }],
    must_change: false,
    first: false,
    provider: 'Treasury sign-on',
    ...more,
  };
}

const deeds = [
  [
    'Priya Natarajan',
    'person',
    'apply',
    'KPI',
    'efile-error-rate',
    'done',
    'Fewer than 2.5 % of filings may fail in season.',
    33 * minute,
  ],
  [
    'Maria Alvarez',
    'person',
    'approve',
    'KPI',
    'efile-error-rate',
    'done',
    'The back-test catches the March incident.',
    35 * minute,
  ],
  [
    'Priya Natarajan',
    'person',
    'denied',
    'KPI',
    'efile-error-rate',
    'denied',
    '',
    41 * minute,
    { what: 'approve', why: 'nobody approves a proposal of their own' },
  ],
  [
    'Priya Natarajan',
    'person',
    'propose',
    'KPI',
    'efile-error-rate',
    'done',
    'Page above 2.5 %, before: 3 %.',
    48 * minute,
  ],
  ['Priya Natarajan', 'person', 'sign_in', 'Session', '', 'done', '', 50 * minute],
  ['', '', 'sign_in_failed', 'Session', '', 'failed', '', 51 * minute, { login: 'priya@irs.example' }],
  ['release pipeline', 'token', 'change_event', 'Deploy', 'payment-api 4.18.0', 'done', '', 65 * minute],
  ['Tunde Osei', 'person', 'silence_create', 'Silence', 's-disk', 'done', 'Disk is being replaced.', 2 * hour],
  [
    'threshold helper',
    'token',
    'denied',
    'Proposal',
    '41',
    'denied',
    '',
    3 * hour,
    { what: 'approve', why: 'a token may propose, never approve' },
  ],
  ['Tunde Osei', 'person', 'query_personal', 'Events', 'filings', 'done', 'Case 8812', 4 * hour],
  ['Rahul Banerjee', 'person', 'export', 'Audit', '', 'done', 'Quarterly review', 5 * hour],
  ['Priya Natarajan', 'person', 'role_grant', 'User', 'lena.fischer@ssa.example', 'done', '', 6 * hour],
  ['Priya Natarajan', 'person', 'user_create', 'User', 'r.banerjee@treasury.example', 'done', '', 7 * hour],
  ['signalbox', 'system', 'reload', 'Config', 'signalbox.yaml', 'done', '', 20 * hour],
  ['signalbox', 'system', 'start', 'Server', '', 'done', '', 21 * hour],
];

/** A long trail: the deeds above again and again, numbered, each with the hash of the one before in its own. */
export function records(now, count = 137) {
  const out = [];
  let previous = hash('genesis');
  for (let i = 0; i < count; i++) {
    const back = count - 1 - i;
    const [name, kind, act, objectKind, objectName, outcome, reason, age, detail] = deeds[back % deeds.length];
    const changes = act === 'apply' || act === 'propose';
    const r = {
      seq: i + 1,
      at: now - age - Math.floor(back / deeds.length) * day,
      actor: { id: name === '' ? '' : name.split(' ')[0].toLowerCase(), name, kind },
      action: act,
      object: { kind: objectKind, name: objectName },
      outcome,
      before: changes ? hash(`a${i}`) : '',
      after: changes ? hash(`b${i}`) : '',
      reason,
      source: kind === 'system' ? '' : `10.20.0.${14 + (i % 9)}`,
      request: kind === 'system' ? '' : hash(`r${i}`).slice(0, 16),
      detail: detail ?? {},
    };
    previous = hash(previous + JSON.stringify(r));
    out.push({ ...r, hash: previous });
  }
  return out.reverse();
}

export function auditAnswer(now, q) {
  const every = records(now);
  const get = (k) => q.get(k) ?? '';
  const limit = Number(q.get('limit') ?? 50);
  const [kind, name] = [get('object_kind'), get('object_name')];
  const hits = every.filter(
    (r) =>
      (get('actor') === '' || `${r.actor.name} ${r.actor.id}`.toLowerCase().includes(get('actor').toLowerCase())) &&
      (get('action') === '' || r.action === get('action')) &&
      (kind === '' || r.object.kind === kind) &&
      (!name || r.object.name.includes(name)) &&
      (get('outcome') === '' || r.outcome === get('outcome')) &&
      (get('text') === '' || JSON.stringify(r).toLowerCase().includes(get('text').toLowerCase())) &&
      (get('from') === '' || r.at >= Number(get('from'))) &&
      (get('to') === '' || r.at <= Number(get('to'))) &&
      (get('before') === '' || r.seq < Number(get('before'))),
  );
  const head = every[0];
  return {
    records: hits.slice(0, limit),
    more: hits.length > limit,
    head: { seq: head.seq, hash: head.hash, at: head.at },
  };
}

export function verifyAnswer(now, broken) {
  const every = records(now);
  const base = {
    complete: true,
    records: every.length,
    first_seq: 1,
    last_seq: every[0].seq,
    head: every[0].hash,
    digests: 26,
    empty_digests: 6,
    late_digests: 1,
    clock_backs: 0,
    from: now - 27 * hour,
    to: now - hour,
    signed_seq: every[0].seq - 3,
    key_given: false,
    keys: [hash('key')],
    anchors: 2,
    notes: [],
    took_ms: 42,
    at: now,
  };
  return broken
    ? {
        ...base,
        good: false,
        break: {
          kind: 'record',
          seq: 129,
          at: every.find((r) => r.seq === 129).at,
          what: 'its hash is not what its content says: "reason" was altered after it was written.',
        },
        sentence: 'The chain is broken: record 129.',
      }
    : { ...base, good: true, sentence: `The chain is whole: ${every.length} records, 26 digests.` };
}

export function digests(now) {
  const last = Math.floor(now / hour) * hour - hour;
  const out = [];
  let seq = 137;
  for (let i = 0; i < 27; i++) {
    const count = (i * 7) % 5;
    const at = last - i * hour;
    if (i !== 6) {
      out.push({
        number: 27 - i,
        from: at,
        to: at + hour,
        at: at + hour + 40,
        first_seq: count === 0 ? seq : seq - count + 1,
        last_seq: seq,
        count,
        head: hash(`head${at}`),
        hash: hash(`digest${at}`),
        signature: hash(`sig${at}`),
        key: hash('key'),
        late: i === 11,
        clock_back: false,
      });
    }
    seq -= count;
  }
  return out;
}

/** What happened between two instants, oldest first; the same few things every day. */
export function changes(now, from, to, kpi) {
  const mark = (age, letter, word, title, detail, actor, link, of = '') => ({
    id: `c${age}${letter}`,
    at: now - age,
    letter,
    word,
    title,
    detail,
    labels: {},
    kpi: of,
    actor,
    source: '',
    link,
  });
  return [
    mark(
      33 * minute,
      'P',
      'Policy',
      'Revision 7 applied',
      'Pages when more than 2.5 % of filings fail for 3 minutes in a row; before: 3 %.',
      'Priya Natarajan',
      '/audit?record=137',
      kpi,
    ),
    mark(
      65 * minute,
      'D',
      'Deploy',
      'payment-api 4.18.0',
      'Released by the pipeline.',
      'release pipeline',
      'https://releases.irs.example/payment-api/4.18.0',
    ),
    mark(2 * hour, 'A', 'Action', 'Silence by Tunde Osei', 'Disk is being replaced.', 'Tunde Osei', '/alerts'),
    mark(9 * hour, 'F', 'Flag', 'upload-v2 to 40 % of filers', '', 'Tunde Osei', ''),
    mark(9 * hour + 4 * minute, 'F', 'Flag', 'upload-v2 to 20 % of filers', '', 'Tunde Osei', ''),
    mark(9 * hour + 9 * minute, 'N', 'Note', 'Watching the new upload', 'Nothing unusual so far.', 'Tunde Osei', ''),
    mark(20 * hour, 'C', 'Config', 'signalbox.yaml loaded', '4 jobs', '', '/audit?record=124'),
    mark(3 * day, 'D', 'Deploy', 'web 9.2', '', 'release pipeline', ''),
  ]
    .filter((m) => m.at >= from && m.at <= to)
    .sort((a, b) => a.at - b.at);
}

/** The routes of these things: answers [status, body], or undefined where an address is not theirs. */
export function routes(state = {}) {
  const now0 = Date.now();
  const s = {
    users: users(now0),
    tokens: tokens(now0),
    sessions: sessions(now0),
    me: {},
    out: false,
    ...state,
  };
  return (method, path, q, body) => {
    const now = Date.now();
    const key = `${method} ${path}`;
    // What a browser test does to the session: POST /mock/me {...} changes who is signed in, POST /mock/out ends it.
    if (key === 'POST /mock/me') return [200, (s.me = body)];
    if (key === 'POST /mock/out') return [200, { out: (s.out = true) }];
    if (key === 'POST /login') {
      if (body?.password === 'wrong') return [401, { detail: 'The login or the password is wrong.' }];
      s.out = false;
      s.me = {};
      return [200, me(now)];
    }
    if (s.out) return [401, { detail: 'The session is over.' }];
    if (key === 'GET /me') return [200, me(now, s.me)];
    if (key === 'POST /password')
      return body?.old === 'wrong' ? [403, { detail: 'The present password is wrong.' }] : ((s.me = {}), [200, {}]);
    if (key === 'GET /roles') return [200, { roles, actions }];
    if (key === 'GET /users') return [200, { users: s.users }];
    if (key === 'POST /users') {
      const bad = body.grants.find((g) => /agencyy/.test(g.scope));
      if (bad)
        return [
          422,
          { detail: `scope ${JSON.stringify(bad.scope)}: no label "agencyy" is known; want agency, env or service.` },
        ];
      const { password, ...rest } = body;
      const u = {
        ...users(now)[3],
        ...rest,
        id: `u${s.users.length}`,
        must_change_password: Boolean(password),
        created_at: now,
      };
      s.users.push(u);
      return [200, u];
    }
    let m;
    if ((m = /^\/users\/(.+)$/.exec(path))) {
      const i = s.users.findIndex((u) => u.id === m[1]);
      if (i < 0) return [404, { detail: 'There is no such person.' }];
      if (method === 'DELETE') s.users.splice(i, 1);
      else s.users[i] = { ...s.users[i], ...body };
      return [200, method === 'DELETE' ? {} : s.users[i]];
    }
    if (key === 'GET /tokens') return [200, { tokens: s.tokens }];
    if (key === 'POST /tokens') {
      const t = { ...tokens(now)[0], ...body, id: `t${s.tokens.length + 1}`, created_at: now, used_at: 0 };
      s.tokens.push(t);
      return [200, { ...t, secret: `sb_${hash(t.id).slice(0, 40)}` }];
    }
    if ((m = /^\/tokens\/(.+)$/.exec(path)) && method === 'DELETE') {
      s.tokens = s.tokens.filter((t) => t.id !== m[1]);
      return [200, {}];
    }
    if (key === 'GET /sessions') return [200, { sessions: [...s.sessions, ...sessions(now, 'tunde').slice(1, 2)] }];
    if ((m = /^\/sessions\/(.+)$/.exec(path)) && method === 'DELETE') {
      s.sessions = s.sessions.filter((x) => x.id !== m[1]);
      return [200, {}];
    }
    if (key === 'GET /audit') return [200, auditAnswer(now, q)];
    if (key === 'GET /audit/verify') return [200, verifyAnswer(now, s.broken)];
    if (key === 'POST /mock/break') return [200, { broken: (s.broken = true) }];
    if (key === 'GET /audit/digests') return [200, { digests: digests(now) }];
    if (key === 'GET /audit/key')
      return [
        200,
        {
          public_key: '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA…\n-----END PUBLIC KEY-----\n',
          fingerprint: hash('key'),
        },
      ];
    if (key === 'GET /changes')
      return [
        200,
        { changes: changes(now, Number(q.get('from') ?? 0), Number(q.get('to') ?? now), q.get('kpi') ?? '') },
      ];
    return undefined;
  };
}
