import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { failingQuery } from '../../api/kpi';
import type { View } from '../../api/types';
import { Failure, Loading } from '../../components/States';
import { LightShape } from '../../light/Light';
import { lightOf } from '../../light/light';
import { resolveRange } from '../../time/range';
import { useSoon } from '../../time/useNow';
import type { SetSearch } from './KpiPage';
import type { KpiSearch } from './search';
import css from './Where.module.css';

/** The label values that explain most of the drop, and every group with its own light. */
export function Where({ kpi, search, set }: { kpi: View; search: KpiSearch; set: SetSearch }) {
  const now = useSoon(60_000);
  const range = useMemo(() => resolveRange(search.range, now), [search.range, now]);
  const failing = useQuery(failingQuery(kpi.name, range.from, range.to));
  const rows = failing.data?.groups ?? [];
  return (
    <section className="panel" aria-labelledby="where">
      <div className="panel-head">
        <h2 id="where">Where it fails</h2>
        {kpi.groups_text ? <span className="small muted">{kpi.groups_text}</span> : null}
      </div>
      {failing.isError ? (
        <Failure error={failing.error} what="The groups" retry={() => void failing.refetch()} />
      ) : failing.isPending ? (
        <Loading what="the groups" rows={1} height={120} />
      ) : rows.length === 0 ? (
        <p className="muted small">Nothing failed in this range.</p>
      ) : (
        <table className={`table ${css.table}`}>
          <thead>
            <tr>
              <th scope="col">{kpi.by.join(' and ')}</th>
              <th scope="col" className="r">
                Failed
              </th>
              <th scope="col" className="r">
                Share of the drop
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((r) => {
              const id = JSON.stringify(r.labels);
              const real = Object.keys(r.labels).length > 0;
              return (
                <tr key={id + r.text}>
                  <th scope="row">
                    {real ? (
                      <button
                        type="button"
                        className={css.pick}
                        aria-pressed={search.group === id}
                        onClick={() => set({ group: search.group === id ? undefined : id })}
                      >
                        <LightShape state={lightOf(r.light)} size={15} title={r.light} />
                        {r.text}
                      </button>
                    ) : (
                      <span className={css.rest}>{r.text}</span>
                    )}
                  </th>
                  <td className="r">{r.bad_text}</td>
                  <td className="r">
                    <span className={css.share}>
                      <span className={css.bar} aria-hidden="true">
                        <span style={{ width: `${Math.max(0, Math.min(1, r.share_of_drop ?? 0)) * 100}%` }} />
                      </span>
                      <span className={css.pct}>{r.share_text}</span>
                    </span>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
      {kpi.groups.length > 0 ? (
        <Groups kpi={kpi} search={search} set={set} open={!failing.isPending && rows.length === 0} />
      ) : null}
    </section>
  );
}

function Groups({ kpi, search, set, open }: { kpi: View; search: KpiSearch; set: SetSearch; open: boolean }) {
  return (
    <details className={css.all} open={open}>
      <summary>{kpi.groups.length === 1 ? 'The one group now' : `All ${kpi.groups.length} groups now`}</summary>
      <div className={css.scroll} tabIndex={0} role="region" aria-label="All groups">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Group</th>
              <th scope="col" className="r">
                Value
              </th>
              <th scope="col">Counts</th>
            </tr>
          </thead>
          <tbody>
            {kpi.groups.map((g) => {
              const id = JSON.stringify(g.labels);
              return (
                <tr key={id}>
                  <th scope="row">
                    <button
                      type="button"
                      className={css.pick}
                      aria-pressed={search.group === id}
                      onClick={() => set({ group: search.group === id ? undefined : id })}
                    >
                      <LightShape
                        state={g.paused ? 'paused' : lightOf(g.light)}
                        size={15}
                        title={g.paused ? 'Paused' : g.word}
                      />
                      {g.text}
                    </button>
                  </th>
                  <td className="r">
                    {g.display.value}
                    {g.display.unit ? `\u2009${g.display.unit}` : ''}
                  </td>
                  <td>{g.counts || g.missing.replace('_', ' ')}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </details>
  );
}
