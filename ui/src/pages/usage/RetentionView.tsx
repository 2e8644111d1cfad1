import { useQuery } from '@tanstack/react-query';
import { retentionQuery, type Period, type Retention, type RetentionCell } from '../../api/usage';
import { Pick } from '../../components/Pick';
import { Segments } from '../../components/Segments';
import { Failure, Loading } from '../../components/States';
import { NoEvents } from './Engagement';
import { MakeKpi } from './MakeKpi';
import { Notes } from './Parts';
import { SearchField } from './SearchField';
import css from './Usage.module.css';
import type { ViewProps } from './UsagePage';
import { people, percent, periodShort } from './words';

const words: Record<Period, { one: string; column: string }> = {
  day: { one: 'day', column: 'Day' },
  week: { one: 'week', column: 'Week' },
  month: { one: 'month', column: 'Month' },
};

/** Who came back, cohort by cohort. */
export function RetentionView({ search, set, app, from, to }: ViewProps) {
  const period = search.period || 'week';
  const w = words[period];
  const q = useQuery(
    retentionQuery({
      ...app,
      from,
      to,
      period,
      periods: search.periods,
      recurring: search.recurring,
      on_or_after: search.after,
      ...(search.q ? { q: search.q } : {}),
      ...(search.start ? { start: search.start } : {}),
      ...(search.back ? { return: search.back } : {}),
    }),
  );
  return (
    <div className="stack" aria-busy={q.isPlaceholderData}>
      <section className={`panel ${css.choices} no-print`} aria-label="What counts">
        <SearchField
          label="They begin with"
          placeholder="any event"
          value={search.start}
          from={from}
          to={to}
          onChange={(v) => set({ start: v || undefined }, true)}
        />
        <SearchField
          label="They come back with"
          placeholder="any event"
          value={search.back}
          from={from}
          to={to}
          onChange={(v) => set({ return: v || undefined }, true)}
        />
        <div className={css.toggles}>
          <Segments
            label="Cohorts per"
            items={(['day', 'week', 'month'] as const).map((p) => ({
              value: p,
              label: `By ${p}`,
              pressed: p === period,
            }))}
            onPick={(v) => set({ period: v === 'week' ? undefined : v })}
          />
          <Segments
            label="Who is in a cohort"
            items={[
              { value: 'first', label: 'First time', pressed: !search.recurring, title: 'Who was new in it' },
              { value: 'recurring', label: 'Recurring', pressed: search.recurring, title: 'Everybody active in it' },
            ]}
            onPick={(v) => set({ cohort: v === 'recurring' ? v : undefined })}
          />
          <Segments
            label="Came back"
            items={[
              { value: 'on', label: `In that ${w.one}`, pressed: !search.after },
              { value: 'on-or-after', label: 'Or later', pressed: search.after },
            ]}
            onPick={(v) => set({ rule: v === 'on' ? undefined : v })}
          />
          <Pick
            label="Columns"
            value={String(search.periods)}
            options={[4, 8, 12, 24].map((n) => ({ value: String(n), label: `${n} ${w.one}s` }))}
            onChange={(v) => set({ periods: v === '8' ? undefined : v })}
          />
        </div>
      </section>
      {q.isError ? (
        <Failure error={q.error} what="Retention" retry={() => void q.refetch()} />
      ) : !q.data ? (
        <Loading what="retention" rows={1} height={360} />
      ) : q.data.cohorts.every((c) => c.size === 0) ? (
        <NoEvents />
      ) : (
        <Grid r={q.data} period={period} search={search} set={set} app={app} />
      )}
    </div>
  );
}

type GridProps = {
  r: Retention;
  period: Period;
  search: ViewProps['search'];
  set: ViewProps['set'];
  app: ViewProps['app'];
};

