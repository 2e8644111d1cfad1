import { useElementSize } from '@mantine/hooks';
import { useState } from 'react';
import type { Period } from '../../api/usage';
import { apart, ceiling, floor, runs, ticks } from './scale';
import css from './Trend.module.css';
import { periodName, periodShort } from './words';

export type Line = {
  name: string;
  /** null is no data; below zero is too few people to be told. */
  values: readonly (number | null)[];
};
export type TrendMark = { at: number; letter: string; title: string };
type Props = {
  /** What is shown, in words: "People active per week". */
  what: string;
  period: Period;
  /** Where periods begin, oldest first. */
  at: readonly number[];
  /** Whether a period is over; one that runs stands apart, for its number is no drop. */
  whole: readonly boolean[];
  lines: readonly Line[];
  show: (v: number) => string;
  /** Bars stand for counts; the second line is a part of the first. */
  bars?: boolean;
  marks?: readonly TrendMark[];
  height?: number;
};

const left = 52;
const foot = 20;
const known = (v: number | null | undefined): number | null => (v === null || v === undefined || v < 0 ? null : v);

/** A number over periods, walked with the arrows; what still runs is drawn open and apart. */
export function Trend({ what, period, at, whole, lines, show, bars = false, marks = [], height = 150 }: Props) {
  const { ref, width } = useElementSize();
  const [chosen, setChosen] = useState<number | null>(null);
  const named = !bars && lines.length > 1 && width > 620;
  const right = named ? 150 : 10;
  const head = marks.length > 0 ? 24 : 8;
  const w = Math.max(120, (width || 800) - left - right);
  const slot = w / Math.max(1, at.length);
  const x = (i: number) => left + (i + 0.5) * slot;
  const all = lines.flatMap((l) => l.values.flatMap((v) => known(v) ?? []));
  const top = ceiling(Math.max(0, ...all));
  const base = bars ? 0 : floor(all, top);
  const y = (v: number) => head + (1 - (v - base) / (top - base)) * height;
  const say = (i: number): string => {
    const parts = lines.map((l) => {
      const v = l.values[i];
      return `${v === null || v === undefined ? 'no data' : v < 0 ? 'few' : show(v)}${lines.length > 1 || bars ? ` ${l.name}` : ''}`;
    });
    return `${periodName(at[i] ?? 0, period)}: ${parts.join(', ')}${whole[i] === false ? ', so far' : ''}`;
  };
  const last = at.length - 1;
  const onKeyDown = (e: React.KeyboardEvent) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target !== e.currentTarget) return;
    const to: Record<string, number> = {
      ArrowRight: chosen === null ? last : chosen + 1,
      ArrowLeft: chosen === null ? last : chosen - 1,
      Home: 0,
      End: last,
    };
    const goal = to[e.key];
    if (goal !== undefined) {
      e.preventDefault();
      setChosen(Math.min(last, Math.max(0, goal)));
    } else if (e.key === 'Escape' && chosen !== null) {
      e.stopPropagation();
      setChosen(null);
    }
  };
  const ends = lines.map((l) => {
    const i = l.values.findLastIndex((v, k) => known(v) !== null && whole[k] !== false);
    return i < 0 ? undefined : { i, v: known(l.values[i]) ?? 0 };
  });
  const places = apart(
    ends.map((e) => (e ? y(e.v) + 4 : head + height)),
    15,
    head + 4,
    head + height + 4,
  );
  const bar = Math.max(2, Math.min(44, slot * 0.68));
  const inRange = marks.filter((m) => m.at >= (at[0] ?? 0));
  const span = (at.at(-1) ?? 0) - (at[0] ?? 0);
  const markX = apart(
    inRange.map((m) => (span <= 0 ? x(0) : x(0) + ((m.at - (at[0] ?? 0)) / span) * (x(last) - x(0)))),
    18,
    left + 8,
    left + w,
  );
  const running = whole.at(-1) === false;
  return (
    <div className={css.chart} ref={ref}>
      <div
        className={css.plot}
        role="group"
        aria-roledescription="chart"
        aria-label={`${what}. ${last >= 0 ? say(last) : 'No data'}. Arrows walk, T shows the table.`}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onPointerMove={(e) => {
          const box = e.currentTarget.getBoundingClientRect();
          setChosen(Math.min(last, Math.max(0, Math.floor((e.clientX - box.left - left) / slot))));
        }}
        onPointerLeave={() => setChosen(null)}
        onBlur={() => setChosen(null)}
      >
        <svg height={head + height + foot} aria-hidden="true">
          <g className={css.axis}>
            {[base, (base + top) / 2, top].map((n) => (
              <g key={n}>
                <line className={css.grid} x1={left} x2={left + w} y1={y(n)} y2={y(n)} />
                <text x={left - 8} y={y(n) + 4} textAnchor="end">
                  {show(n)}
                </text>
              </g>
            ))}
            {ticks(at.length, Math.max(2, Math.floor(w / 76))).map((i) => (
              <text key={i} x={x(i)} y={head + height + 15} textAnchor="middle">
                {periodShort(at[i] ?? 0, period)}
              </text>
            ))}
          </g>
          {chosen !== null ? (
            <rect className={css.chosen} x={left + chosen * slot} width={slot} y={head} height={height} />
          ) : null}
          {inRange.map((m, k) => (
            <g key={k} className={css.mark} transform={`translate(${markX[k] ?? 0} 0)`}>
              <line y1={18} y2={head + height} />
              <rect x={-8} y={1} width={16} height={16} rx={2} />
              <text y={13}>{m.letter}</text>
            </g>
          ))}
          {bars
            ? at.map((_, i) => {
                const whatAll = known(lines[0]?.values[i]);
                const part = known(lines[1]?.values[i]);
                if (whatAll === null) return null;
                const open = whole[i] === false;
                return (
                  <g key={i} data-open={open || undefined} className={css.bar}>
                    <rect
                      x={x(i) - bar / 2}
                      width={bar}
                      y={y(whatAll)}
                      height={Math.max(0, head + height - y(whatAll))}
                    />
                    {part !== null && part > 0 ? (
                      <rect
                        className={css.part}
                        x={x(i) - bar / 2}
                        width={bar}
                        y={y(part)}
                        height={Math.max(0, head + height - y(part))}
                      />
                    ) : null}
                  </g>
                );
              })
            : lines.map((l, k) => {
                const drawn = l.values.map((v, i) => (whole[i] === false ? null : known(v)));
                const dots = l.values.map((v, i) => (whole[i] === false ? known(v) : null));
                return (
                  <g key={l.name} className={css.line} data-line={k}>
                    {runs(drawn).map((run) =>
                      run.length === 1 ? (
                        <circle
                          key={run[0]}
                          className={css.dot}
                          cx={x(run[0] ?? 0)}
                          cy={y(drawn[run[0] ?? 0] ?? 0)}
                          r={3}
                        />
                      ) : (
                        <polyline key={run[0]} points={run.map((i) => `${x(i)},${y(drawn[i] ?? 0)}`).join(' ')} />
                      ),
                    )}
                    {dots.map((v, i) =>
                      v === null ? null : <circle key={i} className={css.open} cx={x(i)} cy={y(v)} r={4} />,
                    )}
                    {named && ends[k] ? (
                      <>
                        <line
                          className={css.lead}
                          x1={x(ends[k].i) + 4}
                          y1={y(ends[k].v)}
                          x2={left + w + 6}
                          y2={(places[k] ?? 0) - 4}
                        />
                        <text className={css.end} x={left + w + 10} y={places[k] ?? 0}>
                          {clip(l.name)}
                        </text>
                      </>
                    ) : null}
                  </g>
                );
              })}
        </svg>
      </div>
      <div className={css.said}>
        <span aria-live="polite">{chosen === null ? '' : say(chosen)}</span>
        {chosen === null ? <Legend lines={lines} bars={bars} running={running} named={named} /> : null}
      </div>
    </div>
  );
}

