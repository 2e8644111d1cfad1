import { useRouter } from '@tanstack/react-router';
import type { Mark } from '../api/changes';
import { Icon } from '../components/Icon';
import { exact } from '../time/format';
import { useZone } from '../time/zone';
import css from './MarkCard.module.css';

/** Changes in full: what, who, when, and the way to the evidence. */
export function MarkCard({ marks, onClose }: { marks: Mark[]; onClose: () => void }) {
  const zone = useZone();
  return (
    <div className={css.card}>
      <button type="button" className={css.close} aria-label="Close" onClick={onClose}>
        <Icon name="x" size={14} />
      </button>
      <ul>
        {marks.map((m) => (
          <li key={m.id} className={css.mark}>
            <MarkLetter mark={m} />
            <div className="small">
              <p className={css.title}>{m.title}</p>
              {m.detail ? <p>{m.detail}</p> : null}
              <p className="fine">
                {exact(m.at, zone)}
                {m.actor ? ` · ${m.actor}` : ''}
              </p>
              <MarkLink mark={m} />
            </div>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The letter in its square, its word for those who cannot see it. */
export function MarkLetter({ mark }: { mark: Pick<Mark, 'letter' | 'word'> }) {
  return (
    <span className={css.letter} title={mark.word}>
      <span aria-hidden="true">{mark.letter}</span>
      <span className="vh">{mark.word}: </span>
    </span>
  );
}

/** The way to the evidence: a page of this server, or an address elsewhere. Anything else is no link. */
export function MarkLink({ mark: m }: { mark: Mark }) {
  const router = useRouter();
  const link = m.link ?? '';
  if (/^https?:\/\//i.test(link)) {
    return (
      <a href={link} target="_blank" rel="noreferrer noopener" className={css.link}>
        Look at it <span className="vh">({m.title}) </span>
        <Icon name="external" size={13} />
      </a>
    );
  }
  if (!/^\/(?!\/)/.test(link)) return null;
  return (
    <a
      href={link}
      className={css.link}
      onClick={(e) => {
        if (e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
        e.preventDefault();
        router.history.push(link);
      }}
    >
      {words(link)}
      <span className="vh"> ({m.title})</span>
    </a>
  );
}

function words(path: string): string {
  if (path.startsWith('/audit')) return 'On the audit trail';
  return path.startsWith('/policy/') ? 'The policy and its revisions' : 'Look at it';
}
