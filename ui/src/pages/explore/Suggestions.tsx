import { useQuery } from '@tanstack/react-query';
import { metricNamesQuery, metadataQuery } from '../../api/prom';
import { useMemo } from 'react';
import { useMay } from '../../api/status';
import { Empty, Failure, Loading } from '../../components/States';
import css from './Explore.module.css';

/** What a metric is by its name, where nobody says. */
function typeOf(name: string): string {
  if (/_(bucket|sum|count)$/.test(name)) return 'part';
  return name.endsWith('_total') ? 'counter' : 'gauge';
}

/** What to ask first: the metrics that are there, or how to get some. */
export function Suggestions({ onPick }: { onPick: (q: string) => void }) {
  // Types and help are the server's to know; who may not ask it still has the names.
  const server = useMay('read_server') === true;
  const metadata = useQuery({ ...metadataQuery, enabled: server });
  const plainNames = useQuery({ ...metricNamesQuery, enabled: !server });
  const asked = server ? metadata : plainNames;
  const names = Object.entries(
    server
      ? (metadata.data ?? {})
      : Object.fromEntries((plainNames.data ?? []).map((n) => [n, [{ type: typeOf(n), help: '' }]])),
  );
  const examples = useMemo(() => {
    const counter = names.filter(([, m]) => m[0]?.type === 'counter').slice(0, 6);
    const gauge = names.filter(([, m]) => m[0]?.type === 'gauge').slice(0, 6);
    return [
      ...counter.map(([n, m]) => ({ q: `sum(rate(${n}[5m]))`, help: m[0]?.help ?? '' })),
      ...gauge.map(([n, m]) => ({ q: n, help: m[0]?.help ?? '' })),
    ];
  }, [names]);
  if (asked.isPending) return <Loading what="the metrics" rows={1} height={120} />;
  if (asked.isError) {
    return <Failure error={asked.error} what="The list of metrics" retry={() => void asked.refetch()} />;
  }
  if (examples.length === 0) {
    return (
      <Empty title="No metric has arrived yet" action={<a href="/sources">Look at the sources</a>}>
        <p>
          Ask anything in PromQL here; the graph, the table and the query stay in the address, so a link shows the same.
        </p>
      </Empty>
    );
  }
  return (
    <section className="panel" aria-labelledby="suggest">
      <h2 id="suggest">Metrics that have arrived</h2>
      <p className="muted small">Choose one to begin with, or type; {names.length} are known.</p>
      <ul className={css.examples}>
        {examples.map((e) => (
          <li key={e.q}>
            <button type="button" onClick={() => onPick(e.q)}>
              <code>{e.q}</code>
              <span className="fine">{e.help}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
