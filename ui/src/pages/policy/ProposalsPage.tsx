import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { asksConfirm, proposalsQuery, type Proposal } from '../../api/govern';
import { Segments } from '../../components/Segments';
import { Empty, Failure, Loading } from '../../components/States';
import { useKeys } from '../../keys/keys';
import { when } from '../../time/format';
import { useNow } from '../../time/useNow';
import { useZone } from '../../time/zone';
import { StateMark } from './Mark';
import css from './Policies.module.css';
import { Sections } from './Sections';
import { stepRows } from './stepRows';
import { count, isOpen, listWords, proposalState, sentence, waits, whoWords } from './words';

/** What is wanted, and what became of what was wanted. */
export function ProposalsPage() {
  const search = useSearch({ from: '/shell/policy/proposals' });
  const navigate = useNavigate({ from: '/policy/proposals' });
  const closed = search.state === 'closed';
  const proposals = useQuery(proposalsQuery(closed ? undefined : 'open'));
  const shown = proposals.data?.filter((p) => !closed || (!isOpen(p) && !waits(p)));
  useKeys({ j: () => stepRows(1), k: () => stepRows(-1), Escape: () => void navigate({ to: '/policy' }) });
  return (
    <>
      <title>Proposals · signalbox</title>
      <header className={css.head}>
        <div>
          <h1>{shown && !closed ? headline(shown) : 'Proposals'}</h1>
          <p className="muted">
            {closed ? 'What was applied, rejected, or ran out of time.' : 'Read the back-test, then decide.'}
          </p>
        </div>
      </header>
      <Sections />
      <div className={css.bar}>
        <Segments
          label="Which proposals"
          items={[
            { value: 'open', label: 'Open', pressed: !closed },
            { value: 'closed', label: 'Closed', pressed: closed },
          ]}
          onPick={(v) => void navigate({ search: v === 'closed' ? { state: 'closed' } : {}, replace: true })}
        />
      </div>
      {shown ? (
        shown.length === 0 ? (
          <Empty
            title={closed ? 'No proposal was ever closed' : 'No proposal is open'}
            action={<Link to="/policy">See the policies</Link>}
          >
            A proposal shows what a change would have done, and waits for a second person. Open a policy and propose a
            change.
          </Empty>
        ) : (
          <Table proposals={[...shown].sort((a, b) => Number(waits(b)) - Number(waits(a)) || b.id - a.id)} />
        )
      ) : proposals.isError ? (
        <Failure error={proposals.error} what="The proposals" retry={() => void proposals.refetch()} />
      ) : (
        <Loading what="the proposals" rows={5} height={56} />
      )}
    </>
  );
}

function headline(list: Proposal[]): string {
  const waiting = list.filter(waits).length;
  const mine = list.filter((p) => p.may.includes('approve') || asksConfirm(p.may_no.approve));
  if (list.length === 0) return 'No proposal is open';
  if (waiting > 0) return `${count(waiting, 'emergency change waits', 'emergency changes wait')} for approval`;
  if (mine.length > 0) return `${count(list.length, 'open proposal')}, ${mine.length} for you to decide`;
  return count(list.length, 'open proposal');
}

function Table({ proposals }: { proposals: Proposal[] }) {
  const zone = useZone();
  const now = useNow(60_000);
  return (
    <div className={css.panel}>
      <table className={css.table}>
        <caption className="vh">Proposals with state, what they need and who made them</caption>
        <thead>
          <tr>
            <th scope="col">Proposal</th>
            <th scope="col" className={css.wide}>
              State
            </th>
            <th scope="col" className={css.wide}>
              Needs
            </th>
            <th scope="col" className={css.wide}>
              Proposed by
            </th>
            <th scope="col" className={css.wide}>
              When
            </th>
          </tr>
        </thead>
        <tbody>
          {proposals.map((p) => {
            const titles = [...new Set(p.changes.map((c) => c.title))];
            const about =
              titles.length > 3 ? `${titles.slice(0, 2).join(', ')} and ${titles.length - 2} more` : listWords(titles);
            const needs = isOpen(p) || waits(p) ? p.need.sentence : p.why;
            return (
              <tr key={p.id} data-row>
                <th scope="row">
                  <Link to="/policy/proposals/$id" params={{ id: String(p.id) }} className={css.name}>
                    {p.title || `Proposal ${p.id}`}
                  </Link>
                  <p className={css.sentence}>
                    {p.id} · {about}
                    {p.changes[0]?.sentences[0] ? `: ${sentence(p.changes[0].sentences[0])}` : ''}
                  </p>
                  <p className={css.phone}>
                    <StateMark said={proposalState(p)} size={13} />
                  </p>
                  <p className={css.phone}>{needs}</p>
                  <p className={css.phone}>
                    {whoWords(p.author)}, {when(p.created_at, now, zone)}
                  </p>
                </th>
                <td className={css.wide}>
                  <StateMark said={proposalState(p)} />
                  {p.evidence?.state === 'running' ? <p className="fine">Back-test is running</p> : null}
                </td>
                <td className={css.wide}>{needs}</td>
                <td className={css.wide}>{whoWords(p.author)}</td>
                <td className={css.wide}>{when(p.created_at, now, zone)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
