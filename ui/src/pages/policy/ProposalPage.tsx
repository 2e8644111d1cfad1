import { Button } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useId, useState } from 'react';
import { ApiError } from '../../api/client';
import { asksConfirm, proposalQuery, useMove, type Move, type Proposal } from '../../api/govern';
import { Failure, Loading } from '../../components/States';
import { useKeys } from '../../keys/keys';
import { LightBadge, LightShape } from '../../light/Light';
import { Ago } from '../../time/Ago';
import { exact, when } from '../../time/format';
import { useNow } from '../../time/useNow';
import { useZone } from '../../time/zone';
import { ApproveDialog } from './ApproveDialog';
import { Changes } from './Changes';
import { Discussion } from './Discussion';
import { Outcome } from './Outcome';
import css from './Proposal.module.css';
import { ReasonDialog } from './ReasonDialog';
import { RevertDialog } from './RevertDialog';
import { ReviewColumn } from './ReviewColumn';
import { count, originWords, proposalState, waits, whoWords } from './words';

/** What would change if I approve? */
export function ProposalPage() {
  const { id: text } = useParams({ from: '/shell/policy/proposals/$id' });
  const id = Number(text);
  const proposal = useQuery({ ...proposalQuery(id), enabled: Number.isSafeInteger(id) && id > 0 });
  if (proposal.data) return <View key={id} proposal={proposal.data} />;
  const unknown = !(id > 0) || (proposal.error instanceof ApiError && proposal.error.status === 404);
  return (
    <>
      <title>{`Proposal ${text} · signalbox`}</title>
      <h1 className={css.title}>Proposal {text}</h1>
      {unknown ? (
        <p className="muted">
          {proposal.error?.message ?? `There is no proposal ${text}.`}{' '}
          <Link to="/policy/proposals">See all proposals</Link>
        </p>
      ) : proposal.isError ? (
        <Failure error={proposal.error} what="This proposal" retry={() => void proposal.refetch()} />
      ) : (
        <Loading what="the proposal" rows={3} height={160} />
      )}
    </>
  );
}

type Open = 'approve' | 'reject' | 'cancel' | 'revert' | null;

function View({ proposal: p }: { proposal: Proposal }) {
  const navigate = useNavigate();
  const [open, setOpen] = useState<Open>(null);
  const move = useMove(p.id);
  const state = proposalState(p);
  const close = () => {
    setOpen(null);
    move.reset();
  };
  const act = (m: Move) => move.mutate(m, { onSuccess: () => setOpen(null) });
  useKeys({ Escape: () => void navigate({ to: '/policy/proposals' }) });
  return (
    <>
      <title>{`${p.title} · Proposal ${p.id} · signalbox`}</title>
      <header className={css.head}>
        <div className={css.headMain}>
          <div className={css.titleRow}>
            <h1>{p.title}</h1>
            <LightBadge state={state.tone} word={state.word} />
          </div>
          <Facts proposal={p} />
          {p.reason ? <p className={css.reason}>{p.reason}</p> : null}
        </div>
        <Actions proposal={p} busy={move.isPending} onOpen={setOpen} onApply={() => act({ do: 'apply' })} />
      </header>
      {move.isError && open === null ? (
        <p className={css.error} role="alert">
          <LightShape state="red" size={17} />
          <span>{move.error.message}</span>
        </p>
      ) : null}
      <Banners proposal={p} busy={move.isPending} onRebase={() => act({ do: 'rebase' })} />
      <div className={css.columns}>
        <div className="stack">
          <Outcome proposal={p} busy={move.isPending} onMove={act} />
          <Changes proposal={p} />
        </div>
        <aside className="stack" aria-label="Review and discussion">
          <ReviewColumn proposal={p} />
          <Discussion proposal={p} />
        </aside>
      </div>
      {open === 'approve' ? (
        <ApproveDialog
          proposal={p}
          busy={move.isPending}
          error={move.error}
          onApprove={(comment, password) =>
            act({ do: 'approve', hash: p.hash, comment, ...(password === undefined ? {} : { password }) })
          }
          onClose={close}
        />
      ) : null}
      {open === 'reject' || open === 'cancel' ? (
        <ReasonDialog
          title={open === 'reject' ? 'Ask for changes' : 'Cancel the proposal'}
          about={
            open === 'reject'
              ? waits(p)
                ? 'The emergency change is taken back and the policy stands as it did before.'
                : 'The proposal is rejected with your reason; its author may edit it and propose it again.'
              : 'The proposal is closed. What is in force stays as it is.'
          }
          label={open === 'reject' ? 'What should change' : 'Why'}
          action={open === 'reject' ? 'Send it back' : 'Cancel the proposal'}
          busy={move.isPending}
          error={move.error}
          onDone={(reason) => act({ do: open, reason })}
          onClose={close}
        />
      ) : null}
      {open === 'revert' && p.changes[0] ? (
        <RevertDialog
          kind={p.changes[0].kind}
          name={p.changes[0].name}
          title={p.changes[0].title}
          number={p.changes[0].base}
          onClose={close}
        />
      ) : null}
    </>
  );
}

