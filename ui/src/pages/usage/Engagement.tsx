import { useQuery } from '@tanstack/react-query';
import {
  activesQuery,
  sessionsQuery,
  type Actives,
  type Period,
  type SessionPoint,
  type Sessions,
} from '../../api/usage';
import { Segments } from '../../components/Segments';
import { Empty, Failure, Loading } from '../../components/States';
import { compact, plain } from '../../format/number';
import { MakeKpi } from './MakeKpi';
import { Fact, Notes } from './Parts';
import { Trend, TrendTable } from './Trend';
import css from './Usage.module.css';
import type { ViewProps } from './UsagePage';
import { change, fromFirst, lastWhole, people, percent, periodEnd, periodName, seconds } from './words';

const periods: { value: Period; label: string; per: string }[] = [
  { value: 'day', label: 'Daily', per: 'day' },
  { value: 'week', label: 'Weekly', per: 'week' },
  { value: 'month', label: 'Monthly', per: 'month' },
];

/** How many use it, how often, how long and how much. */
export function Engagement(props: ViewProps) {
  const { search, app, from, to } = props;
  const period = search.period || 'week';
  const actives = useQuery(activesQuery({ ...app, from, to, period }));
  const sessions = useQuery(sessionsQuery({ ...app, from, to, period, ...(search.q ? { q: search.q } : {}) }));
  if (actives.isError) return <Failure error={actives.error} what="Usage" retry={() => void actives.refetch()} />;
  if (!actives.data) return <Loading what="usage" rows={2} height={220} />;
  const a = actives.data;
  if (a.month === 0 && a.points.every((p) => p.people === 0)) return <NoEvents />;
  return (
    <div className="stack" aria-busy={actives.isPlaceholderData || sessions.isPlaceholderData}>
      <People {...props} a={a} period={period} />
      {sessions.isError ? (
        <Failure error={sessions.error} what="Sessions" retry={() => void sessions.refetch()} />
      ) : sessions.data ? (
        <SessionPanel {...props} s={sessions.data} period={period} />
      ) : (
        <Loading what="sessions" rows={1} height={260} />
      )}
    </div>
  );
}

/** What is missing before there is anything to see, and the one thing to do. */
export function NoEvents() {
  return (
    <Empty
      title="No user event has arrived for this choice"
      action={
        <a className={css.next} href="/sources?signal=events">
          Send a first event
        </a>
      }
    >
      <p>
        Usage is counted from events: page views, clicks and what your services track. People are pseudonyms from the
        moment an event arrives.
      </p>
    </Empty>
  );
}

function People({ a, period, search, set, app }: ViewProps & { a: Actives; period: Period }) {
  const points = fromFirst(a.points, (p) => p.people === 0 && p.events === 0);
  const [now, before] = lastWhole(points);
  const per = periods.find((p) => p.value === period)?.per ?? 'week';
  const what = `People active per ${per}`;
  const said = now && before ? change(now.people, before.people, 'many') : '';
  const trend = {
    what,
    period,
    at: points.map((p) => p.at),
    whole: points.map((p) => p.complete),
    lines: [
      { name: 'people', values: points.map((p) => p.people) },
      { name: 'of them new', values: points.map((p) => p.new) },
    ],
    show: compact,
    bars: true,
  };
  return (
    <section className="panel" aria-labelledby="people">
      <div className="panel-head">
        <h2 id="people">{what}</h2>
        <Segments
          label="Counted per"
          items={periods.map((p) => ({ value: p.value, label: p.label, pressed: p.value === period }))}
          onPick={(v) => set({ period: v === 'week' ? undefined : v })}
        />
      </div>
      <div className={css.headline}>
        <strong>{people(now?.people ?? a.week)}</strong>{' '}
        <span>
          {now ? (
            <>
              people in the {period === 'week' ? periodName(now.at, period) : `${per} of ${periodName(now.at, period)}`}
              {said ? `, ${said} the ${per} before` : ''}
            </>
          ) : (
            `people so far; no whole ${per} is over yet`
          )}
        </span>
        <MakeKpi of={what} words ask={{ view: 'actives', span: period, ...app, ...valueOf(now?.people) }} />
      </div>
      {search.table ? <TrendTable {...trend} /> : <Trend {...trend} />}
      <dl className={css.facts}>
        <Fact
          name="Today"
          value={people(a.day)}
          note="people, so far"
          kpi={{ view: 'actives', span: 'day', title: 'People active in a day', ...app, ...valueOf(a.day) }}
        />
        <Fact
          name="Last 7 days"
          value={people(a.week)}
          note="people"
          kpi={{ view: 'actives', span: 'week', title: 'People active in 7 days', ...app, ...valueOf(a.week) }}
        />
        <Fact
          name="Last 30 days"
          value={people(a.month)}
          note="people"
          kpi={{ view: 'actives', span: 'month', title: 'People active in 30 days', ...app, ...valueOf(a.month) }}
        />
        <Fact
          name="Stickiness"
          value={percent(a.stickiness)}
          note="of a month’s people come on a day"
          kpi={{ view: 'stickiness', title: 'A month’s people who come on a day', ...app, ...valueOf(a.stickiness) }}
        />
      </dl>
      <Notes
        notes={a.notes}
        more={search.q ? ['People are counted over all events; the search narrows the sessions below.'] : []}
      />
    </section>
  );
}

