import type { Receipt } from '../api/types';
import { when } from '../time/format';
import { useNow } from '../time/useNow';
import { useZone } from '../time/zone';
import { Icon, type IconName } from './Icon';
import css from './ReceiptLine.module.css';

const words: Record<string, string> = {
  sent: 'Delivered',
  failed: 'Failed',
  silenced: 'Silenced',
  inhibited: 'Inhibited',
  muted: 'Muted by the time of day',
};

function iconOf(r: Receipt): IconName {
  if (r.status === 'failed') return 'x';
  if (r.status !== 'sent') return 'bell-off';
  return r.firing ? 'mail' : 'check';
}

/** What became of one message to people: who, through what, when, and the receiver's own words when it failed. */
export function ReceiptLine({
  receipt: r,
  about,
  link,
}: {
  receipt: Receipt;
  about?: React.ReactNode;
  link?: React.ReactNode;
}) {
  const zone = useZone();
  const now = useNow(60_000);
  const groups = Object.values(r.group).join(', ');
  return (
    <li className={css.line}>
      <span className={css.icon} data-status={r.status}>
        <Icon name={iconOf(r)} size={15} />
      </span>
      <div className="small">
        <p>
          <strong>{words[r.status] ?? r.status}</strong> {r.firing ? 'page' : 'all-clear'} to {r.receiver}
          {r.integration ? ` by ${r.integration.replace(/\[\d+\]$/, '')}` : ''}
        </p>
        {about ? <p>{about}</p> : null}
        {r.error ? <p className={css.error}>{r.error}</p> : null}
        <p className="fine">
          {when(r.at, now, zone)}
          {groups ? ` · ${groups}` : ''}
          {r.attempt > 1 ? ` · attempt ${r.attempt}` : ''}
          {link ? <> · {link}</> : null}
        </p>
      </div>
    </li>
  );
}
