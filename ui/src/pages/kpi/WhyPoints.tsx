import type { DecisionPoint } from '../../api/types';
import { LightLabel } from '../../light/Light';
import { exact } from '../../time/format';
import { useZone } from '../../time/zone';

/** Datapoints that a rule looked at, oldest first, with the band that each lay in. */
export function WhyPoints({ points, caption }: { points: DecisionPoint[]; caption: string }) {
  const zone = useZone();
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={caption}>
      <table className="table">
        <caption className="vh">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Datapoint</th>
            <th scope="col" className="r">
              Value
            </th>
            <th scope="col">Lies in</th>
            <th scope="col" className="r">
              Of
            </th>
            <th scope="col">Note</th>
          </tr>
        </thead>
        <tbody>
          {points.map((p) => (
            <tr key={p.end}>
              <td>{exact(p.end, zone)}</td>
              <td className="r">{p.display || '—'}</td>
              <td>
                {p.band === 'red' || p.band === 'yellow' ? (
                  <LightLabel state={p.band} size={14} word={p.band === 'red' ? 'breach' : 'at risk'} />
                ) : p.band === 'missing' ? (
                  <LightLabel state="grey" size={14} word="missing" />
                ) : (
                  'no band'
                )}
              </td>
              <td className="r">{p.total ?? '—'}</td>
              <td>{p.detail || p.missing.replace('_', ' ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
