import { Link } from '@tanstack/react-router';
import css from './Privacy.module.css';
import { defaults } from './words';

/** What never comes in, in words. */
export function Redacted() {
  return (
    <section className="panel" aria-labelledby="redacted">
      <div className="panel-head">
        <h2 id="redacted">What is taken out before anything is stored</h2>
        <Link to="/policy" search={{ kind: 'Privacy' }}>
          Privacy policies
        </Link>
      </div>
      <dl className={css.defaults}>
        {defaults.map(([what, becomes]) => (
          <div key={what}>
            <dt>{what}</dt>
            <dd>{becomes}</dd>
          </div>
        ))}
      </dl>
      <p className="small muted">
        A Privacy policy can drop, mask, shorten or generalise more, or let only a list of attributes in. It is
        proposed, approved and recorded like every other.
      </p>
    </section>
  );
}