function Facts({ proposal: p }: { proposal: Proposal }) {
  const zone = useZone();
  const now = useNow(60_000);
  const from = originWords(p.origin);
  const open =
    p.may_no.approve === undefined || !/ is (applied|rejected|expired|superseded|failed)/.test(p.may_no.approve);
  return (
    <p className={css.facts}>
      <span>
        Proposed by <strong>{whoWords(p.author)}</strong>, {when(p.created_at, now, zone)}
        {from ? ` ${from}` : ''}
      </span>
      {p.editors.length > 0 ? (
        <span>
          Edited by <strong>{p.editors.map(whoWords).join(', ')}</strong>
        </span>
      ) : null}
      {open || waits(p) ? (
        <span>
          <strong>{p.need.sentence}</strong>
        </span>
      ) : null}
      <span>
        {p.applied_at > 0 ? (
          <>
            Applied <strong>{exact(p.applied_at, zone)}</strong>
          </>
        ) : p.effective_from > 0 ? (
          <>
            Takes effect <strong>{exact(p.effective_from, zone)}</strong>
          </>
        ) : open ? (
          <>
            Takes effect <strong>at the next period after approval</strong>
          </>
        ) : null}
      </span>
      {p.feedback.length > 0 ? <span>Answers {count(p.feedback.length, 'piece', 'pieces')} of feedback</span> : null}
    </p>
  );
}

function Actions({
  proposal: p,
  busy,
  onOpen,
  onApply,
}: {
  proposal: Proposal;
  busy: boolean;
  onOpen: (o: Open) => void;
  onApply: () => void;
}) {
  const id = useId();
  const may = (a: string) => p.may.includes(a);
  const votable = p.state === 'draft' || p.state === 'tested' || p.state === 'approved' || waits(p);
  const confirms = asksConfirm(p.may_no.approve);
  const first = p.changes[0];
  const refused = votable && !may('approve') && !confirms ? p.may_no.approve : undefined;
  const applied = p.state === 'applied' && !waits(p);
  return (
    <div className={`${css.actionBox} no-print`}>
      <div className={css.actions}>
        {applied && may('revert') && p.changes.length === 1 && (first?.base ?? 0) > 0 ? (
          <Button onClick={() => onOpen('revert')}>Take it back</Button>
        ) : null}
        {may('edit') && first ? (
          <Link
            to="/policy/$kind/$name/edit"
            params={{ kind: first.kind, name: first.name }}
            search={{ proposal: p.id }}
            className={css.button}
          >
            Edit
          </Link>
        ) : null}
        {may('cancel') ? <Button onClick={() => onOpen('cancel')}>Cancel proposal</Button> : null}
        {may('reject') ? <Button onClick={() => onOpen('reject')}>Ask for changes</Button> : null}
        {may('apply') ? (
          <Button variant="filled" loading={busy} onClick={onApply}>
            Apply now
          </Button>
        ) : null}
        {votable && p.state !== 'approved' ? (
          <Button
            variant={may('apply') ? 'default' : 'filled'}
            disabled={refused !== undefined}
            aria-describedby={refused === undefined ? undefined : `${id}no`}
            onClick={() => onOpen('approve')}
          >
            Approve proposal
          </Button>
        ) : null}
      </div>
      {refused === undefined ? null : (
        <p id={`${id}no`} className={css.no}>
          {refused}.
        </p>
      )}
    </div>
  );
}

function Banners({ proposal: p, busy, onRebase }: { proposal: Proposal; busy: boolean; onRebase: () => void }) {
  const zone = useZone();
  const open = p.state === 'draft' || p.state === 'tested' || p.state === 'approved' || p.state === 'scheduled';
  const closed = p.state === 'rejected' || p.state === 'expired' || p.state === 'superseded' || p.state === 'failed';
  return (
    <>
      {p.emergency ? (
        <div className={css.banner} data-tone={p.need.met ? 'grey' : 'red'}>
          <LightShape state={p.need.met ? 'green' : 'red'} size={20} />
          <p>
            <strong>Emergency change.</strong>{' '}
            {waits(p) ? (
              <>
                It is in force since {exact(p.applied_at, zone)} although nobody has approved it. Unless somebody does,
                it is taken back <Ago at={p.expires_at} />.
              </>
            ) : (
              'It was applied first and approved afterwards.'
            )}
          </p>
        </div>
      ) : null}
      {p.stale && open ? (
        <div className={css.banner} data-tone="yellow" role="status">
          <LightShape state="yellow" size={20} />
          <p>
            <strong>Stale.</strong> {p.stale_why}
          </p>
          {p.may.includes('rebase') ? (
            <Button loading={busy} onClick={onRebase}>
              Rebase and test again
            </Button>
          ) : (
            <p className="fine">{p.may_no.rebase}</p>
          )}
        </div>
      ) : null}
      {closed && p.why ? (
        <div className={css.banner} data-tone="grey">
          <LightShape state={p.state === 'expired' || p.state === 'superseded' ? 'grey' : 'red'} size={20} />
          <p>
            <strong>{proposalState(p).word}.</strong> {p.why}
          </p>
        </div>
      ) : null}
    </>
  );
}
