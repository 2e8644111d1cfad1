import { useQuery } from '@tanstack/react-query';
import { digestsQuery, type Digest } from '../../api/audit';
import { Empty, Failure, Loading } from '../../components/States';
import { LightLabel } from '../../light/Light';
import { exact } from '../../time/format';
import { useZone } from '../../time/zone';
import css from './Audit.module.css';
import { withMissing } from './hours';
import { short } from './words';

/** The signed hours, newest first. An hour without a signature is evidence, and red. */
export function Digests() {
  const q = useQuery(digestsQuery);
  if (q.isError) return <Failure error={q.error} what="The signed hours" retry={() => void q.refetch()} />;
  if (!q.data) return <Loading what="the signed hours" rows={1} height={320} />;
  if (q.data.length === 0) {
    return (
      <Empty title="No hour has been signed yet">
        <p>
          At the end of every hour the chain is signed, also when nothing happened, so that a missing hour shows. The
          first one comes within the hour.
        </p>
      </Empty>
    );
  }
  const rows = withMissing(q.data);
  const missing = rows.filter((r) => r.digest === null).length;
  return (
    <>
      {missing > 0 ? (
        <p className={css.missing} role="status">
          <LightLabel state="red" word={missing === 1 ? '1 hour is missing' : `${missing} hours are missing`} /> Its
          signature was taken away, or the server was stopped and has not caught up.
        </p>
      ) : null}
      <section className="panel" aria-label="Signed hours">
        <div className={css.hours} tabIndex={0} role="region" aria-label="Table of signed hours">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Hour from</th>
                <th scope="col">State</th>
                <th scope="col">Records</th>
                <th scope="col">Signature by key</th>
                <th scope="col">Hash</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((r) => (
                <Row key={r.hour} hour={r.hour} digest={r.digest} />
              ))}
            </tbody>
          </table>
        </div>
      </section>
    </>
  );
}

function Row({ hour, digest: d }: { hour: number; digest: Digest | null }) {
  const zone = useZone();
  if (d === null) {
    return (
      <tr data-missing>
        <th scope="row">{exact(hour, zone)}</th>
        <td>
          <LightLabel state="red" word="Missing" size={15} />
        </td>
        <td colSpan={3}>No signature exists for this hour.</td>
      </tr>
    );
  }
  return (
    <tr>
      <th scope="row">{exact(hour, zone)}</th>
      <td>
        {d.clock_back ? (
          <LightLabel state="yellow" word="Clock set back" size={15} />
        ) : d.late ? (
          <LightLabel state="yellow" word="Signed late" size={15} />
        ) : (
          <LightLabel state="green" word="Signed" size={15} />
        )}
      </td>
      <td>{d.count === 0 ? 'none' : `${d.count} (${d.first_seq} to ${d.last_seq})`}</td>
      <td>
        <code title={d.key}>{short(d.key)}</code>
      </td>
      <td>
        <code title={d.hash}>{short(d.hash ?? '')}</code>
      </td>
    </tr>
  );
}