function valueOf(v: number | null | undefined): { value?: number } {
  return v === null || v === undefined || v <= 0 ? {} : { value: v };
}

type Metric = 'sessions' | 'median' | 'p95' | 'per_session' | 'bounce';
const metrics: { value: Metric; name: string; show: (v: number) => string; of: (p: SessionPoint) => number | null }[] =
  [
    { value: 'sessions', name: 'Sessions', show: compact, of: (p) => p.sessions },
    { value: 'median', name: 'Duration, median', show: seconds, of: (p) => p.median },
    { value: 'p95', name: 'Duration, 95 % under', show: seconds, of: (p) => p.p95 },
    { value: 'per_session', name: 'Actions per session', show: (v) => plain(v, 1), of: (p) => p.per_session },
    { value: 'bounce', name: 'Bounces', show: percent, of: (p) => p.bounce },
  ];

function SessionPanel({ s, period, search, set, app }: ViewProps & { s: Sessions; period: Period }) {
  const chosen = metrics.find((m) => m.value === search.metric) ?? metrics[0];
  if (!chosen) return null;
  const points = fromFirst(s.points, (p) => p.sessions === 0);
  const trend = {
    what: `${chosen.name} per ${period}`,
    period,
    at: points.map((p) => p.at),
    whole: points.map((p) => p.complete),
    lines: [{ name: chosen.name.toLowerCase(), values: points.map(chosen.of) }],
    show: chosen.show,
  };
  const t = s.total;
  return (
    <div className={css.pair}>
      <section className="panel" aria-labelledby="sessions">
        <div className="panel-head">
          <h2 id="sessions">Sessions</h2>
          <span className="small muted">a pause of 30 minutes ends one</span>
        </div>
        <dl className={css.facts}>
          {metrics.map((m) => (
            <Fact
              key={m.value}
              name={m.name}
              value={m.of(t) === null ? '—' : m.show(m.of(t) ?? 0)}
              note={
                m.value === 'sessions'
                  ? `of ${people(t.people)} people`
                  : m.value === 'bounce'
                    ? 'one page, nothing done'
                    : undefined
              }
              pressed={m.value === chosen.value}
              onPick={() => set({ metric: m.value === 'sessions' ? undefined : m.value })}
              kpi={kpiOf(m.value, t, app, perDay(points, period))}
            />
          ))}
        </dl>
        {points.length > 0 ? search.table ? <TrendTable {...trend} /> : <Trend {...trend} height={120} /> : null}
        <Notes notes={s.notes} more={s.standing ? ['Durations are kept within 2 %.'] : []} />
      </section>
      <Durations s={s} />
    </div>
  );
}

/** Sessions a day in the newest period that is over. */
function perDay(points: readonly SessionPoint[], period: Period): number | undefined {
  const [last] = lastWhole(points);
  return last ? last.sessions / ((periodEnd(last.at, period) - last.at) / 86_400_000) : undefined;
}

function kpiOf(m: Metric, t: SessionPoint, app: ViewProps['app'], aDay: number | undefined) {
  if (m === 'sessions') return { view: 'sessions' as const, title: 'Sessions a day', ...app, ...valueOf(aDay) };
  if (m === 'median' || m === 'p95') {
    const title = m === 'median' ? 'How long a session lasts, median' : 'How long a session lasts, 95 % are shorter';
    return { view: 'session_duration' as const, title, stat: m, ...app, ...valueOf(t[m]) };
  }
  if (m === 'bounce') {
    return { view: 'bounce' as const, title: 'Sessions of one page and nothing done', ...app, ...valueOf(t.bounce) };
  }
  return { view: 'actions' as const, title: 'Actions per session', ...app, ...valueOf(t.per_session) };
}

/** How long sessions last: a table whose bars are drawn in it. */
function Durations({ s }: { s: Sessions }) {
  const most = Math.max(0, ...s.distribution.map((b) => b.share ?? 0));
  return (
    <section className="panel" aria-labelledby="durations">
      <div className="panel-head">
        <h2 id="durations">How long they last</h2>
      </div>
      <table className={`table ${css.dist}`} aria-labelledby="durations">
        <thead>
          <tr>
            <th scope="col">Duration</th>
            <th scope="col" className="r">
              Sessions
            </th>
            <th scope="col" className="r">
              Share
            </th>
          </tr>
        </thead>
        <tbody>
          {s.distribution.map((b) => (
            <tr key={b.from}>
              <th scope="row">{bracket(b.from, b.to)}</th>
              <td className="r">{people(b.sessions)}</td>
              <td className="r">
                <span className={css.share}>
                  <span
                    className={css.fill}
                    aria-hidden="true"
                    style={{ width: `${most > 0 ? Math.max(0, (100 * (b.share ?? 0)) / most) : 0}%` }}
                  />
                </span>
                <span className={css.pct}>{percent(b.share)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function bracket(from: number, to: number | null): string {
  if (from === 0 && to !== null) return `under ${seconds(to)}`;
  return to === null ? `${seconds(from)} or longer` : `${seconds(from)} to ${seconds(to)}`;
}
