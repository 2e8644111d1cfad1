import { Button } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { one } from '../../api/search';
import { sourcesQuery } from '../../api/sources';
import { useStatus } from '../../api/status';
import type { Source } from '../../api/types';
import { LabelSet } from '../../components/LabelSet';
import { Empty, Failure, Loading } from '../../components/States';
import { compact, plain } from '../../format/number';
import { LightLabel, LightShape } from '../../light/Light';
import { Ago } from '../../time/Ago';
import { span } from '../../time/format';
import { Choices } from '../welcome/Choices';
import {
  rateOf,
  rateOfAll,
  refusedOf,
  sent,
  signalOf,
  signals,
  sourcesOf,
  type Signal,
  type SignalInfo,
} from './signals';
import css from './Sources.module.css';

const Snippets = lazy(() => import('./Snippets').then((m) => ({ default: m.Snippets })));
const SendTest = lazy(() => import('./SendTest').then((m) => ({ default: m.SendTest })));

const kinds: Record<string, string> = {
  scrape: 'Scraped',
  push: 'Pushes',
  host: 'This machine',
  rule: 'Rules',
};

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
          <Signals
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

type Body = { as_of: number; sources: Source[] };

/** The answers of the last minute, for what comes a second. */
function useHeard(now: Body | undefined): Body[] {
  const [kept, setKept] = useState<Body[]>([]);
  if (!now || kept.at(-1)?.as_of === now.as_of) return kept;
  const next = [...kept, { as_of: now.as_of, sources: now.sources.map(full) }].slice(-7);
  setKept(next);
  return next;
}

/** The four signals side by side: how much arrives, from how many, and the way to try it. */
function Signals({
  heard,
  list,
  of,
  onPick,
  onTest,
}: {
  heard: Body[];
  list: Source[];
  of: SignalInfo;
  onPick: (v: Signal) => void;
  onTest: (s: SignalInfo) => void;
}) {
  return (
    <ul className={css.signals} aria-label="Signals">
      {signals.map((s) => {
        const own = sourcesOf(list, s);
        const last = Math.max(0, ...own.map((x) => x.last_at));
        const rate = rateOfAll(heard, s);
        return (
          <li key={s.value} data-pressed={s.value === of.value || undefined} data-empty={own.length === 0 || undefined}>
            <button
              type="button"
              className={css.signal}
              aria-pressed={s.value === of.value}
              onClick={() => onPick(s.value)}
            >
              {s.name}
            </button>
            <p className={css.count}>
              {own.length === 0 ? 'None yet' : `${own.length} ${own.length === 1 ? 'source' : 'sources'}`}
            </p>
            <p className="small muted">
              {own.length === 0 ? (
                'no source sends it'
              ) : (
                <>
                  {rate === undefined ? 'measuring the rate' : `${plain(rate, rate < 10 ? 1 : 0)} ${s.unit} a second`}
                  {last > 0 ? (
                    <>
                      , the newest <Ago at={last} />
                    </>
                  ) : null}
                </>
              )}
            </p>
            <Button size="xs" className={css.send} onClick={() => onTest(s)} aria-label={`Send a test: ${s.name}`}>
              Send a test
            </Button>
          </li>
        );
      })}
    </ul>
  );
}

function headline(all: Source[], late: Source[]): string {
  if (all.length === 0) return 'No data arrives yet';
  if (late.length === 0) return all.length === 1 ? 'The source is on time' : `All ${all.length} sources are on time`;
  return `${late.length} of ${all.length} sources ${late.length === 1 ? 'is' : 'are'} late or down`;
}

function nameOf(s: Source): string {
  return s.kind === 'host' ? 'This machine' : s.job || s.id;
}

function word(s: Source): string {
  return s.health === 'down' ? 'Down' : s.health === 'late' ? 'Late' : s.health === 'up' ? 'On time' : 'Not heard yet';
}

