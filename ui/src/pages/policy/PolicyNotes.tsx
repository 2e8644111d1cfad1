import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { proposalsQuery, type Policy } from '../../api/govern';
import { LightShape } from '../../light/Light';
import { Ago } from '../../time/Ago';
import { date } from '../../time/format';
import { useZone } from '../../time/zone';
import { StateMark } from './Mark';
import page from './Proposal.module.css';
import { proposalState, reviewState, whoWords } from './words';

/** What has to be said of a policy before it is read. */
export function Notes({ policy: p }: { policy: Policy }) {
  return (
    <>
      {p.emergency ? (
        <div className={page.banner} data-tone="red">
          <LightShape state="red" size={20} />
          <p>
            <strong>In force by an emergency change that nobody has approved.</strong>{' '}
            {p.proposals[0] ? (
              <Link to="/policy/proposals/$id" params={{ id: String(p.proposals[0]) }}>
                Decide on proposal {p.proposals[0]}
              </Link>
            ) : null}
          </p>
        </div>
      ) : null}
      {p.state === 'refused' ? (
        <div className={page.banner} data-tone="red">
          <LightShape state="red" size={20} />
          <p>
            <strong>The revision in force cannot be read any more.</strong> Nothing is judged by it until a change makes
            it right again.
          </p>
        </div>
      ) : null}
      {p.file_state === 'ahead' ? (
        <div className={page.banner} data-tone="yellow">
          <LightShape state="yellow" size={20} />
          <p>
            <strong>The file differs from what is in force.</strong> What it says waits as a proposal
            {p.file ? ` (${p.file})` : ''}.
          </p>
        </div>
      ) : null}
      {p.file_state === 'behind' ? (
        <div className={page.banner} data-tone="yellow">
          <LightShape state="yellow" size={20} />
          <p>
            <strong>The file could not be written.</strong> {p.file} still says what was in force before; what stands
            here counts.
          </p>
        </div>
      ) : null}
    </>
  );
}

/** When it is to be looked at again. */
export function Due({ policy: p }: { policy: Policy }) {
  const zone = useZone();
  if (p.review_due === 0)
    return (
      <div className="small">
        <p>No review is asked for</p>
        <p className="fine">
          <code>review_every: 180d</code> in the document puts it on the calendar.
        </p>
      </div>
    );
  return (
    <div className="small">
      <p>
        <strong>{reviewState(p.review_state).word}</strong>, {date(p.review_due, zone)}
      </p>
      <p className="fine">
        <Ago at={p.review_due} />
      </p>
    </div>
  );
}

/** Proposals of this policy that are not decided. */
export function OpenProposals({ policy: p }: { policy: Policy }) {
  const open = useQuery(proposalsQuery('open')).data;
  return (
    <section className="panel" aria-labelledby="open">
      <h2 id="open">Open proposals</h2>
      {p.proposals.length === 0 ? (
        <p className="muted small">Nobody wants it otherwise.</p>
      ) : (
        <ul className="list">
          {p.proposals.map((id) => {
            const found = open?.find((o) => o.id === id);
            return (
              <li key={id} className="small">
                <Link to="/policy/proposals/$id" params={{ id: String(id) }} className="inline">
                  {found?.title ?? `Proposal ${id}`}
                </Link>
                {found ? (
                  <p className="row">
                    <StateMark said={proposalState(found)} size={13} />
                    <span className="fine">{whoWords(found.author)}</span>
                  </p>
                ) : null}
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}
