import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { traceQuery, type Trace } from '../../api/traces';
import { Segments } from '../../components/Segments';
import { Failure, Loading } from '../../components/States';
import { plain } from '../../format/number';
import { useKeys } from '../../keys/keys';
import { fixedRange } from '../../time/range';
import { useZone, zoneName } from '../../time/zone';
import { CopyButton } from './Detail';
import { graphOfTrace } from './flow';
import { Frame } from './Frame';
import { Go } from './Go';
import { condition } from './language';
import { LevelMark, outcome } from './LevelMark';
import { lineInstant, lineTime, seconds } from './rowFields';
import { ServiceGraph } from './ServiceGraph';
import { SpanPanel } from './SpanPanel';
import { useSignalState } from './state';
import css from './Trace.module.css';
import { Waterfall } from './Waterfall';
import { idsOf, oddities, rowsOf } from './waterfall';

const minute = 60_000;

/** Where did the time of this request go, and what failed on its way? */
export function TracePage() {
  const { id = '', search, set } = useSignalState();
  const found = useQuery(traceQuery(id));
  const t = found.data;
  return (
    <>
      <title>{`${t ? `${t.service} ${t.root}` : 'Trace'} · signalbox`}</title>
      {t ? (
        <Loaded trace={t} span={search.span} asTable={search.view === 'table'} set={set} />
      ) : (
        <>
          <Frame view="traces" title="Trace" range={undefined} />
          {found.isError ? (
            <Failure error={found.error} what="The trace" retry={() => void found.refetch()} />
          ) : (
            <Loading what="the trace" rows={2} height={200} />
          )}
        </>
      )}
    </>
  );
}

function Loaded({
  trace: t,
  span,
  asTable,
  set,
}: {
  trace: Trace;
  span: string;
  asTable: boolean;
  set: (patch: Record<string, string | undefined>) => void;
}) {
  const zone = useZone();
  const at = t.start / 1000;
  const near = fixedRange(at - 15 * minute, at + t.duration * 1000 + 15 * minute);
  const rows = useMemo(() => rowsOf(t.spans), [t]);
  const open = rows.find((r) => r.key === span);
  const graph = useMemo(() => graphOfTrace(t), [t]);
  const choose = (key: string) => set({ span: key || undefined });
  const toTable = () => set({ view: asTable ? undefined : 'table' });
  const joined = [...t.logs, ...t.events];
  const sessions = idsOf(joined, 'session');
  const cases = idsOf(joined, 'business_id');
  useKeys({
    t: toTable,
    Escape: () => {
      if (!open) return;
      choose('');
      requestAnimationFrame(() => document.querySelector<HTMLElement>('[role=treegrid] [tabindex="0"]')?.focus());
    },
    j: () => document.querySelector<HTMLElement>('[role=treegrid] [tabindex="0"]')?.focus(),
  });
  return (
    <>
      <Frame view="traces" title={`${t.service} ${t.root || '(root not arrived)'}`} range={near} />
      <p className={css.facts}>
        <span>
          Took <b>{seconds(t.duration)}</b>
        </span>
        <span>
          {lineInstant(at, zone)} {zoneName(zone, new Date(at))}
        </span>
        <span>
          <b>{plain(t.spans.length)}</b> spans of <b>{t.services.length}</b> services
        </span>
        <span>{t.errors > 0 ? <LevelMark value="error" word={`${t.errors} failed`} /> : 'nothing failed'}</span>
      </p>
      <p className={css.acts} style={{ marginTop: '0.75rem' }}>
        <Go look="button" place={{ view: 'logs', search: { q: condition('trace_id', t.trace_id), range: near } }}>
          Its logs ({plain(t.logs.length)})
        </Go>
        {sessions.map((s) => (
          <Go key={s} look="button" place={{ view: 'related', search: { session: s, range: near } }}>
            Session {s}
          </Go>
        ))}
        {cases.map((s) => (
          <Go key={s} look="button" place={{ view: 'related', search: { business_id: s, range: near } }}>
            {s}
          </Go>
        ))}
        <CopyButton text={t.trace_id} word="Copy the trace id" />
      </p>
      {t.notes.length > 0 ? <p className={css.note}>{t.notes.join(' ')}</p> : null}
      <div className={css.columns} data-open={open ? true : undefined}>
        <section className="panel" aria-labelledby="fall">
          <div className="panel-head">
            <h2 id="fall">Where the time went</h2>
            <Segments
              label="Show as"
              items={[
                { value: 'bars', label: 'Waterfall', pressed: !asTable },
                { value: 'table', label: 'Table', pressed: asTable, title: 'Table (T)' },
              ]}
              onPick={toTable}
            />
          </div>
          {asTable ? (
            <Table trace={t} onChoose={choose} />
          ) : (
            <Waterfall key={t.trace_id} trace={t} chosen={open?.key ?? ''} onChoose={choose} />
          )}
        </section>
        {open ? <SpanPanel trace={t} row={open} onClose={() => choose('')} /> : null}
      </div>
      <div className={css.below}>
        <section className="panel" aria-labelledby="who">
          <h2 id="who">Services</h2>
          {t.services.length > 1 ? (
            <ServiceGraph
              nodes={graph.nodes}
              edges={graph.edges}
              sentence={`${t.services.length} services of the trace and their calls. The table below says the same.`}
            />
          ) : null}
          <Services trace={t} />
        </section>
        <section className="panel" aria-labelledby="lines">
          <h2 id="lines">Log lines and events</h2>
          {joined.length === 0 ? (
            <p className="muted">No log line and no event carries this trace.</p>
          ) : (
            <ol className={css.lines}>
              {[...joined]
                .sort((a, b) => a.at - b.at)
                .slice(0, 100)
                .map((r, i) => (
                  <li key={i}>
                    <code className="muted">{lineTime(r.at / 1000, zone)}</code>
                    <span>
                      {r.table === 'logs' ? <LevelMark value={r.level} /> : <strong>{r.name}</strong>}{' '}
                      <strong>{r.service}</strong> <code>{r.body || r.route}</code>
                    </span>
                  </li>
                ))}
            </ol>
          )}
        </section>
      </div>
    </>
  );
}

