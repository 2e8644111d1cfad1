import { Button } from '../../components/kit';
import { useQueries, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useMemo, useState } from 'react';
import {
  instantQuery,
  metadataQuery,
  metricNamesQuery,
  rangeQuery,
  type InstantSeries,
  type RangeSeries,
} from '../../api/prom';
import { useMay } from '../../api/status';
import type { Line } from '../../chart/TimeChart';
import { Icon } from '../../components/Icon';
import { LabelSet } from '../../components/LabelSet';
import { Pick } from '../../components/Pick';
import { Segments } from '../../components/Segments';
import { Empty, Failure, Loading } from '../../components/States';
import { compactLabels, plain } from '../../format/number';
import { useKeys } from '../../keys/keys';
import { exact } from '../../time/format';
import { fixedRange, formatLength, parseLength, resolveRange, shiftRange } from '../../time/range';
import { useNow } from '../../time/useNow';
import { useZone } from '../../time/zone';
import css from './Explore.module.css';
import { Frame } from './Frame';
import { nameOf, onOneAxis, stepFor } from './plan';
import type { ExploreSearch } from './search';

const Editor = lazy(() => import('./Editor').then((m) => ({ default: m.Editor })));
const TimeChart = lazy(() => import('../../chart/TimeChart').then((m) => ({ default: m.TimeChart })));

const ranges = ['15m', '1h', '6h', '24h', '7d'] as const;
const drawn = 100;
const palette = ['series1', 'series2', 'series3', 'series4', 'series5'];

/** What do the raw signals say? */
export function ExplorePage() {
  const search = useSearch({ from: '/shell/explore/metrics' });
  const navigate = useNavigate({ from: '/explore/metrics' });
  const [drafts, setDrafts] = useState<string[]>(search.q ?? ['']);
  const asked = useMemo(() => (search.q ?? []).filter((q) => q.trim() !== ''), [search.q]);
  // A link or the back button may bring other queries than those that were typed here.
  const [seen, setSeen] = useState(search.q);
  if (seen !== search.q) {
    setSeen(search.q);
    if (search.q && search.q.join('\n') !== drafts.filter((d) => d.trim() !== '').join('\n')) setDrafts(search.q);
  }

  const set = (patch: { [K in keyof ExploreSearch]?: ExploreSearch[K] | undefined }, replace = true) =>
    void navigate({ search: (old) => ({ ...old, ...patch }) as ExploreSearch, replace, resetScroll: false });
  const run = (list: string[] = drafts) => {
    const q = list.map((d) => d.trim()).filter((d) => d !== '');
    set({ q: q.length > 0 ? q : undefined }, false);
  };
  const start = (q: string) => {
    setDrafts([q]);
    run([q]);
  };

  const length = useMemo(() => {
    const r = resolveRange(search.range, 0, '1h');
    return r.to - r.from;
  }, [search.range]);
  const step = stepFor(length, search.step ? parseLength(search.step) : null);
  const now = useNow(Math.max(step, 5_000));
  const range = useMemo(() => resolveRange(search.range, now, '1h'), [search.range, now]);
  useKeys({
    t: () => set({ view: search.view === 'table' ? undefined : 'table' }),
    '[': () => set({ range: shiftRange(range, -1, now) }),
    ']': () => set({ range: shiftRange(range, 1, now) }),
  });

  return (
    <>
      <title>Explore metrics · signalbox</title>
      <Frame view="metrics" title="Explore metrics" range={search.range} />
      <form
        className={css.queries}
        onSubmit={(e) => {
          e.preventDefault();
          run();
        }}
      >
        {drafts.map((d, i) => (
          <div key={i} className={css.query}>
            <span className={css.letter} aria-hidden="true">
              {String.fromCharCode(65 + i)}
            </span>
            <div className="grow">
              <Suspense
                fallback={
                  <input
                    className={css.plainEditor}
                    aria-label={`Query ${String.fromCharCode(65 + i)}`}
                    value={d}
                    onChange={(e) => setDrafts(drafts.map((x, j) => (j === i ? e.currentTarget.value : x)))}
                  />
                }
              >
                <Editor
                  value={d}
                  label={`Query ${String.fromCharCode(65 + i)}`}
                  onChange={(v) => setDrafts((old) => old.map((x, j) => (j === i ? v : x)))}
                  onRun={() => run()}
                />
              </Suspense>
            </div>
            {drafts.length > 1 ? (
              <button
                type="button"
                className={css.remove}
                aria-label={`Remove query ${String.fromCharCode(65 + i)}`}
                onClick={() => {
                  const rest = drafts.filter((_, j) => j !== i);
                  setDrafts(rest);
                  run(rest);
                }}
              >
                <Icon name="x" size={14} />
              </button>
            ) : null}
          </div>
        ))}
        <div className={css.bar}>
          <Button type="submit" variant="filled" leftSection={<Icon name="play" size={13} />}>
            Run
          </Button>
          {drafts.length < 10 ? (
            <Button leftSection={<Icon name="plus" size={14} />} onClick={() => setDrafts([...drafts, ''])}>
              Add a query
            </Button>
          ) : null}
          <span className="grow" />
          <Segments
            label="Show as"
            items={[
              { value: 'graph', label: 'Graph', pressed: search.view !== 'table' },
              { value: 'table', label: 'Table', pressed: search.view === 'table' },
            ]}
            onPick={(v) => set({ view: v === 'table' ? 'table' : undefined })}
          />
          <Segments
            label="Range"
            items={ranges.map((r) => ({
              value: r,
              label: r.replace(/(\d+)/, '$1\u2009'),
              pressed: (search.range ?? '1h') === r,
            }))}
            onPick={(r) => set({ range: r === '1h' ? undefined : r })}
          />
          <span className={css.shift}>
            <button
              type="button"
              aria-label="Earlier"
              aria-keyshortcuts="["
              onClick={() => set({ range: shiftRange(range, -1, now) })}
            >
              <Icon name="left" size={15} />
            </button>
            <button
              type="button"
              aria-label="Later"
              aria-keyshortcuts="]"
              disabled={range.live}
              onClick={() => set({ range: shiftRange(range, 1, now) })}
            >
              <Icon name="right" size={15} />
            </button>
          </span>
          <Pick
            label="Step"
            value={search.step ?? ''}
            options={[
              { value: '', label: `auto, ${formatLength(step)}` },
              ...['1s', '5s', '15s', '1m', '5m', '1h'].map((s) => ({ value: s, label: s })),
            ]}
            onChange={(v) => set({ step: v || undefined })}
          />
        </div>
      </form>
      {asked.length === 0 ? (
        <Suggestions onPick={start} />
      ) : search.view === 'table' ? (
        <Tables queries={asked} at={range.to} />
      ) : (
        <Graph
          queries={asked}
          from={range.from}
          to={range.to}
          step={step}
          onZoom={(a, b) => set({ range: fixedRange(a, b) })}
        />
      )}
    </>
  );
}

