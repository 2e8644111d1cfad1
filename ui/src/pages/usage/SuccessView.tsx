import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError } from '../../api/client';
import { facetsQuery } from '../../api/rows';
import { successQuery, type Success } from '../../api/usage';
import { Segments } from '../../components/Segments';
import { Empty, Failure, Loading } from '../../components/States';
import { compact } from '../../format/number';
import { exact } from '../../time/format';
import { fixedRange } from '../../time/range';
import { useZone } from '../../time/zone';
import { Go } from '../explore/Go';
import { MakeKpi } from './MakeKpi';
import { Notes } from './Parts';
import { SearchField } from './SearchField';
import { lengthOf } from './state';
import { Trend, TrendTable } from './Trend';
import css from './Usage.module.css';
import type { ViewProps } from './UsagePage';
import { finePercent, fromFirst, seconds } from './words';

/** How many transactions came to their end in time, and what became of the others. */
export function SuccessView(props: ViewProps) {
  const { search, set, app, from, to } = props;
  const { start, end, fail, rows } = search;
  const within = search.within || '30s';
  const day = 86_400_000;
  const period = search.period || (to - from > 60 * day ? 'week' : 'day');
  const ready = start !== '' && end !== '';
  const asked = {
    ...app,
    from,
    to,
    table: rows,
    start,
    end,
    within: (lengthOf(within) ?? 30_000) / 1000,
    period,
    ...(fail ? { fail } : {}),
    ...(search.q ? { q: search.q } : {}),
  } as const;
  const q = useQuery({ ...successQuery(asked), enabled: ready });
  const wrong = q.error instanceof ApiError && q.error.status < 500 ? q.error.message : undefined;
  const field = (label: string, key: string, value: string, placeholder: string) => (
    <SearchField
      label={label}
      placeholder={placeholder}
      value={value}
      table={rows}
      from={from}
      to={to}
      onChange={(v) => set({ [key]: v || undefined }, true)}
    />
  );
  return (
    <div className="stack" aria-busy={q.isPlaceholderData}>
      <section className={`panel ${css.choices} no-print`} aria-label="What a transaction is">
        {field('It starts with', 'start', start, 'name:filing_submitted')}
        {field('It ends well with', 'end', end, 'name:filing_accepted')}
        {field('It fails with (if told)', 'fail', fail, 'name:filing_rejected')}
        <Within key={within} value={within} onChange={(v) => set({ within: v === '30s' ? undefined : v }, true)} />
        <div className={css.toggles}>
          <Segments
            label="Rows of"
            items={(['events', 'spans', 'logs'] as const).map((t) => ({
              value: t,
              label: t.charAt(0).toUpperCase() + t.slice(1),
              pressed: t === rows,
            }))}
            onPick={(v) => set({ table: v === 'events' ? undefined : v })}
          />
          <span className="small muted">joined by their business id: a case, payment or filing</span>
        </div>
      </section>
      {!ready ? (
        <First {...props} />
      ) : wrong ? (
        <p className={css.wrong} role="alert">
          {wrong}
        </p>
      ) : q.isError ? (
        <Failure error={q.error} what="Success" retry={() => void q.refetch()} />
      ) : !q.data ? (
        <Loading what="the transactions" rows={2} height={200} />
      ) : q.data.started === 0 ? (
        <Empty title="No transaction began in this time">
          <p>No row with a business id matches the start within the range, or the applications chosen have none.</p>
        </Empty>
      ) : (
        <Result {...props} s={q.data} period={period} within={asked.within} />
      )}
    </div>
  );
}

function Within({ value, onChange }: { value: string; onChange: (v: string) => void }) {
  const [text, setText] = useState(value);
  const bad = lengthOf(text) === null;
  const take = () => {
    if (!bad && text.trim() !== value) onChange(text.trim());
  };
  return (
    <label className={css.within}>
      <span>Within</span>
      <input
        value={text}
        aria-invalid={bad || undefined}
        onChange={(e) => setText(e.currentTarget.value)}
        onBlur={take}
        onKeyDown={(e) => {
          if (e.key === 'Enter') take();
        }}
      />
      {bad ? <span className={css.bad}>Want a length such as 500ms, 30s, 5m or 2h.</span> : null}
    </label>
  );
}

function First({ set, from, to, search }: ViewProps) {
  const names =
    useQuery(facetsQuery(search.rows, { q: 'business_id:*', from, to }, ['name'], 8)).data?.[0]?.values ?? [];
  return (
    <Empty
      title="What begins a transaction, and what ends it well?"
      action={
        names.length > 0 && search.start === '' ? (
          <p className={css.tries}>
            {names
              .filter((n) => n.value !== '')
              .map((n) => (
                <button key={n.value} type="button" onClick={() => set({ start: `name:${n.value}` }, true)}>
                  <code>{n.value}</code>
                </button>
              ))}
          </p>
        ) : undefined
      }
    >
      <p>
        Rows of one business id are joined: begun, then ended in time, late, failed or never.{' '}
        {names.length > 0 && search.start === '' ? 'These carry one:' : ''}
      </p>
    </Empty>
  );
}

