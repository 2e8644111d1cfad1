import { Button } from '../../components/kit';
import { meQuery } from '../../api/status';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { ApiError } from '../../api/client';
import { reviewsQuery, policyQuery, useCompleteReview, usePropose, type Policy } from '../../api/govern';
import { Copy } from '../../components/Copy';
import { Icon } from '../../components/Icon';
import { Failure, Loading } from '../../components/States';
import { useKeys } from '../../keys/keys';
import { LightBadge, LightShape } from '../../light/Light';
import { Ago } from '../../time/Ago';
import { exact } from '../../time/format';
import { useZone } from '../../time/zone';
import { FeedbackPanel } from '../kpi/Feedback';
import css from './Policy.module.css';
import page from './Proposal.module.css';
import { ReasonDialog } from './ReasonDialog';
import { Revisions } from './Revisions';
import { kindWords, listWords, policyState, reviewState, whoWords } from './words';
import { Due, Notes, OpenProposals } from './PolicyNotes';

/** One promise: what it says, who said so, what it was before, and what people think of it. */
export function PolicyPage() {
  const { kind, name } = useParams({ from: '/shell/policy/$kind/$name' });
  const policy = useQuery(policyQuery(kind, name));
  if (policy.data) return <View key={`${kind}/${name}`} policy={policy.data} />;
  const unknown = policy.error instanceof ApiError && policy.error.status === 404;
  return (
    <>
      <title>{`${name} · signalbox`}</title>
      <h1 className={page.title}>{name}</h1>
      {unknown ? (
        <p className="muted">
          {policy.error?.message} <Link to="/policy">See all policies</Link>
        </p>
      ) : policy.isError ? (
        <Failure error={policy.error} what="This policy" retry={() => void policy.refetch()} />
      ) : (
        <Loading what="the policy" rows={3} height={140} />
      )}
    </>
  );
}

type Open = 'review' | 'remove' | null;