/** What a metric is by its name, where nobody says. */
function typeOf(name: string): string {
  if (/_(bucket|sum|count)$/.test(name)) return 'part';
  return name.endsWith('_total') ? 'counter' : 'gauge';
}

/** What to ask first: the metrics that are there, or how to get some. */
function Suggestions({ onPick }: { onPick: (q: string) => void }) {
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

type Named = { name: string; query: number; series: RangeSeries };

function Graph({
  queries,
  from,
  to,
  step,
  onZoom,
}: {
  queries: string[];
  from: number;
  to: number;
  step: number;
  onZoom: (from: number, to: number) => void;
}) {
  const zone = useZone();
  const results = useQueries({ queries: queries.map((q) => rangeQuery(q, from, to, step)) });
  const [chosen, setChosen] = useState<string | null>(null);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const all: Named[] = results.flatMap((r, i) =>
    (r.data ?? []).map((s) => ({
      name: (queries.length > 1 ? `${String.fromCharCode(65 + i)}: ` : '') + nameOf(s.metric, queries[i] ?? ''),
      query: i,
      series: s,
    })),
  );
  const list = all.slice(0, drawn);
  const { t, columns } = onOneAxis(list.map((n) => n.series));
  const few = list.length <= palette.length;
  const lines: Line[] = list.map((n, i) => {
    const lit = few || n.name === chosen;
    return {
      name: n.name,
      values: columns[i] ?? [],
      kind: lit ? 'main' : 'plain',
      color: `--${few ? (palette[i] ?? 'data1') : lit ? 'data1' : 'data2'}`,
      hidden: hidden.has(n.name),
    };
  });
  const failures = results.flatMap((r, i) => (r.isError ? [{ error: r.error, i }] : []));
  const pending = results.some((r) => r.isPending);
  const speak = (i: number): string => {
    const values = list
      .map((n, j) => [n.name, columns[j]?.[i] ?? null] as const)
      .filter(([n, v]) => v !== null && !hidden.has(n))
      .slice(0, few ? 5 : 3)
      .map(([n, v]) => `${list.length === 1 ? '' : `${short(n)} `}${plain(v)}`);
    return `${exact(t[i] ?? 0, zone)}: ${values.join('; ') || 'nothing'}`;
  };
  return (
    <>
      {failures.map(({ error, i }) => (
        <p key={i} className={css.failure} role="alert">
          <span className={css.letter}>{String.fromCharCode(65 + i)}</span> {error.message}
        </p>
      ))}
      {pending && list.length === 0 ? (
        <Loading what="the graph" rows={1} height={360} />
      ) : list.length === 0 ? (
        failures.length > 0 ? null : (
          <Empty title="Nothing matches in this range">
            <p>
              The query is right but no series has a sample between {exact(from, zone)} and {exact(to, zone)}. Look at a
              longer range, or at fewer labels.
            </p>
          </Empty>
        )
      ) : (
        <section className="panel" aria-label="Graph">
          <Suspense fallback={<Loading what="the graph" rows={1} height={360} />}>
            <TimeChart
              from={from}
              to={to}
              t={t}
              lines={lines}
              height={360}
              sentence={`${list.length} series over time for ${queries.join(' and ')}`}
              labels={compactLabels}
              speak={speak}
              onZoom={onZoom}
            />
          </Suspense>
          {all.length > drawn ? (
            <p className="small muted">
              The first {drawn} of {all.length} series are drawn. Sum or filter to see fewer.
            </p>
          ) : null}
          <ul className={css.legend} aria-label="Series">
            {list.map((n, i) => (
              <li key={n.name + i} data-hidden={hidden.has(n.name) || undefined}>
                <button
                  type="button"
                  className={css.series}
                  aria-pressed={few ? !hidden.has(n.name) : n.name === chosen}
                  onClick={() => {
                    if (few) {
                      const next = new Set(hidden);
                      if (!next.delete(n.name)) next.add(n.name);
                      setHidden(next);
                    } else {
                      setChosen(n.name === chosen ? null : n.name);
                    }
                  }}
                >
                  <span className={css.swatch} style={{ background: `var(${lines[i]?.color ?? '--data1'})` }} />
                  <code>{n.name}</code>
                </button>
                <span className={css.value}>{plain(last(columns[i] ?? []))}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function short(name: string): string {
  const m = /\{(.*)\}$/.exec(name);
  return m ? [...(m[1] ?? '').matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((x) => x[1]).join(' ') : name;
}

function last(c: (number | null)[]): number | null {
  for (let i = c.length - 1; i >= 0; i--) if (c[i] !== null && c[i] !== undefined) return c[i] ?? null;
  return null;
}

function Tables({ queries, at }: { queries: string[]; at: number }) {
  const results = useQueries({ queries: queries.map((q) => instantQuery(q, at)) });
  return (
    <div className="stack">
      {results.map((r, i) => (
        <section key={i} className="panel" aria-labelledby={`t${i}`}>
          <h2 id={`t${i}`} className={css.tableTitle}>
            <code>{queries[i]}</code>
          </h2>
          {r.isError ? (
            <p className={css.failure} role="alert">
              {r.error.message}
            </p>
          ) : r.data ? (
            <InstantTable rows={r.data} at={at} />
          ) : (
            <Loading what="the table" rows={1} height={80} />
          )}
        </section>
      ))}
    </div>
  );
}

function InstantTable({ rows, at }: { rows: InstantSeries[]; at: number }) {
  const zone = useZone();
  if (rows.length === 0) return <p className="muted small">Nothing matches at {exact(at, zone)}.</p>;
  return (
    <>
      <p className="muted small">
        {rows.length} {rows.length === 1 ? 'series' : 'series'} at {exact(at, zone)}
      </p>
      <div className={css.scroll} tabIndex={0} role="region" aria-label="Values">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Series</th>
              <th scope="col" className="r">
                Value
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, 1000).map((r, i) => (
              <tr key={i}>
                <td>
                  {r.metric.__name__ ? <code>{r.metric.__name__} </code> : null}
                  <LabelSet labels={r.metric} skip={['__name__']} />
                </td>
                <td className="r">
                  <strong>{Number.isFinite(Number(r.v)) ? plain(Number(r.v)) : r.v}</strong>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
