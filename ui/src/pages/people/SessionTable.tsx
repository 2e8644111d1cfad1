import { Button } from '../../components/kit';
import type { Session } from '../../api/people';
import { Ago } from '../../time/Ago';
import { when } from '../../time/format';
import { useNow } from '../../time/useNow';
import { useZone } from '../../time/zone';
import css from './Tables.module.css';

/** Open sessions, this one marked. */
export function SessionTable({
  sessions,
  busy,
  onEnd,
}: {
  sessions: Session[];
  busy: boolean;
  onEnd?: ((s: Session) => void) | undefined;
}) {
  const zone = useZone();
  const now = useNow(60_000);
  if (sessions.length === 0) return <p className="muted small">No open session.</p>;
  return (
    <table className={`table ${css.cards}`}>
      <thead>
        <tr>
          <th scope="col">Browser</th>
          <th scope="col">From</th>
          <th scope="col">Signed in</th>
          <th scope="col">Last seen</th>
          <th scope="col">
            <span className="vh">What to do</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {sessions.map((s) => (
          <tr key={s.id}>
            <th scope="row">
              {s.browser || 'unknown'}
              {s.current ? <span className="chip">this one</span> : null}
            </th>
            <td data-label="From">
              <code>{s.address || '—'}</code>
            </td>
            <td data-label="Signed in">{when(s.created_at, now, zone)}</td>
            <td data-label="Last seen">
              <Ago at={s.seen_at} />
            </td>
            <td className="r">
              {onEnd && !s.current ? (
                <Button size="compact-xs" disabled={busy} onClick={() => onEnd(s)}>
                  End<span className="vh"> the session of {s.browser}</span>
                </Button>
              ) : null}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
