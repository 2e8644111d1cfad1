// Invented answers to why somebody was paged, or was not: silenced before the last half hour, paged in it.

const minute = 60_000;

export function answer(kpi, q, now) {
  const to = Number(q.get('to') ?? 0);
  const at = to > 0 ? to - minute : Number(q.get('at') ?? now);
  const paged = at > now - 30 * minute;
  const clock = (ms) => `${new Date(ms).toISOString().slice(11, 19)} UTC`;
  const silence = '6c054fe9-0f5c-4c7b-9a0e-3c0d8f1f2a11';
  const receiver = q.get('receiver') ?? 'oncall';
  const numbers =
    '3 of the 3 datapoints that the rule needs were above 3\u2009%; the newest was 5.03\u2009%, 2.03 points past the threshold';
  const link = (kind, id, text) => ({ kind, id, text });
  const end = at - (at % minute);
  return {
    kpi,
    title: '1040 e-file error rate',
    group: { service: 'intake' },
    group_text: 'intake',
    at,
    from: Number(q.get('from') ?? 0),
    to,
    receiver: q.get('receiver') ?? '',
    paged,
    answer: paged ? 'paged' : 'silenced',
    sentence: paged
      ? `The receiver ${receiver} was paged at ${clock(end + 35_000)} because 1040 e-file error rate (intake) was red: ${numbers}.`
      : `The receiver ${receiver} was not told because the alert was silenced by silence ${silence} by priya, then until 2026-11-21T15:00:00Z: release 4.2.`,
    light: 'red',
    word: 'Breached',
    revision: 7,
    decision: 'd3',
    reasons: [
      {
        kind: 'light',
        effect: 'leads',
        sentence: `The light was red (Breached) since ${clock(end)}: ${numbers}.`,
        at: end,
        link: link('decision', 'd3', 'decision d3'),
      },
      {
        kind: 'rule',
        effect: 'fact',
        sentence:
          'Revision 7, in force since 3 Nov, 09:00:00 UTC, judged: red when 3 of 3 datapoints are above 3\u2009%.',
        at: 0,
        link: link('revision', '7', 'revision 7'),
      },
      {
        kind: 'page',
        effect: 'leads',
        sentence: 'Revision 7 pages when the light is red, with the severity page.',
        at: 0,
        link: link('revision', '7', 'revision 7'),
      },
      {
        kind: 'alert',
        effect: 'leads',
        sentence: `An alert stood since ${clock(end)}.`,
        at: end,
        link: link('decision', 'd3', 'decision d3'),
      },
      {
        kind: 'route',
        effect: 'leads',
        sentence: `Route pagers, revision 2, led to the receiver ${receiver}.`,
        at: 0,
        link: link('policy', 'Route/pagers', 'route pagers'),
      },
      paged
        ? {
            kind: 'delivery',
            effect: 'told',
            sentence: `A message to ${receiver} by email[0] was accepted at ${clock(end + 35_000)}, at attempt 2, as <d3.1@signalbox>.`,
            at: end + 35_000,
            link: link('receipt', 'r4', 'receipt'),
          }
        : {
            kind: 'silenced',
            effect: 'stops',
            sentence: `From ${clock(end + 30_000)} the alert was withheld from ${receiver} by silence ${silence} by priya, then until 2026-11-21T15:00:00Z: release 4.2.`,
            at: end + 30_000,
            link: link('silence', silence, 'silence'),
          },
    ],
    points: [3, 2, 1, 0].map((back) => ({
      end: end - back * minute,
      value: back === 3 ? 0.0055 : 0.0503,
      good: 950,
      total: 1000,
      coverage: 1,
      missing: '',
      detail: '',
      display: back === 3 ? '0.55\u2009%' : '5.03\u2009%',
      band: back === 3 ? 'none' : 'red',
    })),
    receipts: [
      {
        id: paged ? 'r4' : 'r5',
        at: end + 35_000,
        kpi,
        group: { service: 'intake' },
        receiver,
        integration: paged ? 'email[0]' : '',
        status: paged ? 'sent' : 'silenced',
        error: '',
        attempt: paged ? 2 : 1,
        firing: true,
        decision: 'd3',
        rule: '',
        message_id: paged ? '<d3.1@signalbox>' : '',
      },
    ],
    others: [{ group: { service: 'validate' }, text: 'validate', light: 'yellow', word: 'At risk' }],
  };
}

/** Status and body of GET /kpis/{name}/why. */
export function why(kpi, q, now) {
  if (q.get('receiver') === 'nobody') {
    return [400, { detail: 'receiver "nobody": want the name of a receiver under alerting.receivers or an address.' }];
  }
  return [200, answer(kpi, q, now)];
}
