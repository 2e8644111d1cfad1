import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import type { Board, Change, Happening, Source } from '../../api/types';
import { LightShape } from '../../light/Light';
import { lightOf } from '../../light/light';
import { Ago } from '../../time/Ago';
import { span, when } from '../../time/format';
import { useNow } from '../../time/useNow';
import { useZone } from '../../time/zone';
import css from './Side.module.css';

/** What happens now, what changed, and whether the data can be trusted. */
export const Side = memo(function Side({ board }: { board: Board }) {
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
        {board.changes.length === 0 ? (
          <p className="muted small">No change of a policy or the configuration is on record.</p>
        ) : (
          <ul className="list">
            {board.changes.slice(0, 6).map((c, i) => (
              <Changed key={`${c.at}${i}`} item={c} />
            ))}
          </ul>
        )}
      </section>
      <section className="panel" aria-labelledby="side-trust">
        <div className="panel-head">
          <h2 id="side-trust">Can I trust this?</h2>
          <Link to="/sources" className="small">
            Sources
          </Link>
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

function Changed({ item }: { item: Change }) {
  const zone = useZone();
  const now = useNow(60_000);
  return (
    <li className={css.item}>
      <span className={css.letter} title={item.word}>
        <span aria-hidden="true">{item.letter}</span>
        <span className="vh">{item.word}: </span>
      </span>
      <div className="small">
        {item.kpi ? (
          <Link to="/kpi/$name" params={{ name: item.kpi }} className={css.title}>
            {item.title}
          </Link>
        ) : (
          <span className={css.title}>{item.title}</span>
        )}
        <p className="fine">
          {when(item.at, now, zone)}
          {item.detail ? ` · ${item.detail}` : ''}
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
