import { useQueries, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { boardQuery } from '../../api/board';
import type { Panel as Data } from '../../api/boards';
import { rangeQuery, type Metric } from '../../api/prom';
import { useMay } from '../../api/status';
import type { Line } from '../../chart/TimeChart';
import { Failure, Loading } from '../../components/States';
import { compactLabels, plain } from '../../format/number';
import { LightShape } from '../../light/Light';
import { exact } from '../../time/format';
import { useZone } from '../../time/zone';
import { Tile } from '../board/Tile';
import { autoStep, nameOf, onOneAxis } from '../explore/plan';
import css from './Boards.module.css';

const TimeChart = lazy(() => import('../../chart/TimeChart').then((m) => ({ default: m.TimeChart })));
const palette = ['--series1', '--series2', '--series3', '--series4', '--series5'];
/** More lines than this are no picture. */
const drawn = 40;

type Span = { from: number; to: number };

/** One panel of a board: tiles of KPIs, queries as a chart, or text. */
export function Panel({
  panel: p,
  span,
  onZoom,
}: {
  panel: Data;
  span: Span;
  onZoom?: (from: number, to: number) => void;
}) {
  const may = useMay('read_signals');
  if (p.kind === 'kpi') return <Kpis panel={p} />;
  if (p.kind === 'text') {
    return (
      <section className={`panel ${css.text}`} aria-label={p.title || 'Text'}>
        {p.title ? <h2>{p.title}</h2> : null}
        {/* The server has made this from Markdown and left nothing in it that runs. */}
        <div className="prose" dangerouslySetInnerHTML={{ __html: p.html }} />
      </section>
    );
  }
  const title = p.title === '' ? (p.queries[0]?.expr ?? 'Query') : p.title;
  return (
    <section className={`panel ${css.query}`} aria-label={title}>
      <div className="panel-head">
        <h2>{title}</h2>
        {p.unit ? <span className="small muted">{p.unit.replaceAll('_', ' ')}</span> : null}
      </div>
      {may === false ? (
        <p className={css.none}>
          <LightShape state="grey" size={18} /> Queries are not for your role.
        </p>
      ) : may ? (
        <Lines panel={p} span={span} title={title} {...(onZoom ? { onZoom } : {})} />
      ) : (
        <Loading what={title} rows={1} height={200} />
      )}
    </section>
  );
}

/** One tile, or several under a title, as many beside each other as the panel is wide. */
function Kpis({ panel: p }: { panel: Data }) {
  const tiles = [...p.kpis, ...p.missing].map((name) => <Kpi key={name} name={name} />);
  if (tiles.length === 1 && p.title === '') return <>{tiles}</>;
  return (
    <section className={css.several} aria-label={p.title || 'KPIs'}>
      {p.title ? <h2>{p.title}</h2> : null}
      {tiles.length > 0 ? (
        <div className={css.tiles} data-width={p.width}>
          {tiles}
        </div>
      ) : (
        <p className={css.none}>
          <LightShape state="grey" size={18} /> No KPI that you may see is chosen by this panel.
        </p>
      )}
    </section>
  );
}

function Kpi({ name }: { name: string }) {
  const navigate = useNavigate();
  const board = useQuery(boardQuery);
  const tile = board.data?.tiles.find((t) => t.name === name);
  if (tile) {
    return (
      <div
        className={css.tile}
        onClick={(e) => {
          const link = e.target instanceof Element ? e.target.closest('a[data-kpi]') : null;
          if (!link || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
          e.preventDefault();
          void navigate({ to: '/kpi/$name', params: { name } });
        }}
      >
        <Tile kpi={tile} />
      </div>
    );
  }
  if (board.isPending) return <Loading what={name} rows={1} height={180} />;
  return (
    <section className={css.absent} aria-label={name}>
      <LightShape state="grey" size={20} />
      <p className="small">
        <strong>{name}</strong> is not there: it was renamed or removed, or it is not among what you may see.
      </p>
    </section>
  );
}

/** The name of a line: its legend with labels put in, or what tells it from the others. */
export function legendOf(legend: string, metric: Metric, expr: string): string {
  if (legend === '') return nameOf(metric, expr);
  return legend.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, k: string) => metric[k] ?? '');
}

function Lines({
  panel: p,
  span,
  title,
  onZoom,
}: {
  panel: Data;
  span: Span;
  title: string;
  onZoom?: (from: number, to: number) => void;
}) {
  const zone = useZone();
  const step = autoStep(span.to - span.from);
  const results = useQueries({ queries: p.queries.map((q) => rangeQuery(q.expr, span.from, span.to, step)) });
  const failed = results.find((r) => r.isError);
  const all = results.flatMap((r, i) =>
    (r.data ?? []).map((s) => ({
      name: legendOf(p.queries[i]?.legend ?? '', s.metric, p.queries[i]?.expr ?? ''),
      series: s,
    })),
  );
  const list = all.slice(0, drawn);
  const { t, columns } = onOneAxis(list.map((n) => n.series));
  const few = list.length <= palette.length;
  const lines: Line[] = list.map((n, i) => ({
    name: n.name,
    values: columns[i] ?? [],
    kind: few ? 'main' : 'plain',
    color: few ? (palette[i] ?? '--data1') : '--data2',
  }));
  if (failed) return <Failure error={failed.error} what={title} />;
  if (list.length === 0) {
    return results.some((r) => r.isPending) ? (
      <Loading what={title} rows={1} height={200} />
    ) : (
      <p className={css.none}>
        <LightShape state="grey" size={18} /> No series has a sample in this range.
      </p>
    );
  }
  const speak = (i: number): string =>
    `${exact(t[i] ?? 0, zone)}: ${
      list
        .map((n, j) => [n.name, columns[j]?.[i] ?? null] as const)
        .filter(([, v]) => v !== null)
        .slice(0, 5)
        .map(([n, v]) => `${list.length === 1 ? '' : `${n} `}${plain(v)}`)
        .join('; ') || 'nothing'
    }`;
  return (
    <>
      <Suspense fallback={<Loading what={title} rows={1} height={200} />}>
        <TimeChart
          from={span.from}
          to={span.to}
          t={t}
          lines={lines}
          height={200}
          sentence={`${title}: ${list.length === 1 ? 'one line' : `${list.length} lines`} over time`}
          labels={compactLabels}
          speak={speak}
          {...(onZoom ? { onZoom } : {})}
        />
      </Suspense>
      <ul className={css.legend} aria-label={`Lines of ${title}`}>
        {list.slice(0, 8).map((n, i) => (
          <li key={`${n.name}${i}`}>
            <span className={css.swatch} style={{ background: `var(${lines[i]?.color ?? '--data1'})` }} />
            {n.name} <strong>{plain(last(columns[i] ?? []))}</strong>
          </li>
        ))}
        {all.length > 8 ? <li className="muted">and {all.length - 8} more</li> : null}
      </ul>
    </>
  );
}

function last(c: (number | null)[]): number | null {
  for (let i = c.length - 1; i >= 0; i--) if (c[i] !== null && c[i] !== undefined) return c[i] ?? null;
  return null;
}
