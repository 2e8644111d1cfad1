import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { one } from '../../api/search';
import { sourcesQuery } from '../../api/sources';
import { useStatus } from '../../api/status';
import type { Source } from '../../api/types';
import { Empty, Failure, Loading } from '../../components/States';
import { compact } from '../../format/number';
import { Choices } from '../welcome/Choices';
import { Late } from './Late';
import { OfSignal } from './OfSignal';
import { SignalCards } from './SignalCards';
import { signalOf, sourcesOf, type Heard, type SignalInfo } from './signals';
import css from './Sources.module.css';
import { Troubles } from './Troubles';

const Snippets = lazy(() => import('./Snippets').then((m) => ({ default: m.Snippets })));
const SendTest = lazy(() => import('./SendTest').then((m) => ({ default: m.SendTest })));

/** Is data arriving? */
export function SourcesPage() {
  const raw: Record<string, string | string[] | undefined> = useSearch({ strict: false });
  const navigate = useNavigate();
  const q = useQuery(sourcesQuery);
  const heard = useHeard(q.data);
  const [testing, setTesting] = useState<SignalInfo>();
  const base = useStatus()?.external_url.replace(/\/$/, '') ?? '';
  const of = signalOf(raw.signal);
  const set = (patch: Record<string, string | undefined>) =>
    void navigate({ to: '/sources', search: (old) => ({ ...old, ...patch }), replace: true, resetScroll: false });
  const list = (q.data?.sources ?? []).map(full);
  const late = list.filter((s) => s.health !== 'up');
  return (
    <>
      <title>Sources · signalbox</title>
      <header className={css.head}>
        <h1>{q.data ? headline(list, late) : 'Sources'}</h1>
        {q.data && list.length > 0 ? (
          <p className="muted">
            {compact(list.reduce((n, s) => n + s.series, 0))} series. A source that is late makes every KPI that it
            feeds grey, never green.
          </p>
        ) : null}
      </header>
      <Troubles />
      {q.data ? (
        <div className="stack">
          {list.length === 0 ? (
            <div>
              <Empty title="Nothing sends data yet">
                <p>
                  This page lists every place that samples come from: late ones first, with the last error and the line
                  that mends it. Choose where the first number comes from:
                </p>
              </Empty>
              <div className={css.choices}>
                <Choices />
              </div>
            </div>
          ) : null}
          {late.map((s) => (
            <Late key={s.id} source={s} />
          ))}
          <SignalCards
            heard={heard}
            list={list}
            of={of}
            onPick={(v) => set({ signal: v === 'metrics' ? undefined : v })}
            onTest={setTesting}
          />
          {list.length > 0 ? <OfSignal of={of} list={sourcesOf(list, of)} heard={heard} onTest={setTesting} /> : null}
          <section className="panel" aria-labelledby="connect">
            <div className="panel-head">
              <h2 id="connect">Connect a service</h2>
            </div>
            <Suspense fallback={<Loading what="the examples" rows={1} height={200} />}>
              <Snippets
                base={base === '' ? window.location.origin : base}
                chosen={one(raw.in) ?? ''}
                onPick={(v) => set({ in: v === 'go' ? undefined : v })}
              />
            </Suspense>
          </section>
        </div>
      ) : q.isError ? (
        <Failure error={q.error} what="The sources" retry={() => void q.refetch()} />
      ) : (
        <Loading what="the sources" rows={3} height={90} />
      )}
      {testing ? (
        <Suspense fallback={null}>
          <SendTest of={testing} onClose={() => setTesting(undefined)} />
        </Suspense>
      ) : null}
    </>
  );
}

/** A source with everything it may lack in an answer from before rows were counted. */
function full(s: Source): Source {
  const quiet = { rows: {}, dropped: 0, sampled_out: 0, refused: {}, refused_by_signal: {} };
  return { ...quiet, ...s };
}

/** The answers of the last minute, for what comes a second. */
function useHeard(now: Heard | undefined): Heard[] {
  const [kept, setKept] = useState<Heard[]>([]);
  if (!now || kept.at(-1)?.as_of === now.as_of) return kept;
  const next = [...kept, { as_of: now.as_of, sources: now.sources.map(full) }].slice(-7);
  setKept(next);
  return next;
}

function headline(all: Source[], late: Source[]): string {
  if (all.length === 0) return 'No data arrives yet';
  if (late.length === 0) return all.length === 1 ? 'The source is on time' : `All ${all.length} sources are on time`;
  return `${late.length} of ${all.length} sources ${late.length === 1 ? 'is' : 'are'} late or down`;
}