const outcomes = [
  { key: 'succeeded', name: 'Ended in time', tone: 'good' },
  { key: 'late', name: 'Late', tone: 'late' },
  { key: 'failed', name: 'Failed', tone: 'bad' },
  { key: 'missing', name: 'Never ended', tone: 'none' },
  { key: 'open', name: 'Time not up yet', tone: 'open' },
] as const;

function Result({
  s,
  period,
  within,
  search,
  app,
  from,
  to,
}: ViewProps & { s: Success; period: 'day' | 'week' | 'month'; within: number }) {
  const points = fromFirst(s.points, (p) => p.started === 0);
  const trend = {
    what: `Share that ended in time, per ${period}`,
    period,
    at: points.map((p) => p.at),
    whole: points.map((p) => p.complete),
    lines: [{ name: 'ended in time', values: points.map((p) => p.share) }],
    show: finePercent,
  };
  const kpi = {
    view: 'success' as const,
    table: search.rows,
    start: search.start,
    end: search.end,
    within,
    ...(search.fail ? { fail: search.fail } : {}),
    ...(search.q ? { q: search.q } : {}),
    ...app,
    ...(s.share ? { value: s.share } : {}),
  };
  return (
    <>
      <section className="panel" aria-labelledby="outcome">
        <div className="panel-head">
          <h2 id="outcome">What became of {compact(s.started)} transactions</h2>
          <MakeKpi of="Transactions that succeed in time" words ask={kpi} />
        </div>
        <p className={css.headline}>
          <strong>{finePercent(s.share)}</strong>{' '}
          <span>
            ended within {seconds(within)}
            {s.open > 0 ? `; ${compact(s.open)} whose time is not up are not counted` : ''}
          </span>
        </p>
        <ul className={css.outcomes}>
          {outcomes.map((o) => (
            <li key={o.key} data-tone={o.tone}>
              <span className={css.outName}>{o.name}</span>
              <span className={css.outCount}>{compact(s[o.key])}</span>
              <span className={css.track} aria-hidden="true">
                <span className={css.through} style={{ width: `${(100 * s[o.key]) / Math.max(1, s.started)}%` }} />
              </span>
              <span className={css.outShare}>{finePercent(s[o.key] / Math.max(1, s.started))}</span>
            </li>
          ))}
        </ul>
        <p className="small muted">
          From start to end: median {seconds(s.median)}, 90 % within {seconds(s.p90)}, 99 % within {seconds(s.p99)}.
        </p>
        <Notes notes={s.notes} />
      </section>
      {points.length > 0 ? (
        <section className="panel" aria-labelledby="trend">
          <div className="panel-head">
            <h2 id="trend">{trend.what}</h2>
          </div>
          {search.table ? <TrendTable {...trend} /> : <Trend {...trend} height={120} />}
        </section>
      ) : null}
      <Examples s={s} range={fixedRange(from, to)} />
    </>
  );
}

/** Some that did not succeed, with the way to their traces. */
function Examples({ s, range }: { s: Success; range: string }) {
  const zone = useZone();
  if (s.examples.length === 0) return null;
  return (
    <section className="panel" aria-labelledby="examples">
      <div className="panel-head">
        <h2 id="examples">Some that did not succeed</h2>
        <span className="small muted">newest first</span>
      </div>
      <div className="scroll-x" tabIndex={0} role="region" aria-label="Table of examples">
        <table className="table stacks">
          <thead>
            <tr>
              <th scope="col">Transaction</th>
              <th scope="col">Outcome</th>
              <th scope="col">Began</th>
              <th scope="col" className="r">
                Took
              </th>
              <th scope="col">Evidence</th>
            </tr>
          </thead>
          <tbody>
            {s.examples.map((x) => (
              <tr key={`${x.business_id} ${x.at}`}>
                <th scope="row">
                  <Go place={{ view: 'related', search: { business_id: x.business_id, range } }}>
                    <code>{x.business_id}</code>
                  </Go>
                </th>
                <td data-wide>{outcomes.find((o) => o.key === x.outcome)?.name ?? x.outcome}</td>
                <td data-wide>{exact(x.at, zone)}</td>
                <td className="r" data-name="Took">
                  {seconds(x.seconds)}
                </td>
                <td>
                  {x.trace_id ? (
                    <Go place={{ view: 'traces', id: x.trace_id }}>
                      Trace <code>{x.trace_id.slice(0, 8)}</code>
                      <span className="vh"> of {x.business_id}</span>
                    </Go>
                  ) : (
                    <span className="muted">no trace</span>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
