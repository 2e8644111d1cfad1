import { Button } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useMemo } from 'react';
import { changesQuery, type Mark } from '../../api/changes';
import { seriesQuery } from '../../api/kpi';
import type { Series, View } from '../../api/types';
import { MarkCard, MarkLetter, MarkLink } from '../../chart/MarkCard';
import { alignTo, recordedFrom, redSpans, thin, withGaps } from '../../chart/points';
import type { Flag, Limit, Line } from '../../chart/TimeChart';
import { Icon } from '../../components/Icon';
import { Pick } from '../../components/Pick';
import { Segments } from '../../components/Segments';
import { Failure, Loading } from '../../components/States';
import { axisLabels } from '../../format/number';
import { LightLabel } from '../../light/Light';
import { lightOf, wordOf } from '../../light/light';
import { clockSeconds, exact, when } from '../../time/format';
import { fixedRange, rangeTitle, resolveRange, shiftRange } from '../../time/range';
import { useSoon } from '../../time/useNow';
import { useZone } from '../../time/zone';
import css from './History.module.css';
import type { SetSearch } from './KpiPage';
import { groupOf, type KpiSearch } from './search';

const TimeChart = lazy(() => import('../../chart/TimeChart').then((m) => ({ default: m.TimeChart })));

const ranges = ['1h', '6h', '24h', '7d', '28d'] as const;
const week = 7 * 86_400_000;
const points = 600;

