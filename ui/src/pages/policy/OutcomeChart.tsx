import { lazy, Suspense, useMemo, useRef } from 'react';
import type { Comparison, LightName, Side, Span, TestGroup } from '../../api/govern';
import { alignTo, thin, withGaps } from '../../chart/points';
import type { Limit, Line } from '../../chart/TimeChart';
import { Icon } from '../../components/Icon';
import { Pick } from '../../components/Pick';
import { Loading } from '../../components/States';
import { axisLabels, onAxis } from '../../format/number';
import { LightLabel } from '../../light/Light';
import { wordOf } from '../../light/light';
import { exact } from '../../time/format';
import { useZone } from '../../time/zone';
import { axisOf, bandPaths, comparisonSentence, covered, limitOf, minutesWords, segments } from './outcome';
import css from './Outcome.module.css';
import { usePlotEdges } from './usePlotEdges';

const TimeChart = lazy(() => import('../../chart/TimeChart').then((m) => ({ default: m.TimeChart })));

/** The value over the time of the test with both thresholds, and under it the light that each version would have shown. */
export function OutcomeChart({
  comparison: c,
  table,
  group,
  onGroup,
  onToggle,
}: {
  comparison: Comparison;
  table: boolean;
  group: number;
  onGroup: (n: number) => void;
  onToggle: () => void;
}) {
  const main = c.proposed ?? c.now;
  const groups = main?.groups ?? [];
  // Place 0 is the KPI as a whole, the groups follow; a lone group is the KPI.
  const single = groups.length < 2;
  const at = group <= groups.length ? group : 0;
  const chosen = at > 0 ? groups[at - 1] : undefined;
  const same = (g: TestGroup) => JSON.stringify(g.labels) === JSON.stringify(chosen?.labels ?? {});
  const part = (s: Side | null) => (chosen === undefined ? s : s?.groups.find(same));
  const whole = (s: Side | null) =>
    chosen === undefined && single ? (s?.chart ?? s?.groups[0]?.chart) : part(s)?.chart;
  const nowSpans = part(c.now)?.spans ?? [];
  const newSpans = part(c.proposed)?.spans ?? [];
  return (
    <div className={css.chart}>
      <div className={css.chartHead}>
        <h3>{chosen ? 'Day by day, one group' : 'Day by day'}</h3>
        <div className={`${css.tools} no-print`}>
          {groups.length > 1 ? (
            <Pick
              label="Group"
              value={String(at)}
              options={[
                { value: '0', label: 'all together' },
                ...groups.map((g, i) => ({
                  value: String(i + 1),
                  label: Object.values(g.labels).join(', ') || 'no labels',
                })),
              ]}
              onChange={(v) => onGroup(Number(v))}
            />
          ) : null}
          <button
            type="button"
            className={css.icon}
            aria-label={table ? 'Show the chart' : 'Show the table'}
            aria-keyshortcuts="t"
            onClick={onToggle}
          >
            <Icon name={table ? 'chart' : 'table'} />
          </button>
        </div>
      </div>
      {table ? (
        <Periods comparison={c} now={nowSpans} proposed={newSpans} />
      ) : (
        <Drawn
          comparison={c}
          chart={whole(main) ?? null}
          before={c.proposed ? (whole(c.now) ?? null) : null}
          now={nowSpans}
          proposed={newSpans}
        />
      )}
      {(main?.hidden ?? 0) > 0 ? <p className="fine">{main?.hidden} more groups are not listed.</p> : null}
    </div>
  );
}

type Chart = { t: number[]; value: (number | null)[] } | null;

function Drawn({
  comparison: c,
  chart,
  before,
  now,
  proposed,
}: {
  comparison: Comparison;
  chart: Chart;
  before: Chart;
  now: readonly Span[];
  proposed: readonly Span[];
}) {
  const zone = useZone();
  const box = useRef<HTMLDivElement>(null);
  usePlotEdges(box);
  const axis = axisOf(c.unit);
  const { t, lines, differs } = useMemo(() => columns(chart, before, c), [chart, before, c]);
  const limits = useMemo((): Limit[] => {
    const side = c.proposed ?? c.now;
    const l = side ? limitOf(side.threshold) : null;
    return l ? [{ ...l, tone: 'red', label: '' }] : [];
  }, [c]);
  const light = (spans: readonly Span[], x: number) => spans.find((s) => x > s.from && x <= s.to)?.light;
  const say = (i: number): string => {
    const x = t[i] ?? 0;
    const v = lines[0]?.values[i];
    const a = light(now, x);
    const b = light(proposed, x);
    return [
      `${exact(x, zone)}: ${v === null || v === undefined ? 'nothing was measured' : onAxis(v, axis)}`,
      a ? `now ${wordOf(a)}` : '',
      b ? `proposed ${wordOf(b)}` : '',
    ]
      .filter(Boolean)
      .join(', ');
  };
  return (
    <div ref={box} className={css.plot}>
      {chart && chart.t.length > 0 ? (
        <Suspense fallback={<Loading what="the chart" rows={1} height={220} />}>
          <TimeChart
            from={covered(c).from}
            to={covered(c).to}
            t={t}
            lines={lines}
            limits={limits}
            height={220}
            sentence={comparisonSentence(c)}
            labels={(splits) => axisLabels(splits, axis)}
            speak={say}
          />
        </Suspense>
      ) : (
        <p className="muted small">No values were kept of this test; the lights below are all there is.</p>
      )}
      <div className={css.bands}>
        {c.now ? <Band name="Now" spans={now} {...covered(c)} /> : null}
        {c.proposed ? <Band name="Proposed" spans={proposed} {...covered(c)} /> : null}
      </div>
      <p className={`${css.legend} small muted`}>
        {limits.length > 0 ? (
          <span>
            Dashed: the threshold {c.proposed ? 'as proposed' : 'in force'}, {(c.proposed ?? c.now)?.threshold}
          </span>
        ) : null}
        {lines.some((l) => l.name === 'threshold') ? (
          <span>Dotted: the threshold in force, {c.now?.threshold}</span>
        ) : null}
        {differs ? <span>Thin dotted line: the value as it is made now</span> : null}
        <span>Bars: low on target, middle at risk, high breached, dashed no data</span>
      </p>
    </div>
  );
}

