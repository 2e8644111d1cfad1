import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { revisionsQuery, type Policy, type Revision } from '../../api/govern';
import { Pick } from '../../components/Pick';
import { Failure, Loading } from '../../components/States';
import { LightLabel } from '../../light/Light';
import { exact } from '../../time/format';
import { useZone } from '../../time/zone';
import { Diff } from './Diff';
import { diffTexts } from './diff';
import css from './Policy.module.css';
import { RevertDialog } from './RevertDialog';
import { listWords, whoWords } from './words';

/** Every revision with who, why and when; any two side by side; and the way back to one. */
export function Revisions({
  policy: p,
  compare,
  mayPropose,
}: {
  policy: Policy;
  compare: string | undefined;
  mayPropose: boolean;
}) {
  const navigate = useNavigate({ from: '/policy/$kind/$name' });
  const revisions = useQuery(revisionsQuery(p.kind, p.name));
  const [back, setBack] = useState<number | null>(null);
  const set = (diff: string | undefined) =>
    void navigate({ search: diff === undefined ? {} : { diff }, replace: true, resetScroll: false });
  const list = revisions.data;
  return (
    <section className="panel" aria-labelledby="revisions">
      <div className="panel-head">
        <h2 id="revisions">Revisions</h2>
        {list && list.length > 1 ? <Choose list={list} compare={compare} onPick={set} /> : null}
      </div>
      {list ? (
        <>
          {compare !== undefined ? <Compared list={list} compare={compare} onClose={() => set(undefined)} /> : null}
          <ol className={css.revisions}>
            {list.map((r, i) => (
              <Entry
                key={r.number}
                revision={r}
                current={r.number === p.revision}
                before={list[i + 1]?.number}
                onCompare={(a, b) => set(`${a}-${b}`)}
                onBack={mayPropose && r.number !== p.revision && !r.removed ? () => setBack(r.number) : undefined}
              />
            ))}
          </ol>
        </>
      ) : revisions.isError ? (
        <Failure error={revisions.error} what="The revisions" retry={() => void revisions.refetch()} />
      ) : (
        <Loading what="the revisions" rows={2} height={64} />
      )}
      {back !== null ? (
        <RevertDialog kind={p.kind} name={p.name} title={p.title} number={back} onClose={() => setBack(null)} />
      ) : null}
    </section>
  );
}

function pairOf(compare: string | undefined): [number, number] {
  const [a = 0, b = 0] = (compare ?? '').split('-').map(Number);
  return [a, b];
}

function Choose({
  list,
  compare,
  onPick,
}: {
  list: Revision[];
  compare: string | undefined;
  onPick: (diff: string) => void;
}) {
  const [a, b] = compare === undefined ? [list[1]?.number ?? 0, list[0]?.number ?? 0] : pairOf(compare);
  const options = list.map((r) => ({ value: String(r.number), label: `revision ${r.number}` }));
  return (
    <div className={`${css.compare} no-print`}>
      <Pick label="Compare" value={String(a)} options={options} onChange={(v) => onPick(`${v}-${b}`)} />
      <Pick label="with" value={String(b)} options={options} onChange={(v) => onPick(`${a}-${v}`)} />
    </div>
  );
}

function Compared({ list, compare, onClose }: { list: Revision[]; compare: string; onClose: () => void }) {
  const [a, b] = pairOf(compare);
  const before = list.find((r) => r.number === a);
  const after = list.find((r) => r.number === b);
  const lines = useMemo(() => diffTexts(before?.text ?? '', after?.text ?? ''), [before, after]);
  return (
    <div className={css.diff} role="group" aria-label={`Revision ${a} and revision ${b}`}>
      <div className={css.diffHead}>
        <h3>
          Revision {a} → {b}
        </h3>
        <button type="button" className={css.link} onClick={onClose}>
          Close
        </button>
      </div>
      {before && after ? (
        <Diff lines={lines} label={`Revision ${a} to ${b}`} />
      ) : (
        <p className="muted small">There is no revision {before ? b : a} of this policy.</p>
      )}
    </div>
  );
}

function Entry({
  revision: r,
  current,
  before,
  onCompare,
  onBack,
}: {
  revision: Revision;
  current: boolean;
  before: number | undefined;
  onCompare: (a: number, b: number) => void;
  onBack: (() => void) | undefined;
}) {
  const zone = useZone();
  const others = r.editors.filter((e) => e.id !== r.author.id);
  return (
    <li className={css.revision} data-current={current || undefined}>
      <span className={css.number}>
        <span className="vh">Revision </span>
        {r.number}
      </span>
      <div className={css.words}>
        <p>
          <strong>{whoWords(r.author)}</strong>
          {others.length > 0 ? ` with ${listWords(others.map(whoWords))}` : ''}
          {r.approvers.length > 0 ? (
            <>
              , approved by <strong>{listWords(r.approvers.map(whoWords))}</strong>
            </>
          ) : null}
          {current ? <span className="muted"> · now</span> : null}
          {r.removed ? <span className="muted"> · removed the policy</span> : null}
        </p>
        {r.reason ? <p>{r.reason}</p> : null}
        {r.emergency ? (
          <p>
            <LightLabel state="red" word="Emergency change" size={13} />
          </p>
        ) : null}
        <p className="fine">
          Judges from {exact(r.effective_from, zone)}
          {r.source ? ` · ${r.source}` : ''}
        </p>
        <p className={`${css.buttons} no-print`}>
          {before !== undefined ? (
            <button type="button" className={css.link} onClick={() => onCompare(before, r.number)}>
              What changed<span className="vh"> in revision {r.number}</span>
            </button>
          ) : null}
          {r.proposal > 0 ? (
            <Link to="/policy/proposals/$id" params={{ id: String(r.proposal) }} className={css.link}>
              Proposal {r.proposal}
            </Link>
          ) : null}
          {onBack ? (
            <button type="button" className={css.link} onClick={onBack}>
              Go back to this<span className="vh"> one, revision {r.number}</span>
            </button>
          ) : null}
        </p>
      </div>
    </li>
  );
}
