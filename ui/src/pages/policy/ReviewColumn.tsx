import { Link } from '@tanstack/react-router';
import type { Proposal } from '../../api/govern';
import { LightShape } from '../../light/Light';
import { when } from '../../time/format';
import { useNow } from '../../time/useNow';
import { useZone } from '../../time/zone';
import css from './Proposal.module.css';
import { count, isOpen, listWords, waits, whoWords } from './words';

/** Who said yes, who is still asked, and what the checks found. */
export function ReviewColumn({ proposal: p }: { proposal: Proposal }) {
  const zone = useZone();
  const now = useNow(60_000);
  const missing = Math.max(0, p.need.approvals - p.need.given);
  const live = isOpen(p) || waits(p);
  const errors = p.findings.filter((f) => f.severity === 'error').length;
  const asked = [...p.need.roles.map((r) => `a person who is ${r}`), ...p.need.users];
  return (
    <section className="panel" aria-labelledby="review">
      <h2 id="review">Review</h2>
      <ul className="list">
        {p.votes.map((v, i) => (
          <li key={i} className={css.line}>
            <LightShape state={!v.counts ? 'grey' : v.verdict === 'approve' ? 'green' : 'red'} size={18} />
            <div className="small">
              <p>
                <strong>{whoWords(v.who)}</strong> {v.verdict === 'approve' ? 'approved' : 'asked for changes'}
              </p>
              {v.comment ? <p>{v.comment}</p> : null}
              {v.counts ? null : <p className="muted">Does not count: {v.why}</p>}
              <p className="fine">{when(v.at, now, zone)}</p>
            </div>
          </li>
        ))}
        {live && missing > 0 ? (
          <li className={css.line}>
            <LightShape state="grey" size={18} />
            <div className="small">
              <p>
                <strong>{count(missing, 'approval')}</strong> not yet
              </p>
              <p className="fine">
                {asked.length > 0
                  ? `By ${listWords(p.need.roles.concat(p.need.users)).replace(' and ', ' or ')}`
                  : 'By anybody who may approve'}
                {p.need.regulated ? '; never by an author' : ''}
              </p>
            </div>
          </li>
        ) : null}
        {live && p.need.approvals === 0 ? (
          <li className={css.line}>
            <LightShape state="green" size={18} />
            <p className="small">Nobody has to approve it.</p>
          </li>
        ) : null}
        {p.need.evidence ? (
          <li className={css.line}>
            <LightShape state={p.evidence?.current ? 'green' : 'grey'} size={18} />
            <div className="small">
              <p>
                {p.evidence?.current
                  ? 'Back-test of exactly this text'
                  : p.evidence?.state === 'running'
                    ? 'Back-test is running'
                    : 'Back-test of exactly this text: not yet'}
              </p>
              {p.evidence?.current ? (
                <p className="fine">
                  {whoWords(p.evidence.by)}, {when(p.evidence.at, now, zone)}
                </p>
              ) : null}
            </div>
          </li>
        ) : null}
        <li className={css.line}>
          <LightShape state={errors > 0 ? 'red' : p.findings.length > 0 ? 'yellow' : 'green'} size={18} />
          <div className="small">
            <p>
              {errors > 0
                ? `Checks found ${count(errors, 'mistake')}`
                : p.findings.length > 0
                  ? `Checks passed with ${count(p.findings.length, 'warning')}`
                  : 'Checks passed: keys, units, thresholds, owner'}
            </p>
            {p.findings.slice(0, 10).map((f, i) => (
              <p key={i} className="fine">
                {f.line > 0 ? `Line ${f.line}: ` : ''}
                {f.message}
              </p>
            ))}
          </div>
        </li>
      </ul>
      {p.need.policies.length > 0 ? (
        <p className="fine">
          Asked for by{' '}
          {p.need.policies.map((name, i) => (
            <span key={name}>
              {i > 0 ? ', ' : ''}
              <Link to="/policy/$kind/$name" params={{ kind: 'Approval', name: name.replace(/^Approval\//, '') }}>
                {name.replace(/^Approval\//, '')}
              </Link>
            </span>
          ))}
        </p>
      ) : null}
    </section>
  );
}
