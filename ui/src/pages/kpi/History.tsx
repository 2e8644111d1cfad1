import { useQuery } from '@tanstack/react-query';
import { changesQuery } from '../../api/changes';
import { useMemo } from 'react';
import { seriesQuery } from '../../api/kpi';
import type { View } from '../../api/types';
import { recordedFrom } from '../../chart/points';
import { Icon } from '../../components/Icon';
import { Pick } from '../../components/Pick';
import { Segments } from '../../components/Segments';
import { Failure, Loading } from '../../components/States';
import { exact, when } from '../../time/format';
import { rangeTitle, resolveRange, shiftRange } from '../../time/range';
import { useSoon } from '../../time/useNow';
import { useZone } from '../../time/zone';
import css from './History.module.css';
import type { SetSearch } from './KpiPage';
import { groupOf, type KpiSearch } from './search';
import { MarkTable, PointTable } from './HistoryTables';
import { Chart, noMarks, week } from './HistoryChart';

const ranges = ['1h', '6h', '24h', '7d', '28d'] as const;

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
