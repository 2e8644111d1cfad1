import { useQuery } from '@tanstack/react-query';
import { Fragment } from 'react';
import { relatedQuery, type JoinKey, type Related, type TraceRow } from '../../api/traces';
import { Segments } from '../../components/Segments';
import { Empty, Failure, Loading } from '../../components/States';
import { plain } from '../../format/number';
import { exact, span } from '../../time/format';
import { useZone } from '../../time/zone';
import { Frame } from './Frame';
import { Go } from './Go';
import { condition } from './language';
import { LevelMark } from './LevelMark';
import logs from './Logs.module.css';
import { RangeBar } from './RangeBar';
import css from './Related.module.css';
import { lineTime, seconds } from './rowFields';
import { useSignalState } from './state';
import { useAsked } from './useAsked';

const words: Record<JoinKey, string> = {
  session: 'Session',
  business_id: 'Case',
  user: 'Person',
  trace_id: 'Trace',
};
const pause = 60_000;

/** Everything of one session, case or person, in the order of time. */
export function RelatedPage() {
  const { search, set } = useSignalState();
  const period = useAsked('', search.range, set, '24h');
  const key: JoinKey = search.session !== '' ? 'session' : search.business_id !== '' ? 'business_id' : 'user';
  const id = search[key];
  const found = useQuery({ ...relatedQuery(key, id, period.asked.from, period.asked.to), enabled: id !== '' });
  return (
    <>
      <title>{`${words[key]} · signalbox`}</title>
      <Frame view="related" title={id === '' ? 'What belongs together' : `${words[key]} ${id}`} range={search.range} />
      <div className={logs.ask}>
        <p className="muted grow">
          {key === 'user'
            ? 'A person is known here by a pseudonym. What they did, what the programs said and what was called for it, in the order of time.'
            : 'What people did, what the programs said and what was called for it, in the order of time.'}
        </p>
        <div className={`${logs.tools} no-print`}>
          <RangeBar value={search.range} period={period} fallback="24h" />
        </div>
      </div>
      {id === '' ? (
        <Empty title="Nothing is named" action={<a href="/explore/logs">Search the logs</a>}>
          <p>Open a line and choose its session, its case or its person.</p>
        </Empty>
      ) : found.data ? (
        <Story
          data={found.data}
          only={search.state}
          by={{ key, id }}
          range={search.range}
          onOnly={(v) => set({ state: v || undefined })}
        />
      ) : found.isError ? (
        <Failure error={found.error} what="What belongs together" retry={() => void found.refetch()} />
      ) : (
        <Loading what="what belongs together" rows={2} height={180} />
      )}
    </>
  );
}

function Story({
  data: d,
  only,
  by,
  range,
  onOnly,
}: {
  data: Related;
  only: string;
  by: { key: JoinKey; id: string };
  range: string;
  onOnly: (v: string) => void;
}) {
  const zone = useZone();
  if (d.rows.length === 0) {
    return (
      <Empty title="Nothing is kept of it in this range">
        <p>A longer range may have some, or it is not yours to see.</p>
      </Empty>
    );
  }
  const rows = d.rows.filter((r) => only === '' || r.table === only);
  const first = d.rows[0]?.at ?? 0;
  const last = d.rows.at(-1)?.at ?? 0;
  const keep = { range: range || undefined };
  return (
    <>
      <p className={css.counts}>
        <span>
          {exact(first / 1000, zone)}, <b>{span((last - first) / 1000)}</b>
        </span>
        {(['events', 'logs', 'spans'] as const).map((t) => (
          <span key={t}>
            <b>{plain(d.counts[t] ?? 0)}</b> {t === 'logs' ? 'log lines' : t}
          </span>
        ))}
        <span>
          Services <b>{d.services.join(', ')}</b>
        </span>
        {d.releases.length > 0 ? (
          <span>
            Release <b>{d.releases.join(', ')}</b>
          </span>
        ) : null}
      </p>
      <p className={css.ids}>
        {by.key === 'trace_id' ? null : (
          <Go look="button" place={{ view: 'logs', search: { q: condition(by.key, by.id), ...keep } }}>
            Search its log lines
          </Go>
        )}
        {d.sessions
          .filter((s) => s !== by.id)
          .slice(0, 4)
          .map((s) => (
            <Go key={s} look="button" place={{ view: 'related', search: { session: s, ...keep } }}>
              Session {s}
            </Go>
          ))}
        {d.business_ids
          .filter((s) => s !== by.id)
          .slice(0, 4)
          .map((s) => (
            <Go key={s} look="button" place={{ view: 'related', search: { business_id: s, ...keep } }}>
              {s}
            </Go>
          ))}
      </p>
      <section className="panel" aria-label="In the order of time">
        <div className="panel-head">
          <p className={logs.count} role="status">
            {plain(rows.length)} {d.cut ? 'of more' : 'in all'}
          </p>
          <Segments
            label="Show"
            items={[
              { value: '', label: 'All', pressed: only === '' },
              { value: 'events', label: 'Events', pressed: only === 'events' },
              { value: 'logs', label: 'Logs', pressed: only === 'logs' },
              { value: 'spans', label: 'Spans', pressed: only === 'spans' },
            ]}
            onPick={onOnly}
          />
        </div>
        <ol className={css.path}>
          {rows.map((r, i) => {
            const rest = (r.at - (rows[i - 1]?.at ?? r.at)) / 1000;
            return (
              <Fragment key={i}>
                {rest > pause ? <li className={css.gap}>{span(rest)} later</li> : null}
                <Step row={r} zone={zone} />
              </Fragment>
            );
          })}
        </ol>
        {d.notes.length > 0 ? <p className="fine">{d.notes.join(' ')}</p> : null}
      </section>
    </>
  );
}

function Step({ row: r, zone }: { row: TraceRow; zone: 'UTC' | 'local' }) {
  const bad = r.status === 'error' || r.level === 'error' || r.level === 'fatal';
  return (
    <li>
      <code>{lineTime(r.at / 1000, zone)}</code>
      {r.table === 'logs' ? (
        <LevelMark value={r.level} />
      ) : bad ? (
        <LevelMark value="error" word="failed" />
      ) : (
        <span className={css.kind}>{r.table === 'events' ? 'event' : 'span'}</span>
      )}
      <span className={css.text}>
        <strong>{r.service}</strong> {r.table === 'logs' ? <code>{r.body}</code> : `${r.name} ${r.route}`}
        {r.table === 'spans' ? <span className="muted"> {seconds(r.duration)}</span> : null}
        {r.table !== 'logs' && r.body ? <code> {r.body}</code> : null}
      </span>
      {r.trace_id ? (
        <Go place={{ view: 'traces', id: r.trace_id, search: { span: r.span_id || undefined } }} className="small">
          Trace
        </Go>
      ) : null}
    </li>
  );
}
