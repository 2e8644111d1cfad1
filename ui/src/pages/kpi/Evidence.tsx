import { useQuery } from '@tanstack/react-query';
import { errorsQuery } from '../../api/errors';
import { countQuery, type Row, type Table } from '../../api/rows';
import { tracesQuery, type TraceSummary } from '../../api/traces';
import type { View } from '../../api/types';
import { leadsQuery, newestQuery, peopleQuery, type Leads } from '../../api/usage';
import { Segments } from '../../components/Segments';
import { Failure, Loading } from '../../components/States';
import { compact } from '../../format/number';
import { lightOf } from '../../light/light';
import { clockSeconds, exact } from '../../time/format';
import { fixedRange, resolveRange } from '../../time/range';
import { useNow } from '../../time/useNow';
import { useZone } from '../../time/zone';
import { Go } from '../explore/Go';
import { LevelMark } from '../explore/LevelMark';
import { seconds } from '../explore/rowFields';
import css from './Evidence.module.css';
import type { SetSearch } from './KpiPage';
import { groupOf, type KpiSearch } from './search';

/** A little before the light changed: what caused it came first. */
const leadIn = 5 * 60_000;

type Lead = Leads['searches'][number];
type Span = { from: number; to: number };

/** Where this KPI's trouble can be seen: failing traces, log lines, errors and the people there, each one click away. */
export function Evidence({ kpi, search, set }: { kpi: View; search: KpiSearch; set: SetSearch }) {
  const zone = useZone();
  const now = useNow(30_000);
  const light = lightOf(kpi.light);
  const bad = (light === 'red' || light === 'yellow') && kpi.since > 0;
  const since = bad && search.evidence !== 'range';
  const range = resolveRange(search.range, now);
  const span: Span = since
    ? { from: kpi.since - leadIn, to: now }
    : { from: Math.round(range.from), to: Math.round(range.to) };
  const q = useQuery(leadsQuery(kpi.name, span.from, span.to, groupOf(search.group)));
  const about = q.data?.searches ?? [];
  const failing = about.find((s) => s.table === 'spans' && s.title === 'Failing traces');
  const lines = about.find((s) => s.table === 'logs' && s.title !== 'The log lines it counts');
  const place = about.find((s) => s.title === 'What people did');
  return (
    <section className="panel" aria-labelledby="evidence" aria-busy={q.isPlaceholderData} data-evidence>
      <div className="panel-head">
        <h2 id="evidence">Evidence</h2>
        {bad ? (
          <Segments
            label="Evidence of"
            items={[
              { value: 'since', label: `Since it is ${kpi.word.toLowerCase()}`, pressed: since },
              { value: 'range', label: 'Range shown above', pressed: !since },
            ]}
            onPick={(v) => set({ evidence: v === 'range' ? v : undefined })}
          />
        ) : null}
      </div>
      <p className="small muted">
        From {exact(span.from, zone)} to {exact(span.to, zone)}.
        {q.data && q.data.left.length > 0
          ? ` Logs, traces and events do not have ${q.data.left.join(', ')}, so they are not narrowed by it.`
          : ''}
      </p>
      {q.isError ? (
        <Failure error={q.error} what="The evidence" retry={() => void q.refetch()} />
      ) : !q.data ? (
        <Loading what="the evidence" rows={1} height={120} />
      ) : (
        <>
          <ul className={css.leads}>
            {about.map((l) => (
              <LeadCard key={`${l.table} ${l.title}`} lead={l} span={span} />
            ))}
          </ul>
          <div className={css.lists}>
            {failing ? <Failing where={failing.where} span={span} /> : null}
            {lines ? <Lines where={lines.where} span={span} /> : null}
          </div>
          {place ? <Errors where={place.where} span={span} /> : null}
        </>
      )}
    </section>
  );
}

function tableOf(text: string): Table {
  return text === 'spans' || text === 'events' ? text : 'logs';
}

/** Everything of a search, in Explore. */
function placeOf(l: Lead, s: Span) {
  const range = fixedRange(s.from, s.to);
  if (l.table === 'spans') return { view: 'traces', search: { q: l.where, range } };
  return { view: 'logs', search: { q: l.where, range, ...(l.table === 'events' ? { table: 'events' } : {}) } };
}

/** Who some rows tell of; numbers below zero are of too few to be told. */
function touched({ people, sessions }: { people: number; sessions: number }) {
  const some = (n: number, one: string, more: string) =>
    n < 0 ? `few ${more}` : `${compact(n)} ${n === 1 ? one : more}`;
  const who = people === 0 ? 'no person is named' : some(people, 'person', 'people');
  return sessions === 0 || people < 0 ? who : `${who}, ${some(sessions, 'session', 'sessions')}`;
}