/** The number over time with its promise, what changed, and the week before; as a chart or as a table. */
export function History({ kpi, search, set }: { kpi: View; search: KpiSearch; set: SetSearch }) {
  const zone = useZone();
  const wanted = search.range ?? '24h';
  const length = useMemo(() => {
    const r = resolveRange(wanted, 0);
    return r.to - r.from;
  }, [wanted]);
  const step = stepOf(length, kpi.period_ms);
  const now = useSoon(step);
  const range = useMemo(() => resolveRange(wanted, now), [wanted, now]);
  const group = useMemo(() => groupOf(search.group), [search.group]);
  const whole = useQuery(seriesQuery(kpi.name, range.from, range.to, points, group));
  // What was recorded only lately is shown from its beginning, and asked for in its own fineness.
  const from = range.live ? recordedFrom(whole.data?.t ?? [], range.from, range.to, kpi.period_ms) : range.from;
  const lately = from !== range.from;
  const soon = useSoon(stepOf(range.to - from, kpi.period_ms));
  const part = useQuery({ ...seriesQuery(kpi.name, from, soon, points, group), enabled: lately && soon > from });
  const series = lately && part.data ? part : whole;
  // A young history ends with its newest datapoint, not with the step that is asked for.
  const to = range.live && lately ? Math.max(kpi.period_end, from + 2 * kpi.period_ms) : range.to;
  const before = useQuery({
    ...seriesQuery(kpi.name, range.from - week, range.to - week, points, group),
    enabled: search.compare === 'on',
  });
  const changes = useQuery({
    ...changesQuery(range.from, range.live ? undefined : range.to, kpi.name),
    enabled: search.changes !== 'off',
  }).data;
  const marks = search.changes === 'off' ? noMarks : (changes ?? noMarks);
  const title = rangeTitle(wanted, range, (ms) => when(ms, now, zone));
  const groupText = kpi.groups.find((g) => JSON.stringify(g.labels) === JSON.stringify(group))?.text;
  return (
    <section className="panel" aria-labelledby="history">
      <div className="panel-head">
        <h2 id="history">
          {title}
          {lately ? <span className="muted">, recorded since {when(from, now, zone)}</span> : null}
          {group ? <span className="muted">, {groupText ?? Object.values(group).join(', ')}</span> : null}
        </h2>
        <div className={`${css.tools} no-print`}>
          {kpi.groups.length > 1 ? (
            <Pick
              label="Group"
              value={search.group ?? ''}
              options={[
                { value: '', label: 'all together' },
                ...kpi.groups.map((g) => ({ value: JSON.stringify(g.labels), label: g.text })),
              ]}
              onChange={(v) => set({ group: v || undefined })}
            />
          ) : null}
          <Segments
            label="Range"
            items={ranges.map((r) => ({ value: r, label: r.replace(/(\d+)/, '$1\u2009'), pressed: wanted === r }))}
            onPick={(r) => set({ range: r === '24h' ? undefined : r })}
          />
          <span className={css.shift}>
            <button
              type="button"
              className={css.icon}
              aria-label="Earlier"
              aria-keyshortcuts="["
              onClick={() => set({ range: shiftRange(range, -1, now) })}
            >
              <Icon name="left" size={15} />
            </button>
            <button
              type="button"
              className={css.icon}
              aria-label="Later"
              aria-keyshortcuts="]"
              disabled={range.live}
              onClick={() => set({ range: shiftRange(range, 1, now) })}
            >
              <Icon name="right" size={15} />
            </button>
          </span>
          <Segments
            label="Also show"
            items={[
              { value: 'changes', label: 'Changes', pressed: search.changes !== 'off' },
              { value: 'compare', label: 'Week before', pressed: search.compare === 'on', title: 'X' },
            ]}
            onPick={(v) =>
              set(
                v === 'changes'
                  ? { changes: search.changes === 'off' ? undefined : 'off' }
                  : { compare: search.compare === 'on' ? undefined : 'on' },
              )
            }
          />
          <button
            type="button"
            className={css.icon}
            aria-label={search.view === 'table' ? 'Show the chart' : 'Show the table'}
            aria-keyshortcuts="t"
            onClick={() => set({ view: search.view === 'table' ? undefined : 'table' })}
          >
            <Icon name={search.view === 'table' ? 'chart' : 'table'} />
          </button>
        </div>
      </div>
      {!range.live ? (
        <p className={`${css.fixed} no-print`}>
          {exact(range.from, zone)} to {exact(range.to, zone)}.{' '}
          <button type="button" className={css.link} onClick={() => set({ range: undefined })}>
            Back to now
          </button>
        </p>
      ) : null}
      {series.data ? (
        search.view === 'table' ? (
          <>
            <MarkTable marks={marks} />
            <PointTable series={series.data} max={400} />
          </>
        ) : (
          <>
            <Chart
              kpi={kpi}
              series={series.data}
              before={search.compare === 'on' ? before.data : undefined}
              from={from}
              to={to}
              live={range.live && !group}
              marks={marks}
              set={set}
            />
            <div className={css.printed}>
              <MarkTable marks={marks} />
              <PointTable series={series.data} max={48} />
            </div>
          </>
        )
      ) : series.isError ? (
        <Failure error={series.error} what="The history" retry={() => void series.refetch()} />
      ) : (
        <Loading what="the history" rows={1} height={320} />
      )}
    </section>
  );
}

/** The distance of points at which a length has no more than are asked for. */
function stepOf(length: number, period: number): number {
  return Math.max(period, Math.ceil(length / points / period) * period, 1000);
}

type ChartProps = {
  kpi: View;
  series: Series;
  before: Series | undefined;
  from: number;
  to: number;
  live: boolean;
  marks: Mark[];
  set: SetSearch;
};

const noMarks: Mark[] = [];

