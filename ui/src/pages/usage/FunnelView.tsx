import { useQuery } from '@tanstack/react-query';
import { ApiError } from '../../api/client';
import { facetsQuery, fieldsQuery } from '../../api/rows';
import { funnelQuery, type Funnel, type FunnelStep, type Order } from '../../api/usage';
import { Pick } from '../../components/Pick';
import { Segments } from '../../components/Segments';
import { Empty, Failure, Loading } from '../../components/States';
import { compact } from '../../format/number';
import { Go } from '../explore/Go';
import { fixedRange } from '../../time/range';
import { Builder } from './Builder';
import { MakeKpi } from './MakeKpi';
import { Notes } from './Parts';
import { lengthOf } from './state';
import css from './Usage.module.css';
import type { ViewProps } from './UsagePage';
import { people, percent, seconds } from './words';

const orders: { value: Order; label: string; title: string }[] = [
  { value: 'sequential', label: 'In order', title: 'Anything may come between' },
  { value: 'strict', label: 'Directly', title: 'Nothing may come between' },
  { value: 'any', label: 'Any order', title: 'All of them, however they come' },
];
const windows = ['30m', '1h', '24h', '7d', '30d'];

/** How many people get through steps, and where the others stop. */
export function FunnelView(props: ViewProps) {
  const { search, set, app, from, to } = props;
  const { steps, order, exclude, by } = search;
  const within = search.within || '7d';
  const asked = {
    ...app,
    from,
    to,
    step: steps,
    order,
    within: (lengthOf(within) ?? 604_800_000) / 1000,
    exclude,
    ...(by ? { by } : {}),
    ...(search.q ? { q: search.q } : {}),
  };
  const q = useQuery({ ...funnelQuery(asked), enabled: steps.length > 0 });
  const fields = useQuery(fieldsQuery('events', from, to)).data;
  const choices = [...(fields?.fields ?? []).map((f) => f.name), ...(fields?.attributes ?? [])].filter(
    (f) =>
      !['time', 'user', 'session', 'trace_id', 'span_id', 'parent_id', 'body', 'detail', 'business_id'].includes(f),
  );
  const wrong = q.error instanceof ApiError && q.error.status < 500 ? q.error.message : undefined;
  return (
    <div className={css.sides}>
      <section className={`panel ${css.builder} no-print`} aria-labelledby="steps">
        <h2 id="steps">Steps</h2>
        <Builder {...props} />
        <div className={css.toggles}>
          <Segments
            label="How steps follow each other"
            items={orders.map((o) => ({ ...o, pressed: o.value === order }))}
            onPick={(v) => set({ order: v === 'sequential' ? undefined : v })}
          />
          <Pick
            label="Within"
            value={within}
            options={windows.map((w) => ({ value: w, label: w.replace(/(\d+)/, '$1\u2009') }))}
            onChange={(v) => set({ within: v === '7d' ? undefined : v })}
          />
          <Pick
            label="Broken down by"
            value={by}
            options={[{ value: '', label: 'nothing' }, ...choices.map((c) => ({ value: c, label: c }))]}
            onChange={(v) => set({ by: v || undefined })}
          />
        </div>
      </section>
      <div className="stack" aria-busy={q.isPlaceholderData}>
        {steps.length === 0 ? (
          <First {...props} />
        ) : wrong ? (
          <p className={css.wrong} role="alert">
            {wrong}
          </p>
        ) : q.isError ? (
          <Failure error={q.error} what="The funnel" retry={() => void q.refetch()} />
        ) : q.data ? (
          <Result {...props} f={q.data} within={asked.within} />
        ) : (
          <Loading what="the funnel" rows={1} height={280} />
        )}
      </div>
    </div>
  );
}

/** Before the first step: what a funnel is, and the events that were heard to begin one with. */
function First({ set, from, to }: ViewProps) {
  const names = useQuery(facetsQuery('events', { q: '', from, to }, ['name'], 8)).data?.[0]?.values ?? [];
  return (
    <Empty
      title="Which steps should people get through?"
      action={
        names.length > 0 ? (
          <p className={css.tries}>
            {names
              .filter((n) => n.value !== '')
              .map((n) => (
                <button key={n.value} type="button" onClick={() => set({ step: [`name:${n.value}`] }, true)}>
                  <code>{n.value}</code>
                </button>
              ))}
          </p>
        ) : undefined
      }
    >
      <p>
        Write a search for each step: it shows how many people do one after the other, how long they take, and the
        traces of those who do not get on. {names.length > 0 ? 'Begin with an event:' : ''}
      </p>
    </Empty>
  );
}

function Result({ f, within, search, app, from, to }: ViewProps & { f: Funnel; within: number }) {
  const first = f.steps[0];
  const last = f.steps.at(-1);
  const kpi = (step: number, share: number | null) => ({
    view: 'funnel' as const,
    step,
    steps: search.steps,
    order: search.order,
    within,
    ...(search.q ? { q: search.q } : {}),
    ...app,
    ...(share ? { value: share } : {}),
  });
  return (
    <>
      <section className="panel" aria-labelledby="funnel">
        <div className="panel-head">
          <h2 id="funnel">People who get through</h2>
          <span className="small muted">
            {compact(f.events)} events{f.excluded !== 0 ? `, ${people(f.excluded)} people taken out by exclusions` : ''}
          </span>
        </div>
        {f.steps.length > 1 ? (
          <p className={css.headline}>
            <strong>{percent(last?.share)}</strong>{' '}
            <span>
              of {people(first?.people)} people who began got to the last step: {people(last?.people)}
            </span>
          </p>
        ) : null}
        {search.table ? (
          <Table steps={f.steps} />
        ) : (
          <ol className={css.funnel}>
            {f.steps.map((s, i) => (
              <Step
                key={i}
                step={s}
                at={i}
                kpi={i > 0 && search.exclude.length === 0 ? kpi(i + 1, s.share) : undefined}
              />
            ))}
          </ol>
        )}
        <Notes
          notes={f.notes}
          more={f.ties > 0 ? [`${people(f.ties)} people have steps of the same instant: arrival decided.`] : []}
        />
      </section>
      <Lost steps={f.steps} />
      {f.groups.length > 0 ? <Groups f={f} by={search.by} range={fixedRange(from, to)} /> : null}
    </>
  );
}

function Step({
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

function Table({ steps }: { steps: readonly FunnelStep[] }) {
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
function Lost({ steps }: { steps: readonly FunnelStep[] }) {
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

function Groups({ f, by, range }: { f: Funnel; by: string; range: string }) {
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