function columns(chart: Chart, before: Chart, c: Comparison): { t: number[]; lines: Line[]; differs: boolean } {
  if (!chart) return { t: [], lines: [], differs: false };
  const old = before ? alignTo(chart.t, before.t, before.value, 0) : null;
  const differs = old?.some((v, i) => v !== null && v !== (chart.value[i] ?? null)) ?? false;
  const gapped = withGaps(chart.t, differs && old ? [chart.value, old] : [chart.value]);
  const lines: Line[] = [{ name: 'value', values: gapped.columns[0] ?? [], kind: 'main' }];
  if (differs) lines.push({ name: 'value as now', values: gapped.columns[1] ?? [], kind: 'compare' });
  const was = c.proposed && c.now && c.now.threshold !== c.proposed.threshold ? limitOf(c.now.threshold) : null;
  if (was) lines.push({ name: 'threshold', values: gapped.t.map(() => was.value), kind: 'compare' });
  return { t: gapped.t, lines, differs };
}

const bandBox = { w: 1000, h: 20 };

/** One version's light over time, drawn by height and colour. */
export function Band({ name, spans, from, to }: { name: string; spans: readonly Span[]; from: number; to: number }) {
  const p = useMemo(() => bandPaths(spans, from, to, bandBox), [spans, from, to]);
  return (
    <div className={css.band}>
      <span className={css.bandName}>{name}</span>
      <svg
        viewBox={`0 0 ${bandBox.w} ${bandBox.h}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${name}: ${bandSentence(spans, from, to)}`}
      >
        {(['grey', 'green', 'yellow', 'red'] as const).map((l) =>
          p[l] ? <path key={l} className={css[l]} d={p[l]} /> : null,
        )}
      </svg>
    </div>
  );
}

function bandSentence(spans: readonly Span[], from: number, to: number): string {
  const sums: Record<LightName, number> = { green: 0, yellow: 0, red: 0, grey: 0 };
  for (const s of spans) sums[s.light] += Math.max(0, Math.min(s.to, to) - Math.max(s.from, from));
  const parts = (['red', 'yellow', 'grey', 'green'] as const)
    .filter((l) => sums[l] > 0)
    .map((l) => `${minutesWords(sums[l] / 60_000)} ${wordOf(l).toLowerCase()}`);
  return parts.length > 0 ? parts.join(', ') : 'not judged';
}

function Periods({
  comparison: c,
  now,
  proposed,
}: {
  comparison: Comparison;
  now: readonly Span[];
  proposed: readonly Span[];
}) {
  const zone = useZone();
  const all = useMemo(() => segments(now, proposed, c.from, c.to).reverse(), [now, proposed, c.from, c.to]);
  const shown = thin(all, 400);
  const cell = (l: LightName | null) =>
    l ? <LightLabel state={l} size={14} /> : <span className="muted">not judged</span>;
  return (
    <div className={css.periods} tabIndex={0} role="region" aria-label="Periods">
      <table className="table">
        <caption className="vh">{comparisonSentence(c)}</caption>
        <thead>
          <tr>
            <th scope="col">From</th>
            <th scope="col" className="r">
              Lasted
            </th>
            {c.now ? <th scope="col">Now</th> : null}
            {c.proposed ? <th scope="col">Proposed</th> : null}
            {c.now && c.proposed ? <th scope="col">Differs</th> : null}
          </tr>
        </thead>
        <tbody>
          {shown.map((s) => (
            <tr key={s.from}>
              <td>{exact(s.from, zone)}</td>
              <td className="r">{minutesWords((s.to - s.from) / 60_000)}</td>
              {c.now ? <td>{cell(s.now)}</td> : null}
              {c.proposed ? <td>{cell(s.proposed)}</td> : null}
              {c.now && c.proposed ? <td>{s.now === s.proposed ? '' : <strong>differs</strong>}</td> : null}
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < all.length ? (
        <p className="fine">
          {shown.length} of {all.length} periods, evenly spread.
        </p>
      ) : null}
    </div>
  );
}
