import { useExpireSilence } from '../../api/alerts';
import { useMay } from '../../api/status';
import type { Silence } from '../../api/types';
import { LightShape } from '../../light/Light';
import { exact, when } from '../../time/format';
import { useNow } from '../../time/useNow';
import { useZone } from '../../time/zone';
import css from './Alerts.module.css';
import { matcherText } from './matcher';

/** What is muted, until when and why. */
export function Silences({ silences, onEdit }: { silences: Silence[]; onEdit: (s: Silence) => void }) {
  const live = silences.filter((s) => s.state !== 'expired');
  const over = silences.filter((s) => s.state === 'expired');
  return (
    <section className="panel" aria-labelledby="silences">
      <div className="panel-head">
        <h2 id="silences">Silences</h2>
      </div>
      {live.length === 0 ? <p className="muted small">Nothing is silenced.</p> : null}
      <ul className="list">
        {live.map((s) => (
          <SilenceRow key={s.id} silence={s} onEdit={onEdit} />
        ))}
      </ul>
      {over.length > 0 ? (
        <details className={css.expired}>
          <summary>{over.length} ended lately</summary>
          <ul className="list">
            {over.slice(0, 20).map((s) => (
              <SilenceRow key={s.id} silence={s} onEdit={onEdit} />
            ))}
          </ul>
        </details>
      ) : null}
    </section>
  );
}

function SilenceRow({ silence: s, onEdit }: { silence: Silence; onEdit: (s: Silence) => void }) {
  const zone = useZone();
  const now = useNow(30_000);
  const expire = useExpireSilence();
  const may = useMay('write_silences') ?? false;
  const over = s.state === 'expired';
  const what = s.matchers.map(matcherText).join(', ');
  return (
    <li className={css.silence}>
      <LightShape
        state={over ? 'grey' : 'paused'}
        size={17}
        title={over ? 'Ended' : s.state === 'pending' ? 'Pending' : 'In force'}
      />
      <div className="small">
        <p>
          <code>{what}</code>
        </p>
        <p>{s.comment}</p>
        <p className="fine">
          {over ? 'ended' : s.state === 'pending' ? `from ${when(s.starts_at, now, zone)} until` : 'until'}{' '}
          <time dateTime={new Date(s.ends_at).toISOString()} title={exact(s.ends_at, zone)}>
            {when(s.ends_at, now, zone)}
          </time>
          {s.created_by ? ` · ${s.created_by}` : ''}
        </p>
        {expire.isError ? <p className={css.error}>{expire.error.message}</p> : null}
        {over || !may ? null : (
          <p className={`${css.silenceActions} no-print`}>
            <button type="button" className={css.action} onClick={() => onEdit(s)}>
              Change<span className="vh"> {what}</span>
            </button>
            <button
              type="button"
              className={css.action}
              disabled={expire.isPending}
              onClick={() => expire.mutate(s.id)}
            >
              End now<span className="vh"> {what}</span>
            </button>
          </p>
        )}
      </div>
    </li>
  );
}
