import { useQueries } from '@tanstack/react-query';
import { exemplarsQuery } from '../../api/prom';
import { exact } from '../../time/format';
import { useZone } from '../../time/zone';
import { exemplarName, exemplarValue, largest } from './exemplar';
import { Go } from './Go';

const shown = 8;

/** Traces in which the values of a chart were measured; nothing where none was kept. */
export function Exemplars({ queries, from, to }: { queries: readonly string[]; from: number; to: number }) {
  const zone = useZone();
  const found = useQueries({ queries: queries.map((q) => exemplarsQuery(q, from, to)) });
  const list = largest(
    found.flatMap((f) => f.data ?? []),
    shown,
  );
  if (list.length === 0) return null;
  return (
    <section className="panel" aria-labelledby="exemplars">
      <div className="panel-head">
        <h2 id="exemplars">Traces behind these numbers</h2>
        <span className="small muted">the largest values first</span>
      </div>
      <div className="scroll-x" tabIndex={0} role="region" aria-label="Table of traces behind these numbers">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Trace</th>
              <th scope="col">Metric</th>
              <th scope="col">Of</th>
              <th scope="col" className="r">
                Value
              </th>
              <th scope="col">When</th>
            </tr>
          </thead>
          <tbody>
            {list.map((e) => (
              <tr key={e.trace}>
                <th scope="row">
                  <Go place={{ view: 'traces', id: e.trace, search: { span: e.span } }}>
                    <code>{e.trace.slice(0, 8)}</code>
                  </Go>
                </th>
                <td>
                  <code>{exemplarName(e.metric)}</code>
                </td>
                <td>
                  {[e.metric.service ?? e.metric.service_name ?? e.metric.job, e.metric.route]
                    .filter(Boolean)
                    .join(' ')}
                </td>
                <td className="r">{exemplarValue(e)}</td>
                <td>{exact(e.at, zone)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