function Chart({ kpi, series, before, from, to, live, marks, set }: ChartProps) {
  const zone = useZone();
  // The newest datapoint arrives with the KPI itself, before the history is asked again.
  const s = useMemo(() => (live ? withNewest(series, kpi) : series), [series, kpi, live]);
  const { t, lines } = useMemo(() => {
    const filled = withGaps(s.t, [s.value]);
    const list: Line[] = [{ name: kpi.title, values: filled.columns[0] ?? [], kind: 'main' }];
    if (before) {
      list.push({ name: 'Week before', values: alignTo(filled.t, before.t, before.value, week), kind: 'compare' });
    }
    return { t: filled.t, lines: list };
  }, [s, before, kpi.title]);
  const limits = useMemo(() => limitsOf(s), [s]);
  const flags = useMemo(
    (): Flag[] =>
      marks.map((m) => ({
        t: m.at,
        id: m.id,
        letter: m.letter,
        label: m.title,
        say: `${m.word}: ${m.title}${m.actor ? `, by ${m.actor}` : ''}, ${exact(m.at, zone)}`,
      })),
    [marks, zone],
  );
  const spans = useMemo(() => redSpans(s.transitions, from, to), [s.transitions, from, to]);
  const index = useMemo(() => new Map(s.t.map((at, i) => [at, i])), [s.t]);
  const say = (i: number): string => {
    const at = t[i] ?? 0;
    const j = index.get(at);
    const time = to - from > 2 * 86_400_000 ? exact(at, zone) : clockSeconds(at, zone);
    if (j === undefined) return `${time}: nothing was measured`;
    const light = s.light[j];
    const state = light ? wordOf(lightOf(light)) : 'not judged';
    const counts = s.total[j] !== null && s.total[j] !== undefined ? `, of ${String(s.total[j])}` : '';
    const missing = s.missing[j] ? ` (${s.missing[j].replace('_', ' ')})` : '';
    return `${time}: ${s.display[j] ?? ''}${missing}, ${state}${counts}`;
  };
  const last = lastReal(lines[0]?.values ?? []);
  const newest = last === null ? undefined : index.get(t[last] ?? 0);
  const end =
    last === null || newest === undefined
      ? undefined
      : { i: last, label: s.display[newest] ?? '', tone: toneOf(s.light[newest]) };
  if (last === null && s.t.length === 0) {
    return <p className={css.none}>Nothing was published in this range. {kpi.detail}</p>;
  }
  return (
    <>
      <Suspense fallback={<Loading what="the chart" rows={1} height={320} />}>
        <TimeChart
          from={from}
          to={to}
          t={t}
          lines={lines}
          limits={limits}
          flags={flags}
          spans={spans}
          height={320}
          sentence={s.sentence}
          labels={(splits) => axisLabels(splits, s.axis)}
          speak={say}
          end={end}
          onZoom={(a, b) => set({ range: fixedRange(a, b) })}
          card={(opened, close) => (
            <MarkCard marks={marks.filter((m) => opened.some((f) => f.id === m.id))} onClose={close} />
          )}
        >
          {(i) => (
            <>
              <Button
                size="compact-xs"
                onClick={() => {
                  const at = t[i] ?? to;
                  const half = (to - from) / 12;
                  set({ range: fixedRange(at - half, Math.min(at + half, Date.now())) });
                }}
              >
                Zoom in here
              </Button>
              <Button size="compact-xs" onClick={() => set({ why: String(t[i] ?? to) })}>
                Why then?
              </Button>
            </>
          )}
        </TimeChart>
      </Suspense>
      <p className={`${css.legend} small muted`}>
        {[...new Map(flags.filter((f) => f.t >= from && f.t <= to).map((f) => [f.letter, f])).values()].map((f) => (
          <span key={f.letter}>
            <span className={css.letter} aria-hidden="true">
              {f.letter}
            </span>{' '}
            {marks.find((m) => m.letter === f.letter)?.word}
          </span>
        ))}
        {spans.length > 0 ? <span>Shaded column: breached</span> : null}
        {before ? <span>Dotted: the week before</span> : null}
      </p>
    </>
  );
}

