import { Link } from '@tanstack/react-router';
import type { Policy } from '../../api/govern';
import { date } from '../../time/format';
import { useZone, type Zone } from '../../time/zone';
import { StateMark } from './Mark';
import css from './Policies.module.css';
import { kindWords, policyState, reviewState } from './words';

/** The policies, each with its owner and next review. */
export function Table({ policies }: { policies: Policy[] }) {
  const zone = useZone();
  return (
    <div className={css.panel}>
      <table className={css.table}>
        <caption className="vh">Policies with state, revision, owner, next review and open proposals</caption>
        <thead>
          <tr>
            <th scope="col">Policy</th>
            <th scope="col" className={css.kind}>
              Kind
            </th>
            <th scope="col" className={css.wide}>
              State
            </th>
            <th scope="col" className={css.wide}>
              Revision
            </th>
            <th scope="col" className={css.wide}>
              Owner
            </th>
            <th scope="col" className={css.wide}>
              Next review
            </th>
            <th scope="col" className={css.wide}>
              Open
            </th>
          </tr>
        </thead>
        <tbody>
          {policies.map((p) => (
            <tr key={`${p.kind}/${p.name}`} data-row data-review={p.review_state}>
              <th scope="row">
                <Link to="/policy/$kind/$name" params={{ kind: p.kind, name: p.name }} className={css.name}>
                  {p.title}
                </Link>
                <p className={css.sentence}>{p.sentence}</p>
                <p className={css.phone}>
                  <StateMark said={policyState(p)} size={13} />
                </p>
                <p className={css.phone}>
                  {kindWords[p.kind].plural} · revision {p.revision} · {p.owner || 'nobody owns it'}
                </p>
                {p.review_state === 'overdue' || p.review_state === 'soon' ? (
                  <p className={css.phone}>
                    <NextReview policy={p} zone={zone} />
                  </p>
                ) : null}
                {p.proposals.length > 0 ? (
                  <p className={css.phone}>
                    <Open policy={p} />
                  </p>
                ) : null}
              </th>
              <td className={css.kind}>{p.kind}</td>
              <td className={css.wide}>
                <StateMark said={policyState(p)} />
                {p.file_state === 'behind' ? <p className="fine">The file could not be written</p> : null}
                {p.file_state === 'ahead' ? <p className="fine">Its file differs</p> : null}
              </td>
              <td className={css.wide}>{p.revision}</td>
              <td className={`${css.wide} ${css.owner}`}>
                {p.owner ? <Owner name={p.owner} /> : <span className="muted">nobody</span>}
              </td>
              <td className={css.wide}>
                <NextReview policy={p} zone={zone} />
              </td>
              <td className={css.wide}>
                <Open policy={p} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** An address may break before its @ rather than anywhere. */
function Owner({ name }: { name: string }) {
  const at = name.indexOf('@');
  if (at <= 0) return name;
  return (
    <>
      {name.slice(0, at)}
      <wbr />
      {name.slice(at)}
    </>
  );
}

function NextReview({ policy: p, zone }: { policy: Policy; zone: Zone }) {
  if (p.review_due === 0) return <span className="muted">—</span>;
  const when = <time dateTime={new Date(p.review_due).toISOString()}>{date(p.review_due, zone)}</time>;
  if (p.review_state === 'ok' || p.review_state === 'none') return when;
  return (
    <span className={css.review}>
      <StateMark said={reviewState(p.review_state)} /> {when}
    </span>
  );
}

function Open({ policy: p }: { policy: Policy }) {
  if (p.proposals.length === 0 && p.feedback === 0) return <span className="muted">—</span>;
  return (
    <span className={css.open}>
      {p.proposals.map((id) => (
        <Link key={id} to="/policy/proposals/$id" params={{ id: String(id) }}>
          Proposal {id}
        </Link>
      ))}
      {p.feedback > 0 ? <span className="muted">{p.feedback} feedback</span> : null}
    </span>
  );
}
