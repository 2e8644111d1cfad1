import type { Mark } from '../../api/changes';
import type { Series } from '../../api/types';
import { MarkLetter, MarkLink } from '../../chart/MarkCard';
import { thin } from '../../chart/points';
import { LightLabel } from '../../light/Light';
import { lightOf } from '../../light/light';
import { exact } from '../../time/format';
import { useZone } from '../../time/zone';
import css from './History.module.css';

/** The same datapoints as a table. */
export function PointTable({ series, max }: { series: Series; max: number }) {
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
export function MarkTable({ marks }: { marks: Mark[] }) {
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