function Late({ source: s }: { source: Source }) {
  const refused = Object.entries(s.refused).filter(([, n]) => n > 0);
  return (
    <section className={css.late} id={s.id} aria-label={`${nameOf(s)}, ${word(s)}`}>
      <div className={css.lateHead}>
        <LightShape state="grey" size={20} />
        <h2>{nameOf(s)}</h2>
        <LightLabel state="grey" size={14} word={word(s)} />
        {s.target ? <code className={css.target}>{s.target}</code> : null}
      </div>
      {s.last_error ? <p className={css.error}>{s.last_error}</p> : null}
      {s.hint ? (
        <p className={css.hint}>
          <strong>What to do:</strong> {s.hint}
        </p>
      ) : null}
      <dl className={css.facts}>
        <div>
          <dt>Last heard</dt>
          <dd>{s.last_at > 0 ? <Ago at={s.last_at} /> : 'never'}</dd>
        </div>
        <div>
          <dt>Expected every</dt>
          <dd>{s.interval_ms > 0 ? span(s.interval_ms) : '—'}</dd>
        </div>
        <div>
          <dt>Samples</dt>
          <dd>{compact(s.samples)}</dd>
        </div>
        <div>
          <dt>Series</dt>
          <dd>{compact(s.series)}</dd>
        </div>
        {refused.length > 0 ? (
          <div>
            <dt>Refused</dt>
            <dd>
              <Refused refused={refused} />
            </dd>
          </div>
        ) : null}
      </dl>
      <LabelSet labels={s.labels} skip={['job', 'instance']} />
    </section>
  );
}

function Refused({ refused }: { refused: [string, number][] }) {
  return <>{refused.map(([reason, n]) => `${compact(n)} ${reason.replaceAll('_', ' ')}`).join(', ')}</>;
}

/** The sources of one signal: how much, how fast, and what was not kept and why. */
function OfSignal({
  of,
  list,
  heard,
  onTest,
}: {
  of: SignalInfo;
  list: Source[];
  heard: Body[];
  onTest: (s: SignalInfo) => void;
}) {
  const rows = of.key !== '';
  return (
    <section className="panel" aria-labelledby="signal">
      <div className="panel-head">
        <h2 id="signal">{of.name}</h2>
        <span className="small muted">{rows ? 'counted since the start of the server' : list.length}</span>
      </div>
      {list.length === 0 ? (
        <div className={css.none}>
          <p>No {of.unit} have arrived since the server started.</p>
          <Button variant="filled" onClick={() => onTest(of)}>
            Send a test
          </Button>
        </div>
      ) : (
        <div
          className="scroll-x"
          tabIndex={0}
          role="region"
          aria-label={`Table of sources of ${of.name.toLowerCase()}`}
        >
          <table className={`table ${css.table}`}>
            <thead>
              <tr>
                <th scope="col">Source</th>
                <th scope="col">Kind</th>
                <th scope="col" className="r">
                  Last heard
                </th>
                <th scope="col" className="r">
                  {rows ? 'Stored' : 'Samples'}
                </th>
                <th scope="col" className="r">
                  A second
                </th>
                {rows ? null : (
                  <th scope="col" className="r">
                    Series
                  </th>
                )}
                <th scope="col" className="r">
                  Refused
                </th>
                <th scope="col" className="r">
                  Dropped by privacy
                </th>
                <th scope="col" className="r">
                  Sampled out
                </th>
                <th scope="col">Last error</th>
              </tr>
            </thead>
            <tbody>
              {list.map((s) => {
                const refused = refusedOf(s, of);
                const rate = rateOf(heard, s.id, of);
                return (
                  <tr key={s.id} id={s.health === 'up' ? s.id : undefined}>
                    <th scope="row">
                      <span className={css.name}>
                        <LightShape state={s.health === 'up' ? 'green' : 'grey'} size={15} title={word(s)} />
                        {nameOf(s)}
                      </span>
                      {rows || s.target === '' || s.target === nameOf(s) ? null : (
                        <code className={css.address}>{s.target}</code>
                      )}
                    </th>
                    <td>{kinds[s.kind] ?? s.kind}</td>
                    <td className="r">{s.last_at > 0 ? <Ago at={s.last_at} /> : 'never'}</td>
                    <td className="r">{compact(sent(s, of))}</td>
                    <td className="r">{rate === undefined ? '—' : plain(rate, rate < 10 ? 1 : 0)}</td>
                    {rows ? null : <td className="r">{compact(s.series)}</td>}
                    <td className={`r ${css.refused}`}>{refused.length > 0 ? <Refused refused={refused} /> : '0'}</td>
                    <td className="r">{compact(s.dropped)}</td>
                    <td className="r">{compact(s.sampled_out)}</td>
                    <td className={css.lastError}>
                      {s.last_error === '' ? (
                        '—'
                      ) : s.health === 'up' ? (
                        s.last_error
                      ) : (
                        <a href={`#${s.id}`}>See above</a>
                      )}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
      {rows && list.length > 0 ? (
        <p className={`fine ${css.note}`}>
          Dropped and sampled out are of all signals of a source. Nothing is dropped in silence: what is refused was
          answered so, and the sender may send it again.
        </p>
      ) : null}
    </section>
  );
}