/** The spans as a table: what the waterfall shows, in words and numbers. */
function Table({ trace: t, onChoose }: { trace: Trace; onChoose: (key: string) => void }) {
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label="Spans as a table">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Span</th>
            <th scope="col" className="r">
              Depth
            </th>
            <th scope="col" className="r">
              Began after
            </th>
            <th scope="col" className="r">
              Took
            </th>
            <th scope="col" className="r">
              By itself
            </th>
            <th scope="col" className="r">
              Critical path
            </th>
            <th scope="col">Outcome</th>
            <th scope="col">Note</th>
          </tr>
        </thead>
        <tbody>
          {rowsOf(t.spans)
            .slice(0, 2000)
            .map(({ span: s, key }) => (
              <tr key={key}>
                <th scope="row">
                  <button type="button" className={css.link} onClick={() => onChoose(key)}>
                    {s.service} {s.name}
                  </button>
                </th>
                <td className="r">{s.depth}</td>
                <td className="r">{seconds((s.start - t.start) / 1e6)}</td>
                <td className="r">{seconds(s.duration)}</td>
                <td className="r">{seconds(s.self)}</td>
                <td className="r">{s.critical ? seconds(s.on_path) : 'no'}</td>
                <td>
                  <LevelMark value={s.status} word={outcome(s.status)} />
                </td>
                <td>{oddities(s).join('; ')}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}

function Services({ trace: t }: { trace: Trace }) {
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label="Services of the trace">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col" className="r">
              Spans
            </th>
            <th scope="col" className="r">
              Failed
            </th>
            <th scope="col" className="r">
              By itself
            </th>
            <th scope="col" className="r">
              Of the critical path
            </th>
          </tr>
        </thead>
        <tbody>
          {t.services.map((s) => (
            <tr key={s.service}>
              <th scope="row">{s.service}</th>
              <td className="r">{plain(s.spans)}</td>
              <td className="r">{plain(s.errors)}</td>
              <td className="r">{seconds(s.self)}</td>
              <td className="r">
                {seconds(s.on_path)}, {plain(s.share * 100, 0)}&thinsp;%
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
