import { Button } from '../../components/kit';
import { lazy, Suspense, useMemo } from 'react';
import type { Mark } from '../../api/changes';
import type { Series, View } from '../../api/types';
import { MarkCard } from '../../chart/MarkCard';
import { alignTo, redSpans, withGaps } from '../../chart/points';
import type { Flag, Limit, Line } from '../../chart/TimeChart';
import { Loading } from '../../components/States';
import { axisLabels } from '../../format/number';
import { lightOf, wordOf } from '../../light/light';
import { clockSeconds, exact } from '../../time/format';
import { fixedRange } from '../../time/range';
import { useZone } from '../../time/zone';
import css from './History.module.css';
import type { SetSearch } from './KpiPage';

const TimeChart = lazy(() => import('../../chart/TimeChart').then((m) => ({ default: m.TimeChart })));
/** How far back the week before lies. */
export const week = 7 * 86_400_000;

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

export const noMarks: Mark[] = [];

/** The values with their limits, marks and red spans. */
export function Chart({ kpi, series, before, from, to, live, marks, set }: ChartProps) {
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
