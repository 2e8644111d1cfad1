import { useQuery } from '@tanstack/react-query';
import { ApiError } from '../../api/client';
import { facetsQuery, fieldsQuery } from '../../api/rows';
import { funnelQuery, type Funnel, type Order } from '../../api/usage';
import { Pick } from '../../components/Pick';
import { Segments } from '../../components/Segments';
import { Empty, Failure, Loading } from '../../components/States';
import { compact } from '../../format/number';
import { fixedRange } from '../../time/range';
import { Builder } from './Builder';
import { Notes } from './Parts';
import { lengthOf } from './state';
import css from './Usage.module.css';
import type { ViewProps } from './UsagePage';
import { people, percent } from './words';
import { Groups, Lost, Step, Table } from './FunnelSteps';

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
