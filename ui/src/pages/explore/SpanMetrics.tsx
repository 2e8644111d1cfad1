import { queryOptions, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { prom } from '../../api/client';
import { exemplarsQuery } from '../../api/prom';
import { fixedRange } from '../../time/range';
import { exemplarName, exemplarValue } from './exemplar';
import { questionOf } from './questions';
import { promQuote } from './selector';
import css from './Trace.module.css';

const minute = 60_000;
const wanted = 8;
/** What the name of a service may be called on a metric: by our own, by OTLP and by scraping. */
const names = ['service', 'service_name', 'job'] as const;

/** The metrics that a service had then, and the label that names it on them. */
function metricsOf(service: string, at: number) {
  return queryOptions({
    queryKey: ['prom', 'of', service, Math.floor(at / minute)],
    queryFn: async ({ signal }) => {
      for (const label of names) {
        const q = new URLSearchParams({
          start: String((at - 15 * minute) / 1000),
          end: String((at + 15 * minute) / 1000),
          limit: '200',
          'match[]': `{${label}=${promQuote(service)}}`,
        });
        const found = await prom('/label/__name__/values', q, signal);
        const metrics = Array.isArray(found) ? found.filter((n): n is string => typeof n === 'string') : [];
        if (metrics.length > 0) return { label, metrics };
      }
      return { label: 'service', metrics: [] };
    },
    staleTime: 300_000,
  });
}

/** The metrics of a span's service at its moment, first those in which this very trace was measured. */
export function SpanMetrics({ service, trace, at }: { service: string; trace: string; at: number }) {
  const found = useQuery(metricsOf(service, at)).data;
  const selector = `{${found?.label ?? 'service'}=${promQuote(service)}}`;
  const near = useQuery({
    ...exemplarsQuery(selector, at - minute, at + minute),
    enabled: (found?.metrics.length ?? 0) > 0,
  });
  if (!found || found.metrics.length === 0) return null;
  const own = (near.data ?? []).filter((e) => e.trace === trace).slice(0, wanted);
  const rank = (n: string) => (n.endsWith('_bucket') ? 0 : n.endsWith('_total') ? 1 : /_(count|sum)$/.test(n) ? 3 : 2);
  const some = [...found.metrics].sort((a, b) => rank(a) - rank(b)).slice(0, wanted);
  const range = fixedRange(at - 15 * minute, at + 15 * minute);
  return (
    <section aria-label="Metrics then">
      <h3>Metrics of {service} then</h3>
      <ul className={`${css.lines} ${css.single}`}>
        {own.map((e, i) => (
          <li key={i}>
            <span>
              This trace was measured in{' '}
              <Link
                to="/explore/metrics"
                search={{ q: [questionOf(e.metric.__name__ ?? '', found.label, service)], range }}
              >
                <code>{exemplarName(e.metric)}</code>
              </Link>
              : {exemplarValue(e)}
            </span>
          </li>
        ))}
        {some.map((n) => (
          <li key={n}>
            <Link to="/explore/metrics" search={{ q: [questionOf(n, found.label, service)], range }}>
              <code>{n}</code>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
