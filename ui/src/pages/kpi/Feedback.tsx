import { Button, Textarea } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { feedbackQuery, useAnswerFeedback, useGiveFeedback, type Feedback, type Said } from '../../api/govern';
import { meQuery } from '../../api/status';
import { Icon } from '../../components/Icon';
import { Segments } from '../../components/Segments';
import { LightShape } from '../../light/Light';
import { when } from '../../time/format';
import { useNow } from '../../time/useNow';
import { useZone } from '../../time/zone';
import { clearDraft, readNote, writeNote } from '../policy/drafts';
import { ReasonDialog } from '../policy/ReasonDialog';
import { whoWords } from '../policy/words';
import css from './Feedback.module.css';

const states: Record<Feedback['state'], string> = {
  open: 'Open',
  proposed: 'Became a proposal',
  changed: 'Changed the policy',
  closed: 'Answered',
};

/** The way from a KPI to a change of its promise, for whoever may propose one. */
export function ProposeChange({ kpi }: { kpi: string }) {
  const may = useQuery({ ...meQuery, select: (m) => m.actions.includes('propose') }).data ?? false;
  if (!may) return null;
  return (
    <Link to="/policy/$kind/$name/edit" params={{ kind: 'KPI', name: kpi }} className={css.button}>
      <Icon name="policy" />
      Propose change
    </Link>
  );
}

/** What the people who live with a KPI say of it, and the way from there to a change. */
export function FeedbackPanel({ kpi }: { kpi: string }) {
  const all = useQuery(feedbackQuery(kpi));
  const actions = useQuery({ ...meQuery, select: (m) => m.actions }).data ?? [];
  const [asking, setAsking] = useState(false);
  const [answering, setAnswering] = useState<Feedback | null>(null);
  const answer = useAnswerFeedback();
  const list = all.data ?? [];
  const shown = list.slice(0, 5);
  return (
    <section className="panel" aria-labelledby="feedback">
      <div className="panel-head">
        <h2 id="feedback">Feedback</h2>
        {actions.includes('give_feedback') && !asking ? (
          <Button onClick={() => setAsking(true)} className="no-print">
            Say what you think
          </Button>
        ) : null}
      </div>
      {asking ? <Ask kpi={kpi} onDone={() => setAsking(false)} /> : null}
      {all.isError ? (
        <p className="muted small">{all.error.message}</p>
      ) : all.isPending ? (
        <p className="muted small" role="status">
          Reading what people say
        </p>
      ) : list.length === 0 && !asking ? (
        <p className="muted small">Nobody has said yet whether this number is relevant and right.</p>
      ) : (
        <ul className="list">
          {shown.map((f) => (
            <Entry key={f.id} feedback={f} mayPropose={actions.includes('propose')} onAnswer={() => setAnswering(f)} />
          ))}
        </ul>
      )}
      {list.length > shown.length ? <p className="fine">and {list.length - shown.length} older.</p> : null}
      {answering ? (
        <ReasonDialog
          title="Answer and close"
          about={`${whoWords(answering.who)}: ${answering.comment || wordsOf(answering)}`}
          label="Your answer"
          action="Answer"
          busy={answer.isPending}
          error={answer.error}
          onDone={(text) => answer.mutate({ id: answering.id, answer: text }, { onSuccess: () => setAnswering(null) })}
          onClose={() => {
            setAnswering(null);
            answer.reset();
          }}
        />
      ) : null}
    </section>
  );
}

function Ask({ kpi, onDone }: { kpi: string; onDone: () => void }) {
  const key = `feedback/${kpi}`;
  const give = useGiveFeedback(kpi);
  const [relevant, setRelevant] = useState<Said>('unsaid');
  const [accurate, setAccurate] = useState<Said>('unsaid');
  const [comment, setComment] = useState(() => readNote(key));
  const empty = relevant === 'unsaid' && accurate === 'unsaid' && comment.trim() === '';
  const question = (label: string, value: Said, set: (v: Said) => void) => (
    <div className={css.question}>
      <span>{label}</span>
      <Segments
        label={label}
        items={[
          { value: 'yes' as const, label: 'Yes', pressed: value === 'yes' },
          { value: 'no' as const, label: 'No', pressed: value === 'no' },
        ]}
        onPick={(v) => set(v === value ? 'unsaid' : v)}
      />
    </div>
  );
  return (
    <form
      className={css.form}
      onSubmit={(e) => {
        e.preventDefault();
        if (empty) return;
        give.mutate(
          { relevant, accurate, comment: comment.trim() },
          {
            onSuccess: () => {
              clearDraft(key);
              onDone();
            },
          },
        );
      }}
    >
      {question('Is it relevant?', relevant, setRelevant)}
      {question('Is it accurate?', accurate, setAccurate)}
      <Textarea
        label="Comment"
        value={comment}
        rows={3}
        maxLength={4000}
        onChange={(e) => {
          setComment(e.currentTarget.value);
          writeNote(key, e.currentTarget.value);
        }}
      />
      {give.isError ? (
        <p className={css.fault} role="alert">
          {give.error.message}
        </p>
      ) : null}
      <div className={css.buttons}>
        <Button onClick={onDone}>Not now</Button>
        <Button type="submit" variant="filled" disabled={empty} loading={give.isPending}>
          Send
        </Button>
      </div>
    </form>
  );
}

function wordsOf(f: Feedback): string {
  const parts = [];
  if (f.relevant !== 'unsaid') parts.push(f.relevant === 'yes' ? 'relevant' : 'not relevant');
  if (f.accurate !== 'unsaid') parts.push(f.accurate === 'yes' ? 'accurate' : 'not accurate');
  return parts.join(', ');
}

function Entry({
  feedback: f,
  mayPropose,
  onAnswer,
}: {
  feedback: Feedback;
  mayPropose: boolean;
  onAnswer: () => void;
}) {
  const zone = useZone();
  const now = useNow(60_000);
  const bad = f.relevant === 'no' || f.accurate === 'no';
  return (
    <li className={css.entry}>
      <LightShape state={f.state !== 'open' ? 'green' : bad ? 'yellow' : 'grey'} size={17} />
      <div className="small">
        <p>
          <strong>{whoWords(f.who)}</strong>
          {wordsOf(f) ? `: ${wordsOf(f)}` : ''}
        </p>
        {f.comment ? <p className={css.words}>{f.comment}</p> : null}
        {f.answer ? <p className={`${css.words} muted`}>Answer: {f.answer}</p> : null}
        <p className="fine">
          {states[f.state]}, {when(f.at, now, zone)}
          {f.proposal > 0 ? (
            <>
              {' · '}
              <Link to="/policy/proposals/$id" params={{ id: String(f.proposal) }}>
                Proposal {f.proposal}
              </Link>
            </>
          ) : null}
        </p>
        {f.state === 'open' && mayPropose ? (
          <p className={`${css.actions} no-print`}>
            <Link
              to="/policy/$kind/$name/edit"
              params={{ kind: 'KPI', name: f.kpi }}
              search={{ feedback: [f.id] }}
              className={css.link}
            >
              Turn into a proposal
            </Link>
            <button type="button" className={css.link} onClick={onAnswer}>
              Answer<span className="vh"> {whoWords(f.who)}</span>
            </button>
          </p>
        ) : null}
      </div>
    </li>
  );
}
