import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { metadataQuery } from '../../api/prom';
import { useMay } from '../../api/status';
import { boardQuery } from '../../api/board';
import { Copy } from '../../components/Copy';
import { Choices } from './Choices';
import { proposals } from './config';
import css from './Welcome.module.css';

/** How do I get to a first number? */
export function WelcomePage() {
  const metadata = useQuery({
    ...metadataQuery,
    refetchInterval: 10_000,
    enabled: useMay('read_server') === true,
  });
  const total = useQuery({ ...boardQuery, select: (b) => b.total }).data;
  const list = proposals(metadata.data ?? {});
  return (
    <>
      <title>First run · signalbox</title>
      <header className={css.head}>
        <h1>Get to a first number</h1>
        <p className="muted">
          {total
            ? `${total} ${total === 1 ? 'KPI is' : 'KPIs are'} on the board already. `
            : 'A number, a promise and an owner make a KPI. '}
          Start with whichever is nearest.
          {total ? (
            <>
              {' '}
              <Link to="/">Go to the board</Link>
            </>
          ) : null}
        </p>
      </header>
      <Choices />
      <section className={css.section} aria-labelledby="propose">
        <h2 id="propose">From a metric to a KPI</h2>
        {list.length > 0 ? (
          <>
            <p className="muted">
              These fit the metrics that have arrived. Save one as a file under <code>policies/</code>; it is on the
              board with the next reload. <code>signalbox check</code> says what is wrong with it, if anything.
            </p>
            <ul className={css.proposals}>
              {list.map((p) => (
                <li key={p.name} className="panel">
                  <h3>{p.title}</h3>
                  <Copy text={p.text} label={`the policy ${p.name}`} block />
                </li>
              ))}
            </ul>
          </>
        ) : (
          <p className="muted">
            When the first samples of a service have arrived, KPIs that fit its metric names are proposed here: errors
            of its requests, and how many are fast.
          </p>
        )}
      </section>
    </>
  );
}
