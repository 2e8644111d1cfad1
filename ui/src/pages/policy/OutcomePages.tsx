import type { Comparison } from '../../api/govern';
import { exact } from '../../time/format';
import { useZone } from '../../time/zone';
import { minutesWords } from './outcome';
import css from './Outcome.module.css';

const causes = { threshold: 'threshold', burn: 'error budget burning fast', no_data: 'no data' } as const;

const labels = { real: 'a real incident', noise: 'noise', unlabelled: 'not in the log' } as const;

/** The pages that would have gone out, and what became of them. */
export function PageList({ comparison: c }: { comparison: Comparison }) {
  const zone = useZone();
  const list = [
    ...(c.now?.pages ?? []).map((p) => ({ ...p, side: 'Now' })),
    ...(c.proposed?.pages ?? []).map((p) => ({ ...p, side: 'Proposed' })),
  ].sort((a, b) => b.from - a.from);
  if (list.length === 0) return null;
  return (
    <details className={css.details}>
      <summary>Each page that would have been sent</summary>
      <div className="scroll-x" tabIndex={0} role="region" aria-label="Pages that would have been sent">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">Began</th>
              <th scope="col" className="r">
                Lasted
              </th>
              <th scope="col">Why</th>
              <th scope="col">The log says</th>
              <th scope="col">Group</th>
            </tr>
          </thead>
          <tbody>
            {list.slice(0, 200).map((p, i) => (
              <tr key={i}>
                <td>{p.side}</td>
                <td>
                  {exact(p.from, zone)}
                  {p.night ? ', at night' : ''}
                </td>
                <td className="r">{p.to > 0 ? minutesWords((p.to - p.from) / 60_000) : 'still open'}</td>
                <td>{causes[p.cause]}</td>
                <td>{labels[p.real]}</td>
                <td>{Object.values(p.group).join(', ') || 'all'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {list.length > 200 ? <p className="fine">The newest 200 of {list.length}.</p> : null}
    </details>
  );
}
