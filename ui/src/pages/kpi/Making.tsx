import { Link } from '@tanstack/react-router';
import { useMay } from '../../api/status';
import type { View } from '../../api/types';
import { LabelSet } from '../../components/LabelSet';
import { lengthWords } from '../../time/format';
import css from './Making.module.css';

/** How this number is made: samples, definition, policy, people; each a step one can go to. */
export function Making({ kpi }: { kpi: View }) {
  const signals = useMay('read_signals') ?? true;
  return (
    <section className="panel" aria-labelledby="making">
      <div className="panel-head">
        <h2 id="making">How this number is made</h2>
      </div>
      <ol className={css.chain}>
        <li>
          <h3>Signals</h3>
          {kpi.indicator.inputs.length > 0 ? (
            <ul>
              {kpi.indicator.inputs.map((name) => (
                <li key={name}>
                  <Link to="/kpi/$name" params={{ name }}>
                    {name}
                  </Link>
                </li>
              ))}
            </ul>
          ) : null}
          {kpi.indicator.metrics.length > 0 ? (
            <ul>
              {kpi.indicator.metrics.map((m) => (
                <li key={m}>
                  {signals ? (
                    <Link to="/explore/metrics" search={{ q: [m] }} className={css.metric}>
                      <code>{m}</code>
                    </Link>
                  ) : (
                    <code className={css.metric}>{m}</code>
                  )}
                </li>
              ))}
            </ul>
          ) : null}
          {signals ? (
            <p className="fine">
              <Link to="/sources">Where they come from</Link>
            </p>
          ) : null}
        </li>
        <li>
          <h3>Number</h3>
          <p className="small">
            <code>{kpi.indicator.text}</code>
          </p>
          <p className="fine">
            {kpi.indicator.kind.replace('_', ' ')} over {kpi.window_text}, every {lengthWords(kpi.period_ms)}, closed{' '}
            {kpi.delay_ms > 0 ? `${lengthWords(kpi.delay_ms)} after its end` : 'at its end'}
            {kpi.by.length > 0 ? `, by ${kpi.by.join(' and ')}` : ''}
          </p>
        </li>
        <li>
          <h3>Promise</h3>
          <p className="small">
            {kpi.promise || 'No threshold'}
            {kpi.thresholds.for_text ? `; ${kpi.thresholds.for_text}` : ''}
            {kpi.objective ? `; ${kpi.objective.display}` : ''}
          </p>
          <p className="fine">
            revision {kpi.revision}
            {kpi.source ? (
              <>
                , <code>{kpi.source}</code>
              </>
            ) : null}
          </p>
        </li>
        <li>
          <h3>People</h3>
          <p className="small">{kpi.owner || 'No owner'}</p>
          <p className="fine">{kpi.page ? `paged with severity ${kpi.page.severity} when breached` : 'not paged'}</p>
          <LabelSet labels={kpi.labels} />
        </li>
      </ol>
    </section>
  );
}
