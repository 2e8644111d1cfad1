// Invented boards, and what the mock answers about them.

export const text = `kind: Board
name: filing-season
title: Filing season
description: What the filing team looks at together while returns come in.
owner: filing@irs.example
roles: [analyst, owner]
variables:
  - name: agency
    values: [IRS, SSA]
# The team asked for these four first.
panels:
  - text: |
      Call the filing desk at extension 4410 before you
      change anything in season.
    width: 3
  # This one is the promise to Congress.
  - kpi: efile-error-rate
  - kpi: efile-latency
  - kpis: [refunds-on-time]
  - title: Requests by service
    promql:
      - expr: 'sum(rate(http_requests_total{agency="$agency"}[5m])) by (job)'
        legend: '{{job}}'
    unit: per second
    width: 2
  - title: Queue
    promql: [{expr: 'sum(queue_depth)'}]
`;

const expr = (agency) =>
  `sum by (job) (rate(http_requests_total{agency${agency === '' ? '=~"(?:IRS|SSA)"' : `="${agency}"`}}[5m]))`;

export function boards() {
  return [
    {
      name: 'filing-season',
      title: 'Filing season',
      description: 'What the filing team looks at together while returns come in.',
      owner: 'filing@irs.example',
      for_roles: ['analyst', 'owner'],
      teams: ['filing'],
      panel_count: 6,
    },
    {
      name: 'platform',
      title: 'Platform',
      description: '',
      owner: 'platform@irs.example',
      for_roles: [],
      teams: [],
      panel_count: 12,
    },
  ];
}

export function board(kpis, vars) {
  const panel = (kind, more) => ({
    kind,
    title: '',
    width: 1,
    kpis: [],
    missing: [],
    unit: '',
    queries: [],
    html: '',
    ...more,
  });
  return {
    ...boards()[0],
    variables: [{ name: 'agency', label: 'agency', value: vars.agency ?? '', values: ['IRS', 'SSA'] }],
    panels: [
      panel('text', {
        width: 3,
        html: '<p>Call the <strong>filing desk</strong> at extension 4410 before you change anything in season.</p>',
      }),
      ...kpis.slice(0, 2).map((kpi) => panel('kpi', { kpis: [kpi] })),
      panel('kpi', { kpis: kpis.slice(2, 3), missing: ['was-renamed'] }),
      panel('promql', {
        title: 'Requests by service',
        width: 2,
        unit: 'per second',
        queries: [{ expr: expr(vars.agency ?? ''), legend: '{{job}}' }],
      }),
      panel('promql', { title: 'Queue', queries: [{ expr: 'sum(queue_depth)', legend: '' }] }),
      panel('promql', { title: 'Nothing yet', queries: [{ expr: 'nothing', legend: '' }] }),
      panel('kpi', { title: 'The machines', width: 2, kpis: kpis.slice(3, 5) }),
    ],
  };
}

export const imported = {
  documents: [
    {
      kind: 'Board',
      name: 'web-overview',
      text: '# From the Grafana dashboard "Web overview"\nkind: Board\nname: web-overview\ntitle: Web overview\nowner: unassigned\npanels:\n  - title: Requests\n    promql:\n      - expr: \'sum(rate(http_requests_total[5m]))\'\n',
    },
  ],
  report: [
    { file: 'web.json', line: 12, path: 'panels[0]', what: 'Panel “Requests”', outcome: 'imported', why: '' },
    {
      file: 'web.json',
      line: 88,
      path: 'panels[1].fieldConfig.thresholds',
      what: 'Threshold colours of “Errors”',
      outcome: 'not carried over',
      why: 'A promise is a KPI here, with an owner; make one from the query.',
    },
    {
      file: 'web.json',
      line: 60,
      path: 'panels[1].targets[0].expr',
      what: 'Query of “Errors”',
      outcome: 'changed',
      why: '$__rate_interval became 5m.',
    },
  ],
};

/** A panel of which nothing was chosen yet is wrong. */
function findings(text) {
  const line = text.split('\n').findIndex((l) => /kpi: ''$/.test(l)) + 1;
  const message = 'there is no text in it; want a KPI, such as efile-error-rate';
  return line === 0 ? [] : [{ file: '', line, column: 10, key: 'kpi', message, severity: 'error' }];
}

/** Values of variables: each comes as var=name=value. */
function chosen(q) {
  return Object.fromEntries(q.getAll('var').map((v) => [v.slice(0, v.indexOf('=')), v.slice(v.indexOf('=') + 1)]));
}

/** The routes of these things: answers [status, body], or undefined where an address is not theirs. */
export function routes() {
  return (method, path, q, body, kpis) => {
    const key = `${method} ${path}`;
    if (key === 'GET /boards') return [200, { boards: boards() }];
    if (key === 'GET /boards/filing-season') return [200, board(kpis, chosen(q))];
    if (key === 'POST /policies/check' && body.documents?.every((d) => /^kind: Board$/m.test(d.text ?? '')))
      return [200, { changes: [], findings: findings(body.documents[0].text), need: { tests: 0 }, previews: [] }];
    if (/^GET \/boards\//.test(key)) return [404, { detail: 'There is no board with this name.' }];
    if (key === 'GET /policies/Board/filing-season') return [200, { kind: 'Board', name: 'filing-season', text }];
    if (key === 'POST /import')
      return Object.keys(body.files).some((f) => f.endsWith('.json'))
        ? [200, imported]
        : [422, { detail: 'None of the files is a dashboard in JSON.' }];
    if (key === 'POST /proposals' && body.documents?.some((d) => /^kind: Board$/m.test(d.text ?? '')))
      return [200, { id: 42, state: 'draft', title: body.title }];
    return undefined;
  };
}
