import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import { changesQuery, type Mark } from '../../api/changes';
import { useMay } from '../../api/status';
import type { Board, Happening, Source } from '../../api/types';
import { MarkLetter } from '../../chart/MarkCard';
import { LightShape } from '../../light/Light';
import { lightOf } from '../../light/light';
import { Ago } from '../../time/Ago';
import { span, when } from '../../time/format';
import { useNow } from '../../time/useNow';
import { useZone } from '../../time/zone';
import css from './Side.module.css';

/** What happens now, what changed, and whether the data can be trusted. */
export const Side = memo(function Side({ board }: { board: Board }) {
  const signals = useMay('read_signals') ?? true;
  return (
    <aside className={css.side} aria-label="Now, changes and data">
      <section className="panel" aria-labelledby="side-now">
        <div className="panel-head">
          <h2 id="side-now">Happening now</h2>
          <Link to="/alerts" className="small">
            Alerts
          </Link>
        </div>
        {board.now.length === 0 ? (
          <p className="muted small">Nobody is being paged and nothing is muted.</p>
        ) : (
          <ul className="list">
            {board.now.slice(0, 8).map((n) => (
              <Now key={`${n.kind}${n.fingerprint}${n.silence_id}${n.kpi}`} item={n} />
            ))}
          </ul>
        )}
      </section>
      <section className="panel" aria-labelledby="side-changed">
        <div className="panel-head">
          <h2 id="side-changed">What changed</h2>
        </div>
        <Changes board={board} />
      </section>
      <section className="panel" aria-labelledby="side-trust">
        <div className="panel-head">
          <h2 id="side-trust">Can I trust this?</h2>
          {signals ? (
            <Link to="/sources" className="small">
              Sources
            </Link>
          ) : null}
        </div>
        <ul className="list">
          {board.sources.late.slice(0, 5).map((s) => (
            <Late key={s.id} source={s} />
          ))}
          <Rest board={board} />
        </ul>
      </section>
    </aside>
  );
});

function Now({ item }: { item: Happening }) {
  const zone = useZone();
  const now = useNow(60_000);
  return (
    <li className={css.item}>
      <LightShape state={item.light === 'paused' ? 'paused' : lightOf(item.light)} size={17} />
      <div className="small">
        {item.kpi ? (
          <Link to="/kpi/$name" params={{ name: item.kpi }} className={css.title}>
            {item.title}
          </Link>
        ) : (
          <span className={css.title}>{item.title}</span>
        )}
        <p>{item.detail}</p>
        <p className="fine">
          {item.kind === 'pause' && item.until > 0 ? (
            `until ${when(item.until, now, zone)}`
          ) : (
            <>
              since {when(item.since, now, zone)}, <Ago at={item.since} bare />
            </>
          )}
        </p>
      </div>
    </li>
  );
}

/** The newest changes of the last week, the same as the charts' flags. */
function Changes({ board }: { board: Board }) {
  const hour = useNow(3_600_000);
  const changes = useQuery(changesQuery(hour - 7 * 86_400_000));
  const list = (changes.data ?? []).slice(-6).reverse();
  if (list.length === 0) {
    return (
      <p className="muted small">{changes.isPending ? 'Looking…' : 'No change is on record for the last week.'}</p>
    );
  }
  return (
    <ul className="list">
      {list.map((m) => (
        <Changed key={m.id} mark={m} about={board.tiles.find((t) => t.name === m.kpi)?.title} />
      ))}
    </ul>
  );
}

/** What failed from ten minutes before an instant to an hour after it. */
function around(at: number, view: 'logs' | 'traces'): Record<string, string> {
  const q = view === 'logs' ? 'level:>=error' : 'status:error';
  return { q, range: `${at - 600_000}-${at + 3_600_000}` };
}

function Changed({ mark: m, about }: { mark: Mark; about: string | undefined }) {
  const signals = useMay('read_signals') ?? false;
  const zone = useZone();
  const now = useNow(60_000);
  return (
    <li className={css.item}>
      <MarkLetter mark={m} />
      <div className="small">
        {m.kpi && about ? (
          <>
            <Link to="/kpi/$name" params={{ name: m.kpi }} className={css.title}>
              {about}
            </Link>
            <p>{m.title}</p>
          </>
        ) : (
          <span className={css.title}>{m.title}</span>
        )}
        {m.detail ? <p className={css.clamp}>{m.detail}</p> : null}
        <p className="fine">
          {when(m.at, now, zone)}
          {m.actor && !m.title.includes(m.actor) ? ` · ${m.actor}` : ''}
          {signals ? (
            <>
              {' · '}
              {(['traces', 'logs'] as const).map((view, i) => (
                <span key={view}>
                  {i > 0 ? ', ' : ''}
                  <Link to="/explore/$view" params={{ view }} search={around(m.at, view)}>
                    {view}
                    <span className="vh"> after {m.title}</span>
                  </Link>
                </span>
              ))}
            </>
          ) : null}
        </p>
      </div>
    </li>
  );
}

function Late({ source }: { source: Source }) {
  return (
    <li className={css.item}>
      <LightShape state="grey" size={17} />
      <div className="small">
        <Link to="/sources" hash={source.id} className={css.title}>
          {source.job || source.id} is {source.health === 'down' ? 'down' : 'late'}
        </Link>
        <p className={css.clamp}>{source.last_error || source.hint}</p>
        <p className="fine">
          {source.last_at > 0 ? (
            <>
              last heard <Ago at={source.last_at} />, expected every {span(source.interval_ms)}
            </>
          ) : (
            'never heard'
          )}
        </p>
      </div>
    </li>
  );
}

function Rest({ board }: { board: Board }) {
  const { on_time: onTime, total, late } = board.sources;
  if (total === 0) {
    return (
      <li className={css.item}>
        <LightShape state="grey" size={17} />
        <div className="small">
          No source is connected yet. <Link to="/welcome">Connect one</Link>
        </div>
      </li>
    );
  }
  return (
    <li className={css.item}>
      <LightShape state={onTime > 0 ? 'green' : 'grey'} size={17} />
      <div className="small">
        {late.length === 0
          ? `${total === 1 ? 'The source is' : `All ${total} sources are`} on time`
          : `${onTime} other ${onTime === 1 ? 'source' : 'sources'} on time`}
      </div>
    </li>
  );
}