function Grid({ r, period, search, set, app }: GridProps) {
  const w = words[period];
  const first = r.cohorts.findIndex((c) => c.size !== 0);
  const cohorts = r.cohorts.slice(Math.max(0, first)).reverse();
  const n = Math.max(0, ...cohorts.map((c) => c.cells.length));
  // The tint tells apart what is told: whole cells, the cohort itself and few people left out.
  const most = Math.max(
    0.01,
    ...cohorts.flatMap((c) => c.cells.slice(1).map((x) => (x.complete && x.people >= 0 ? (x.share ?? 0) : 0))),
  );
  const next = r.weighted[1];
  const began = search.start === '' ? (search.recurring ? 'active' : 'new') : 'counted';
  const days = ({ day: [1, 7, 30], week: [7], month: [30] } as const)[period];
  const custom = search.start !== '' || search.back !== '' || search.q !== '';
  return (
    <section className="panel" aria-labelledby="grid">
      <div className="panel-head">
        <h2 id="grid">
          {search.recurring ? 'Everybody active' : 'New people'} by {w.one}, and the share that came back
        </h2>
        <span className="row no-print">
          <span className="small muted">in UTC{period === 'week' ? ', weeks from Monday' : ''}</span>
          <Segments
            label="Cells show"
            items={[
              { value: 'share', label: 'Shares', pressed: !search.table },
              { value: 'people', label: 'People', pressed: search.table, title: 'People (T)' },
            ]}
            onPick={(v) => set({ view: v === 'people' ? 'table' : undefined })}
          />
        </span>
      </div>
      <div className={css.headline}>
        <strong>{percent(next?.share)}</strong>{' '}
        <span>
          of people {began} in a {w.one} came back {search.after ? `a ${w.one} later or after` : `the ${w.one} after`},
          over {next?.cohorts ?? 0} whole {next?.cohorts === 1 ? 'cohort' : 'cohorts'}
        </span>
        {custom || search.recurring || search.after
          ? null
          : days
              .map((after) => {
                // A week's share is not that of one day: only days are the series' own.
                const share = period === 'day' ? r.weighted[after]?.share : undefined;
                return (
                  <MakeKpi
                    key={after}
                    of={`Came back after ${after} ${after === 1 ? 'day' : 'days'}`}
                    words
                    ask={{ view: 'retention', after, ...app, ...(share ? { value: share } : {}) }}
                  />
                );
              })
              .slice(0, 1)}
      </div>
      <div className="scroll-x" tabIndex={0} role="region" aria-label="Table of cohorts">
        <table className={css.grid}>
          <caption className="vh">
            Each row is a cohort, each column the {w.one}s since; a cell is the share that came back. Dashed cells still
            run.
          </caption>
          <thead>
            <tr>
              <th scope="col">{period === 'week' ? 'Week of' : w.column}</th>
              <th scope="col" className="r">
                People
              </th>
              {Array.from({ length: n }, (_, i) => (
                <th key={i} scope="col">
                  {w.column} {i}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {cohorts.map((c) => (
              <tr key={c.at}>
                <th scope="row">{periodShort(c.at, period)}</th>
                <td className={css.size}>{people(c.size)}</td>
                {c.cells.map((x, i) => (
                  <Cell key={i} cell={x} most={most} few={c.size < 0} itself={i === 0} count={search.table} />
                ))}
              </tr>
            ))}
          </tbody>
          <tfoot>
            {(
              [
                ['Of all people', r.weighted],
                ['Of cohorts', r.simple],
              ] as const
            ).map(([name, list]) => (
              <tr key={name}>
                <th scope="row" colSpan={2}>
                  {name}
                </th>
                {list.slice(0, n).map((a, i) => (
                  <td key={i} title={`${a.cohorts} whole cohorts`}>
                    {percent(a.share)}
                  </td>
                ))}
              </tr>
            ))}
          </tfoot>
        </table>
      </div>
      <p className={`fine ${css.notes}`}>
        <span className={css.key} data-open aria-hidden="true" /> Dashed: the {w.one} still runs; its number is no drop
        and is left out of the means. “few” stands for groups too small to show.
      </p>
      <Notes notes={r.notes} />
    </section>
  );
}

function Cell({
  cell: x,
  most,
  few,
  itself,
  count,
}: {
  cell: RetentionCell;
  most: number;
  few: boolean;
  itself: boolean;
  count: boolean;
}) {
  const hidden = few || x.people < 0;
  if (hidden) return <td data-few>few</td>;
  if (x.share === null) {
    return (
      <td>
        <span className="vh">{x.complete ? 'no data' : 'not yet'}</span>
      </td>
    );
  }
  const tint = !x.complete || itself ? 0 : Math.min(1, x.share / most);
  return (
    <td
      data-open={!x.complete || undefined}
      data-itself={itself || undefined}
      style={{ '--tint': `${Math.round(4 + tint * 40)}%` } as React.CSSProperties}
      title={count ? percent(x.share) : `${people(x.people)} people`}
    >
      {count ? people(x.people) : percent(x.share)}
      {x.complete ? null : <span className="vh">, so far</span>}
    </td>
  );
}
