import { Link } from '@tanstack/react-router';
import type { Proposal } from '../../api/govern';
import { Diff } from './Diff';
import css from './Proposal.module.css';
import { count, sentence } from './words';

/** What the proposal does to each policy: in sentences first, then line by line. */
export function Changes({ proposal: p }: { proposal: Proposal }) {
  return (
    <section className="panel" aria-labelledby="change">
      <h2 id="change">
        {p.changes.length > 1 ? `Changes of ${count(p.changes.length, 'policy', 'policies')}` : 'Change'}
      </h2>
      {p.changes.map((c, i) => (
        <div key={`${c.kind}/${c.name}`} className={css.change}>
          {p.changes.length > 1 || c.action !== 'change' ? (
            <h3>
              {c.action === 'create' ? 'New: ' : c.action === 'remove' ? 'Removed: ' : ''}
              {c.title} <span className="muted small">{c.kind}</span>
            </h3>
          ) : null}
          <ul className={css.said}>
            {c.sentences.map((s, n) => (
              <li key={n}>{sentence(s)}</li>
            ))}
          </ul>
          <p className="fine">
            <Link to="/policy/$kind/$name" params={{ kind: c.kind, name: c.name }}>
              {c.kind}/{c.name}
            </Link>
            {c.base > 0 ? `, from revision ${c.base}` : ', new'}
          </p>
          {i < 20 ? (
            <Diff lines={c.diff} label={`Lines of ${c.kind}/${c.name}`} />
          ) : (
            <details>
              <summary>Show its lines</summary>
              <Diff lines={c.diff} label={`Lines of ${c.kind}/${c.name}`} />
            </details>
          )}
        </div>
      ))}
    </section>
  );
}
