import { Button } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { reviewsQuery, useCompleteReview, type Review } from '../../api/govern';
import { Empty, Failure, Loading } from '../../components/States';
import { useKeys } from '../../keys/keys';
import { Ago } from '../../time/Ago';
import { date } from '../../time/format';
import { useZone, type Zone } from '../../time/zone';
import css from './Calendar.module.css';
import { StateMark } from './Mark';
import list from './Policies.module.css';
import { ReasonDialog } from './ReasonDialog';
import { Sections } from './Sections';
import { stepRows } from './stepRows';
import { count, reviewState, whoWords } from './words';

/** What has to be looked at again, and when: the most urgent first. */
export function CalendarPage() {
  const reviews = useQuery(reviewsQuery);
  useKeys({ j: () => stepRows(1), k: () => stepRows(-1) });
  return (
    <>
      <title>Review calendar · signalbox</title>
      <header className={list.head}>
        <div>
          <h1>{reviews.data ? headline(reviews.data) : 'Review calendar'}</h1>
          <p className="muted">A promise that nobody looks at any more is not kept, only forgotten.</p>
        </div>
      </header>
      <Sections />
      {reviews.data ? (
        reviews.data.length === 0 ? (
          <Empty title="No policy asks to be reviewed" action={<Link to="/policy">See the policies</Link>}>
            A policy with <code>review_every: 180d</code> stands here with the day on which it is due.
          </Empty>
        ) : (
          <Calendar reviews={reviews.data} />
        )
      ) : reviews.isError ? (
        <Failure error={reviews.error} what="The calendar" retry={() => void reviews.refetch()} />
      ) : (
        <Loading what="the review calendar" rows={4} height={72} />
      )}
    </>
  );
}

function headline(all: Review[]): string {
  const emergency = all.filter((r) => r.state === 'emergency').length;
  const overdue = all.filter((r) => r.state === 'overdue').length;
  const parts = [];
  if (emergency > 0) parts.push(count(emergency, 'emergency change to approve', 'emergency changes to approve'));
  if (overdue > 0) parts.push(`${count(overdue, 'review')} overdue`);
  return parts.length > 0 ? parts.join(', ') : 'Every review is on time';
}

type Group = { name: string; reviews: Review[] };

/** What is urgent as groups of its own, the rest by month. */
export function byMonth(all: readonly Review[], month: (ms: number) => string): Group[] {
  const out = new Map<string, Review[]>();
  for (const r of all) {
    const name = r.state === 'emergency' ? 'Waiting for approval' : r.state === 'overdue' ? 'Overdue' : month(r.due_at);
    out.set(name, [...(out.get(name) ?? []), r]);
  }
  return [...out].map(([name, reviews]) => ({ name, reviews }));
}

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

function monthOf(ms: number, zone: Zone): string {
  const d = new Date(ms);
  const [m, y] = zone === 'UTC' ? [d.getUTCMonth(), d.getUTCFullYear()] : [d.getMonth(), d.getFullYear()];
  return `${months[m] ?? ''} ${y}`;
}

function Calendar({ reviews }: { reviews: Review[] }) {
  const zone = useZone();
  const [open, setOpen] = useState<Review | null>(null);
  const complete = useCompleteReview();
  const groups = useMemo(() => byMonth(reviews, (ms) => monthOf(ms, zone)), [reviews, zone]);
  return (
    <>
      <div className="stack">
        {groups.map((g) => (
          <section key={g.name} className={css.month} data-urgent={g.reviews[0]?.state} aria-label={g.name}>
            <h2>{g.name}</h2>
            <table className={list.table}>
              <caption className="vh">{g.name}: policies with state, day, owner and last review</caption>
              <thead>
                <tr>
                  <th scope="col">Policy</th>
                  <th scope="col" className={list.wide}>
                    Due
                  </th>
                  <th scope="col" className={list.wide}>
                    Owner
                  </th>
                  <th scope="col" className={list.wide}>
                    Last looked at
                  </th>
                  <th scope="col" className={list.wide}>
                    <span className="vh">Action</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {g.reviews.map((r) => (
                  <Row key={`${r.kind}/${r.name}/${r.proposal}`} review={r} zone={zone} onReview={() => setOpen(r)} />
                ))}
              </tbody>
            </table>
          </section>
        ))}
      </div>
      {open ? (
        <ReasonDialog
          title={`Reviewed: ${open.title}`}
          about={`${open.sentence} You looked at revision ${open.revision} and it stays as it is. To change it, propose a change instead.`}
          label="What you found"
          action="Mark as reviewed"
          busy={complete.isPending}
          error={complete.error}
          onDone={(note) =>
            complete.mutate({ kind: open.kind, name: open.name, note }, { onSuccess: () => setOpen(null) })
          }
          onClose={() => {
            setOpen(null);
            complete.reset();
          }}
        />
      ) : null}
    </>
  );
}

function Row({ review: r, zone, onReview }: { review: Review; zone: Zone; onReview: () => void }) {
  const last =
    r.reviewed_at > 0 ? (
      <>
        {date(r.reviewed_at, zone)}
        {r.reviewed_by ? ` by ${whoWords(r.reviewed_by)}` : ''}
        {r.note ? <p className="fine">{r.note}</p> : null}
      </>
    ) : (
      <span className="muted">never</span>
    );
  const due = (
    <>
      <StateMark said={reviewState(r.state)} />
      <p>
        <time dateTime={new Date(r.due_at).toISOString()}>{date(r.due_at, zone)}</time>
      </p>
      <p className="fine">
        <Ago at={r.due_at} />
      </p>
    </>
  );
  const act =
    r.state === 'emergency' ? (
      <Link to="/policy/proposals/$id" params={{ id: String(r.proposal) }} className={css.button}>
        Decide
      </Link>
    ) : r.may ? (
      <Button aria-label={`Mark ${r.title} as reviewed`} onClick={onReview}>
        Reviewed
      </Button>
    ) : null;
  return (
    <tr data-row>
      <th scope="row">
        {r.proposal > 0 ? (
          <Link to="/policy/proposals/$id" params={{ id: String(r.proposal) }} className={list.name}>
            {r.title}
          </Link>
        ) : (
          <Link to="/policy/$kind/$name" params={{ kind: r.kind, name: r.name }} className={list.name}>
            {r.title}
          </Link>
        )}
        <p className={list.sentence}>{r.sentence}</p>
        <p className={list.phone}>
          {r.kind} · {r.owner || 'nobody owns it'}
        </p>
        <div className={`${list.phone} ${css.small}`}>
          <div>{due}</div>
          {act}
        </div>
      </th>
      <td className={`${list.wide} ${css.due}`}>{due}</td>
      <td className={`${list.wide} ${list.owner}`}>{r.owner || <span className="muted">nobody</span>}</td>
      <td className={list.wide}>{r.state === 'emergency' ? <span className="muted">—</span> : last}</td>
      <td className={`${list.wide} ${css.act}`}>{act}</td>
    </tr>
  );
}
