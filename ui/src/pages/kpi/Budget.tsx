import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useMemo } from 'react';
import { burnDownQuery } from '../../api/kpi';
import type { View } from '../../api/types';
import type { Limit, Line } from '../../chart/TimeChart';
import { Failure, Loading } from '../../components/States';
import { axisLabels, onAxis } from '../../format/number';
import { exact, when } from '../../time/format';
import { useSoon } from '../../time/useNow';
import { useZone } from '../../time/zone';

const TimeChart = lazy(() => import('../../chart/TimeChart').then((m) => ({ default: m.TimeChart })));
const percent = { factor: 100, decimals: 0, unit: '%' };
const empty: Limit[] = [{ value: 0, label: 'Budget empty', tone: 'red', side: 'below' }];

/** What was left of the error budget over its window, and when it was or will be spent. */
export function Budget({ kpi }: { kpi: View }) {
  const zone = useZone();
  const now = useSoon(60_000);
  const from = now - windowMs(kpi.objective?.window ?? '');
  const burn = useQuery(burnDownQuery(kpi.name, from, now));
  const d = burn.data;
  const lines = useMemo((): Line[] => [{ name: 'Budget left', values: d?.remaining ?? [], kind: 'main' }], [d]);
  const last = (d?.t.length ?? 0) - 1;
  return (
    <section className="panel" aria-labelledby="budget">
      <div className="panel-head">
        <h2 id="budget">Error budget</h2>
        <span className="small muted">{kpi.objective?.display}</span>
      </div>
      {d && d.t.length > 1 ? (
        <>
          <Suspense fallback={<Loading what="the chart" rows={1} height={170} />}>
            <TimeChart
              from={d.t[0] ?? from}
              to={d.t[last] ?? now}
              t={d.t}
              lines={lines}
              limits={empty}
              height={170}
              sentence={d.sentence}
              labels={(s) => axisLabels(s, percent)}
              speak={(i) => `${exact(d.t[i] ?? 0, zone)}: ${onAxis(d.remaining[i], percent)} left`}
              end={
                (d.remaining[last] ?? null) === null
                  ? undefined
                  : {
                      i: last,
                      label: onAxis(d.remaining[last], percent),
                      tone: (d.remaining[last] ?? 1) <= 0 ? 'red' : 'ink',
                    }
              }
            />
          </Suspense>
          <p className="small muted">
            {d.sentence}
            {d.runs_out_at > 0 ? ` At the burn of the last hour it is spent ${when(d.runs_out_at, now, zone)}.` : ''}
          </p>
        </>
      ) : burn.isError ? (
        <Failure error={burn.error} what="The budget" retry={() => void burn.refetch()} />
      ) : burn.isPending ? (
        <Loading what="the budget" rows={1} height={170} />
      ) : (
        <p className="small muted">{d?.sentence} Its course is drawn when more than one point is recorded.</p>
      )}
    </section>
  );
}

const day = 86_400_000;

/** Length of "30 days" or of a calendar window; the server clips what it has. */
function windowMs(text: string): number {
  const m = /(\d+)\s*(day|hour|week|minute)/.exec(text);
  if (m) {
    const unit = { day, hour: 3_600_000, week: 7 * day, minute: 60_000 }[m[2] as 'day' | 'hour' | 'week' | 'minute'];
    return Number(m[1]) * unit;
  }
  if (text.includes('quarter')) return 92 * day;
  if (text.includes('week')) return 7 * day;
  return 31 * day;
}
