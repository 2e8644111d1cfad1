import { useQueries } from '@tanstack/react-query';
import { instantQuery, type InstantSeries } from '../../api/prom';
import { LabelSet } from '../../components/LabelSet';
import { Loading } from '../../components/States';
import { plain } from '../../format/number';
import { exact } from '../../time/format';
import { useZone } from '../../time/zone';
import css from './Explore.module.css';

/** What was asked, as it is at one instant. */
export function Tables({ queries, at }: { queries: string[]; at: number }) {
  const results = useQueries({ queries: queries.map((q) => instantQuery(q, at)) });
  return (
    <div className="stack">
      {results.map((r, i) => (
        <section key={i} className="panel" aria-labelledby={`t${i}`}>
          <h2 id={`t${i}`} className={css.tableTitle}>
            <code>{queries[i]}</code>
          </h2>
          {r.isError ? (
            <p className={css.failure} role="alert">
              {r.error.message}
            </p>
          ) : r.data ? (
            <InstantTable rows={r.data} at={at} />
          ) : (
            <Loading what="the table" rows={1} height={80} />
          )}
        </section>
      ))}
    </div>
  );
}

function InstantTable({ rows, at }: { rows: InstantSeries[]; at: number }) {
  const zone = useZone();
  if (rows.length === 0) return <p className="muted small">Nothing matches at {exact(at, zone)}.</p>;
  return (
    <>
      <p className="muted small">
        {rows.length} {rows.length === 1 ? 'series' : 'series'} at {exact(at, zone)}
      </p>
      <div className={css.scroll} tabIndex={0} role="region" aria-label="Values">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Series</th>
              <th scope="col" className="r">
                Value
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, 1000).map((r, i) => (
              <tr key={i}>
                <td>
                  {r.metric.__name__ ? <code>{r.metric.__name__} </code> : null}
                  <LabelSet labels={r.metric} skip={['__name__']} />
                </td>
                <td className="r">
                  <strong>{Number.isFinite(Number(r.v)) ? plain(Number(r.v)) : r.v}</strong>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
