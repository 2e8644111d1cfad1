import type { Funnel, FunnelStep } from '../../api/usage';
import { Go } from '../explore/Go';
import { MakeKpi } from './MakeKpi';
import css from './Usage.module.css';
import { people, percent, seconds } from './words';

/** One step: how many people, of what, and how long it took them. */
export function Step({
  step: s,
  at,
  kpi,
}: {
  step: FunnelStep;
  at: number;
  kpi: React.ComponentProps<typeof MakeKpi>['ask'] | undefined;
}) {
  return (
    <li>
      <div className={css.stepHead}>
        <span className={css.number}>{at + 1}</span>
        <code>{s.name}</code>
        {kpi ? <MakeKpi of={`Get as far as ${s.name}`} ask={kpi} /> : null}
      </div>
      <div className={css.track}>
        <span className={css.through} aria-hidden="true" style={{ width: `${100 * Math.max(0, s.share ?? 0)}%` }} />
        <span className={css.count}>{people(s.people)}</span>
      </div>
      <p className={css.stepFacts}>
        <span>
          <b>{percent(s.share)}</b> of the first
        </span>
        {at > 0 ? (
          <>
            <span>
              <b>{percent(s.of_before)}</b> of the step before
            </span>
            <span>
              <b>{seconds(s.median)}</b> median, {seconds(s.p90)} for 90 %
            </span>
            <span>
              <b>{people(s.lost)}</b> stopped before it
            </span>
          </>
        ) : null}
      </p>
    </li>
  );
}

/** The steps as a table. */
export function Table({ steps }: { steps: readonly FunnelStep[] }) {
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label="Table of steps">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Step</th>
            {['People', 'Of the first', 'Of the one before', 'Stopped before', 'Median time', '90 % within'].map(
              (h) => (
                <th key={h} scope="col" className="r">
                  {h}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {steps.map((s, i) => (
            <tr key={i}>
              <th scope="row">
                {i + 1}. <code>{s.name}</code>
              </th>
              <td className="r">{people(s.people)}</td>
              <td className="r">{percent(s.share)}</td>
              <td className="r">{i > 0 ? percent(s.of_before) : '—'}</td>
              <td className="r">{i > 0 ? people(s.lost) : '—'}</td>
              <td className="r">{i > 0 ? seconds(s.median) : '—'}</td>
              <td className="r">{i > 0 ? seconds(s.p90) : '—'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Where those who stopped stood: traces that got to the step before and no further. */
export function Lost({ steps }: { steps: readonly FunnelStep[] }) {
  const lost = steps.filter((s) => s.trace_lost.length > 0);
  if (lost.length === 0) return null;
  return (
    <section className="panel" aria-labelledby="lost">
      <div className="panel-head">
        <h2 id="lost">Traces of those lost</h2>
      </div>
      <ul className={`list ${css.lost}`}>
        {lost.map((s) => (
          <li key={s.name}>
            <p className="small">
              Stopped before <code>{s.name}</code>
            </p>
            <p className={css.traces}>
              {s.trace_lost.map((t) => (
                <Go key={t} place={{ view: 'traces', id: t }}>
                  <span className="vh">Trace </span>
                  <code>{t.slice(0, 8)}</code>
                </Go>
              ))}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The same funnel for each value of a field. */
export function Groups({ f, by, range }: { f: Funnel; by: string; range: string }) {
  return (
    <section className="panel" aria-labelledby="groups">
      <div className="panel-head">
        <h2 id="groups">By {by}</h2>
        <span className="small muted">of the first step’s event, the biggest first</span>
      </div>
      <div className="scroll-x" tabIndex={0} role="region" aria-label={`Table by ${by}`}>
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{by}</th>
              {f.steps.map((s, i) => (
                <th key={i} scope="col" className="r">
                  {i + 1}. {s.name.replace(/^name:/, '')}
                </th>
              ))}
              <th scope="col" className="r">
                Through
              </th>
            </tr>
          </thead>
          <tbody>
            {f.groups.map((g) => (
              <tr key={g.value}>
                <th scope="row">
                  <Go
                    place={{ view: 'logs', search: { table: 'events', q: `${by}:${JSON.stringify(g.value)}`, range } }}
                  >
                    {g.value || `without ${by}`}
                  </Go>
                </th>
                {g.steps.map((s, i) => (
                  <td key={i} className="r">
                    {people(s.people)}
                  </td>
                ))}
                <td className="r">{percent(g.steps.at(-1)?.share)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