function LeadCard({ lead, span }: { lead: Lead; span: Span }) {
  const table = tableOf(lead.table);
  const asked = { q: lead.where, ...span };
  const n = useQuery(countQuery(table, asked));
  const who = useQuery(peopleQuery({ table, ...asked }));
  const unit = { logs: 'lines', spans: 'spans', events: 'events' }[table];
  return (
    <li>
      <Go place={placeOf(lead, span)}>{lead.title}</Go>
      <p className={css.count}>
        {n.data ? compact(n.data.count) : n.isError ? '—' : '…'} <span>{unit}</span>
      </p>
      <p className="small muted">{who.data ? touched(who.data) : null}</p>
    </li>
  );
}

function Failing({ where, span }: { where: string; span: Span }) {
  const zone = useZone();
  const q = useQuery(tracesQuery({ q: where, ...span }, 5));
  return (
    <div>
      <h3>Newest failing traces</h3>
      {q.data ? (
        q.data.traces.length === 0 ? (
          <p className="small muted">No failing trace is kept of this time.</p>
        ) : (
          <ul className="list">
            {q.data.traces.map((t) => (
              <li key={t.trace_id} className={css.line}>
                <time>{clockSeconds(t.start / 1000, zone)}</time>
                <Go place={{ view: 'traces', id: t.trace_id }} className={css.what ?? ''}>
                  {nameOf(t)}
                </Go>
                <span className="muted">
                  {seconds(t.duration)}, {t.errors} {t.errors === 1 ? 'error' : 'errors'}
                </span>
              </li>
            ))}
          </ul>
        )
      ) : q.isError ? (
        <Failure error={q.error} what="Traces" />
      ) : (
        <Loading what="traces" rows={1} height={90} />
      )}
    </div>
  );
}

function nameOf(t: TraceSummary): string {
  const root = t.root === '' ? t.trace_id.slice(0, 8) : t.root;
  return t.service === '' ? root : `${t.service}: ${root}`;
}

function Lines({ where, span }: { where: string; span: Span }) {
  const zone = useZone();
  const q = useQuery(newestQuery('logs', { q: where, ...span }, 5));
  return (
    <div>
      <h3>Newest log lines</h3>
      {q.data ? (
        q.data.length === 0 ? (
          <p className="small muted">No warning and no error was logged in this time.</p>
        ) : (
          <ul className="list">
            {q.data.map((r, i) => (
              <li key={`${r.time} ${i}`} className={css.line}>
                <time>{clockSeconds(r.time, zone)}</time>
                <LevelMark value={r.level ?? ''} />
                <Go place={placeOfLine(r, where, span)} className={css.what ?? ''}>
                  {r.body ?? r.name ?? r.error_type ?? 'a line without words'}
                </Go>
              </li>
            ))}
          </ul>
        )
      ) : q.isError ? (
        <Failure error={q.error} what="Log lines" />
      ) : (
        <Loading what="log lines" rows={1} height={90} />
      )}
    </div>
  );
}

/** The trace that a line belongs to, which shows the line too; or else the lines. */
function placeOfLine(r: Row, where: string, span: Span) {
  return r.trace_id
    ? { view: 'traces', id: r.trace_id }
    : { view: 'logs', search: { q: where, range: fixedRange(span.from, span.to) } };
}

function Errors({ where, span }: { where: string; span: Span }) {
  const q = useQuery(errorsQuery({ q: where, ...span, sort: 'count', state: '', limit: 5 }));
  const groups = q.data?.groups ?? [];
  if (groups.length === 0) return null;
  const range = fixedRange(span.from, span.to);
  return (
    <div className={css.errors}>
      <h3>Most frequent errors</h3>
      <ul className="list">
        {groups.map((g) => (
          <li key={g.id} className={css.line}>
            <span className={css.times}>{compact(g.count)}</span>
            <Go place={{ view: 'errors', id: g.id, search: { range } }} className={css.what ?? ''}>
              {[g.type, g.message].filter(Boolean).join(': ')}
            </Go>
            <span className="muted">
              {g.people < 0 ? 'few people' : g.people === 0 ? 'nobody named' : `${compact(g.people)} people`}
              {g.state === 'new' ? ', new' : g.state === 'regressed' ? ', came back' : ''}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
