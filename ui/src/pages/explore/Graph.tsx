import { useQueries } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { rangeQuery, type RangeSeries } from '../../api/prom';
import type { Line } from '../../chart/TimeChart';
import { Empty, Loading } from '../../components/States';
import { compactLabels, plain } from '../../format/number';
import { exact } from '../../time/format';
import { useZone } from '../../time/zone';
import css from './Explore.module.css';
import { nameOf, onOneAxis } from './plan';

const TimeChart = lazy(() => import('../../chart/TimeChart').then((m) => ({ default: m.TimeChart })));
const drawn = 100;
const palette = ['series1', 'series2', 'series3', 'series4', 'series5'];

type Named = { name: string; query: number; series: RangeSeries };

/** What was asked, as lines over time. */
export function Graph({
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