function withNewest(s: Series, kpi: View): Series {
  const last = s.t.at(-1) ?? 0;
  if (kpi.period_end <= last || s.t.length === 0) return s;
  const unit = kpi.display.unit ? `\u2009${kpi.display.unit}` : '';
  return {
    ...s,
    t: [...s.t, kpi.period_end],
    value: [...s.value, kpi.value],
    upper: [...s.upper, kpi.upper],
    good: [...s.good, kpi.good],
    total: [...s.total, kpi.total],
    light: [...s.light, kpi.light],
    missing: [...s.missing, kpi.missing],
    display: [...s.display, `${kpi.display.value}${unit}`],
  };
}

function limitsOf(s: Series): Limit[] {
  const out: Limit[] = [];
  for (const tone of ['red', 'yellow'] as const) {
    const th = s.thresholds[tone];
    if (th?.a == null) continue;
    const label = tone === 'red' ? `Promise: ${th.promise}` : `At risk ${th.display}`;
    if (th.op === 'outside' && th.b !== null) {
      out.push({ value: th.a, label: '', tone, side: 'below' }, { value: th.b, label, tone, side: 'above' });
    } else {
      out.push({ value: th.a, label, tone, side: th.op.startsWith('>') ? 'above' : 'below' });
    }
  }
  return out;
}

function lastReal(v: (number | null)[]): number | null {
  for (let i = v.length - 1; i >= 0; i--) if (v[i] !== null && v[i] !== undefined) return i;
  return null;
}

function toneOf(light: string | undefined): 'red' | 'yellow-text' | 'ink' | 'grey' {
  return light === 'red' ? 'red' : light === 'yellow' ? 'yellow-text' : light === 'grey' ? 'grey' : 'ink';
}

function PointTable({ series, max }: { series: Series; max: number }) {
  const zone = useZone();
  const rows = thin([...series.t.keys()], max).reverse();
  const counts = series.total.some((v) => v !== null);
  return (
    <div className={css.table} tabIndex={0} role="region" aria-label="Datapoints">
      <table className="table">
        <caption className="vh">{series.sentence}</caption>
        <thead>
          <tr>
            <th scope="col">End of period</th>
            <th scope="col" className="r">
              Value
            </th>
            <th scope="col">State</th>
            {counts ? (
              <>
                <th scope="col" className="r">
                  Good
                </th>
                <th scope="col" className="r">
                  Of
                </th>
              </>
            ) : null}
            <th scope="col">Note</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((i) => (
            <tr key={series.t[i]}>
              <td>{exact(series.t[i] ?? 0, zone)}</td>
              <td className="r">{series.display[i]}</td>
              <td>{series.light[i] ? <LightLabel state={lightOf(series.light[i])} size={14} /> : 'not judged'}</td>
              {counts ? (
                <>
                  <td className="r">{series.good[i] ?? '—'}</td>
                  <td className="r">{series.total[i] ?? '—'}</td>
                </>
              ) : null}
              <td>{series.missing[i]?.replace('_', ' ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length < series.t.length ? (
        <p className="fine">
          {rows.length} of {series.t.length} datapoints, evenly spread. Choose a shorter range to see each.
        </p>
      ) : null}
    </div>
  );
}

/** What happened in the range, as rows: the flags of the chart for those who read. */
function MarkTable({ marks }: { marks: Mark[] }) {
  const zone = useZone();
  if (marks.length === 0) return null;
  return (
    <div className={`${css.marks} scroll-x`} tabIndex={0} role="region" aria-label="Changes in this range">
      <table className="table">
        <caption className={css.caption}>What changed</caption>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">What</th>
            <th scope="col">Who</th>
            <th scope="col">
              <span className="vh">Evidence</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {[...marks].reverse().map((m) => (
            <tr key={m.id}>
              <td>{exact(m.at, zone)}</td>
              <td>
                <span className={css.what}>
                  <MarkLetter mark={m} />
                  <span>
                    {m.title}
                    {m.detail ? <span className="muted"> {m.detail}</span> : null}
                  </span>
                </span>
              </td>
              <td>{m.actor ?? '—'}</td>
              <td>
                <MarkLink mark={m} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