function View({ policy: p }: { policy: Policy }) {
  const navigate = useNavigate();
  const search = useSearch({ from: '/shell/policy/$kind/$name' });
  const [open, setOpen] = useState<Open>(null);
  const actions = useQuery({ ...meQuery, select: (m) => m.actions }).data ?? [];
  const review = useQuery({
    ...reviewsQuery,
    select: (all) => all.find((r) => r.kind === p.kind && r.name === p.name && r.state !== 'emergency'),
  }).data;
  const complete = useCompleteReview();
  const remove = usePropose();
  const mayReview = review ? review.may : actions.includes('review');
  const mayPropose = actions.includes('propose');
  const close = () => {
    setOpen(null);
    complete.reset();
    remove.reset();
  };
  useKeys({ Escape: () => void navigate({ to: '/policy' }) });
  const state = policyState(p);
  return (
    <>
      <title>{`${p.title} · Policies · signalbox`}</title>
      <header className={page.head}>
        <div className={page.headMain}>
          <div className={page.titleRow}>
            <h1>{p.title}</h1>
            <LightBadge state={state.tone} word={state.word} />
          </div>
          <p className={css.sentence}>{p.sentence}</p>
          <Facts policy={p} />
        </div>
        <div className={`${page.actions} no-print`}>
          {p.kind === 'KPI' && p.state === 'in_force' ? (
            <Link to="/kpi/$name" params={{ name: p.name }} className={page.button}>
              <Icon name="chart" />
              See the KPI
            </Link>
          ) : null}
          {mayReview && p.state !== 'removed' ? (
            <Button onClick={() => setOpen('review')} leftSection={<Icon name="check" />}>
              Mark as reviewed
            </Button>
          ) : null}
          {mayPropose ? (
            <Link to="/policy/$kind/$name/edit" params={{ kind: p.kind, name: p.name }} className={css.primary}>
              <Icon name="pencil" />
              {p.state === 'removed' ? 'Propose it again' : 'Propose a change'}
            </Link>
          ) : null}
        </div>
      </header>
      <Notes policy={p} />
      <div className={page.columns}>
        <div className="stack">
          <section className="panel" aria-labelledby="document">
            <div className="panel-head">
              <h2 id="document">Document</h2>
              <span className="fine">
                {p.file ? `Kept in ${p.file}` : 'Kept in the state database'} · {p.hash.slice(0, 12)}
              </span>
            </div>
            {p.text ? (
              <div className={css.document}>
                <Copy text={p.text} label="the document" block />
              </div>
            ) : (
              <p className="muted">This policy was removed; its revisions below keep what it said.</p>
            )}
            {mayPropose && p.state === 'in_force' ? (
              <p className={`${css.remove} no-print`}>
                <button type="button" className={css.quiet} onClick={() => setOpen('remove')}>
                  Propose to remove this policy
                </button>
              </p>
            ) : null}
          </section>
          <Revisions policy={p} compare={search.diff} mayPropose={mayPropose} />
        </div>
        <aside className="stack" aria-label="Proposals, reviews and feedback">
          <OpenProposals policy={p} />
          <section className="panel" aria-labelledby="reviews">
            <h2 id="reviews">Review</h2>
            <ul className="list">
              <li className={page.line}>
                <LightShape state={reviewState(p.review_state).tone} size={18} />
                <Due policy={p} />
              </li>
              {review && review.reviewed_at > 0 ? (
                <li className={page.line}>
                  <LightShape state="green" size={18} />
                  <div className="small">
                    <p>
                      <strong>{review.reviewed_by ? whoWords(review.reviewed_by) : 'Somebody'}</strong> looked at it
                    </p>
                    {review.note ? <p>{review.note}</p> : null}
                    <p className="fine">
                      <Ago at={review.reviewed_at} />
                    </p>
                  </div>
                </li>
              ) : null}
            </ul>
            <Link to="/policy/calendar" className="small">
              Review calendar
            </Link>
          </section>
          {p.kind === 'KPI' ? <FeedbackPanel kpi={p.name} /> : null}
        </aside>
      </div>
      {open === 'review' ? (
        <ReasonDialog
          title={`Reviewed: ${p.title}`}
          about={`You looked at revision ${p.revision} and it stays as it is. To change it, propose a change instead.`}
          label="What you found"
          action="Mark as reviewed"
          busy={complete.isPending}
          error={complete.error}
          onDone={(note) => complete.mutate({ kind: p.kind, name: p.name, note }, { onSuccess: close })}
          onClose={close}
        />
      ) : null}
      {open === 'remove' ? (
        <ReasonDialog
          title={`Remove ${p.title}`}
          about="This proposes that the policy ends. Its revisions and what was recorded under it are kept."
          label="Why"
          action="Propose the removal"
          busy={remove.isPending}
          error={remove.error}
          onDone={(reason) =>
            remove.mutate(
              { draft: { title: `Remove ${p.title}`, reason, documents: [{ remove: `${p.kind}/${p.name}` }] } },
              { onSuccess: (made) => void navigate({ to: '/policy/proposals/$id', params: { id: String(made.id) } }) },
            )
          }
          onClose={close}
        />
      ) : null}
    </>
  );
}

function Facts({ policy: p }: { policy: Policy }) {
  const zone = useZone();
  return (
    <p className={page.facts}>
      <span>
        {p.kind}, <strong>{kindWords[p.kind].about}</strong>
      </span>
      <span>
        Owner <strong>{p.owner || 'nobody yet'}</strong>
      </span>
      <span>
        Revision <strong>{p.revision}</strong> by <strong>{whoWords(p.author)}</strong>
        {p.approvers.length > 0 ? (
          <>
            , approved by <strong>{listWords(p.approvers.map(whoWords))}</strong>
          </>
        ) : (
          ', approved by nobody'
        )}
      </span>
      <span>
        {p.state === 'scheduled' ? 'Judges from' : 'In force since'} <strong>{exact(p.effective_from, zone)}</strong>
      </span>
      {p.regulated ? (
        <span>
          <strong>Regulated</strong>: never changed by one person alone
        </span>
      ) : null}
    </p>
  );
}