function clip(s: string): string {
  return s.length > 20 ? `${s.slice(0, 19)}…` : s;
}

function Legend({
  lines,
  bars,
  running,
  named,
}: {
  lines: readonly Line[];
  bars: boolean;
  running: boolean;
  named: boolean;
}) {
  const each = bars || (lines.length > 1 && !named);
  if (!each && !running) return null;
  return (
    <ul className={css.legend}>
      {each
        ? lines.map((l, k) => (
            <li key={l.name}>
              <svg width="20" height="12" aria-hidden="true" className={bars ? css.bar : css.line} data-line={k}>
                {bars ? (
                  <rect className={k === 1 ? css.part : undefined} x="1" y="1" width="14" height="10" />
                ) : (
                  <polyline points="0,6 20,6" />
                )}
              </svg>
              {l.name}
            </li>
          ))
        : null}
      {running ? (
        <li>
          <svg width="20" height="12" aria-hidden="true" className={bars ? css.bar : css.line} data-open data-line={0}>
            {bars ? <rect x="1" y="1" width="14" height="10" /> : <circle className={css.open} cx="8" cy="6" r="4" />}
          </svg>
          still running
        </li>
      ) : null}
    </ul>
  );
}

/** The same numbers as a table, the newest period first. */
export function TrendTable({ what, period, at, whole, lines, show }: Props) {
  return (
    <div className={`scroll-x ${css.scroll}`} tabIndex={0} role="region" aria-label={`Table: ${what}`}>
      <table className="table">
        <caption className="vh">{what}</caption>
        <thead>
          <tr>
            <th scope="col">{period === 'day' ? 'Day' : period === 'week' ? 'Week of' : 'Month'}</th>
            {lines.map((l) => (
              <th key={l.name} scope="col" className="r">
                {l.name.charAt(0).toUpperCase() + l.name.slice(1)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {at
            .map((t, i) => (
              <tr key={t} data-open={whole[i] === false || undefined}>
                <th scope="row">
                  {periodName(t, period).replace(/^week of /, '')}
                  {whole[i] === false ? <span className="muted"> so far</span> : null}
                </th>
                {lines.map((l) => {
                  const v = l.values[i];
                  return (
                    <td key={l.name} className="r">
                      {v === null || v === undefined ? '—' : v < 0 ? 'few' : show(v)}
                    </td>
                  );
                })}
              </tr>
            ))
            .reverse()}
        </tbody>
      </table>
    </div>
  );
}
