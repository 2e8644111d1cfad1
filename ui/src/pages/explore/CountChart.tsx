import { useElementSize } from '@mantine/hooks';
import { useId, useRef, useState } from 'react';
import { plain } from '../../format/number';
import { clock, clockSeconds, date, exact } from '../../time/format';
import { useZone } from '../../time/zone';
import css from './CountChart.module.css';
import { ceilingOf, type Bar, type Stack } from './stack';

export type ChartMark = { at: number; letter: string; title: string };
type Props = {
  stack: Stack;
  /** What is counted: "lines". */
  unit: string;
  /** The word of a layer. */
  word: (value: string) => string;
  height?: number;
  marks?: readonly ChartMark[];
  onNarrow?: (from: number, to: number) => void;
};

const left = 44;
const foot = 20;

/** Stacked counts over time, walked with the arrows; a span is chosen with Shift or by dragging, and narrowed to with Enter. */
export function CountChart({ stack, unit, word, height = 96, marks = [], onNarrow }: Props) {
  const zone = useZone();
  const id = useId().replace(/\W/g, '');
  const { ref, width } = useElementSize();
  const [chosen, setChosen] = useState<[number, number] | null>(null);
  const anchor = useRef<number | null>(null);
  const { bars, step } = stack;
  const top = ceilingOf(stack.most);
  const head = marks.length > 0 ? 20 : 6;
  const w = Math.max(120, (width || 800) - left - 4);
  const slot = w / Math.max(1, bars.length);
  const x = (i: number) => left + i * slot;
  const first = bars[0]?.at ?? 0;
  const y = (n: number) => head + (1 - n / top) * height;
  const gap = slot > 6 ? 1.5 : slot > 3 ? 0.75 : 0;
  const stamp = (t: number) =>
    step >= 86_400_000 ? date(t, zone) : step < 60_000 ? clockSeconds(t, zone) : clock(t, zone);
  const lo = chosen ? Math.min(...chosen) : 0;
  const hi = chosen ? Math.max(...chosen) : 0;

  const say = (a: number, b: number): string => {
    const part = bars.slice(a, b + 1);
    const total = part.reduce((n, c) => n + c.total, 0);
    const each = stack.layers
      .map((l, k) => [l, part.reduce((n, c) => n + sizeOf(c, k), 0)] as const)
      .filter(([, n]) => n > 0)
      .map(([l, n]) => `${plain(n)} ${word(l.value)}`);
    const until = (part.at(-1)?.at ?? 0) + step;
    return `${exact(part[0]?.at ?? 0, zone).replace(/ \S+$/, '')} to ${stamp(until)}: ${plain(total)} ${unit}${
      each.length > 0 && stack.layers.length > 1 ? ` (${each.join(', ')})` : ''
    }`;
  };
  const narrow = (a: number, b: number) => {
    setChosen(null);
    onNarrow?.(bars[a]?.at ?? 0, (bars[b]?.at ?? 0) + step);
  };
  const onKeyDown = (e: React.KeyboardEvent) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target !== e.currentTarget) return;
    const last = bars.length - 1;
    const at = chosen?.[1];
    const to: Record<string, number> = {
      ArrowRight: at === undefined ? last : at + 1,
      ArrowLeft: at === undefined ? last : at - 1,
      Home: 0,
      End: last,
      PageDown: (at ?? last) + 10,
      PageUp: (at ?? last) - 10,
    };
    const goal = to[e.key];
    if (goal !== undefined) {
      e.preventDefault();
      const n = Math.min(last, Math.max(0, goal));
      setChosen(e.shiftKey && chosen ? [chosen[0], n] : [n, n]);
    } else if (e.key === 'Enter' && chosen && onNarrow) {
      e.preventDefault();
      narrow(lo, hi);
    } else if (e.key === 'Escape' && chosen) {
      e.stopPropagation();
      setChosen(null);
    }
  };
  const place = (e: React.PointerEvent) => {
    const box = e.currentTarget.getBoundingClientRect();
    return Math.min(bars.length - 1, Math.max(0, Math.floor((e.clientX - box.left - left) / slot)));
  };
  const labels = ticksOf(bars, Math.max(2, Math.floor(w / 110)));
  const sentence = `${plain(stack.total)} ${unit} over time${
    stack.layers.length > 1 ? `: ${stack.layers.map((l) => `${plain(l.total)} ${word(l.value)}`).join(', ')}` : ''
  }. Arrows walk${onNarrow ? ', Shift chooses a span, Enter narrows to it' : ''}.`;
  return (
    <div className={css.chart} ref={ref}>
      <div
        className={css.plot}
        role="group"
        aria-roledescription="chart"
        aria-label={sentence}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onPointerDown={(e) => {
          if (e.button !== 0) return;
          anchor.current = e.shiftKey && chosen ? chosen[0] : place(e);
          setChosen([anchor.current, place(e)]);
          e.currentTarget.setPointerCapture(e.pointerId);
        }}
        onPointerMove={(e) => {
          if (anchor.current !== null) setChosen([anchor.current, place(e)]);
        }}
        onPointerUp={(e) => {
          const from = anchor.current;
          anchor.current = null;
          if (from === null) return;
          const to = place(e);
          if (Math.abs(to - from) > 1 && !e.shiftKey && onNarrow) narrow(Math.min(from, to), Math.max(from, to));
        }}
        onPointerCancel={() => {
          anchor.current = null;
        }}
      >
        <svg height={head + height + foot} aria-hidden="true">
          <defs>
            {stack.layers.map((l, k) =>
              l.hatch ? (
                <pattern
                  key={k}
                  id={`${id}-${k}`}
                  width="5"
                  height="5"
                  patternUnits="userSpaceOnUse"
                  patternTransform="rotate(45)"
                >
                  <rect width="5" height="5" fill={l.color} />
                  <path d="M0 0V5" stroke="var(--surface)" strokeWidth="1.6" />
                </pattern>
              ) : null,
            )}
          </defs>
          <g className={css.axis}>
            {[0, top / 2, top].map((n) => (
              <g key={n}>
                <line className={css.grid} x1={left} x2={left + w} y1={y(n)} y2={y(n)} />
                {Number.isInteger(n) ? (
                  <text x={left - 6} y={y(n) + 4} textAnchor="end">
                    {short(n)}
                  </text>
                ) : null}
              </g>
            ))}
            {labels.map((b) => (
              <text key={b.i} x={x(b.i)} y={head + height + 15} textAnchor={b.i === 0 ? 'start' : 'middle'}>
                {stamp(b.at)}
              </text>
            ))}
          </g>
          {bars.map((b) =>
            b.parts.map((p) => {
              const l = stack.layers[p.layer];
              return (
                <rect
                  key={`${b.i}-${p.layer}`}
                  x={x(b.i) + gap / 2}
                  width={Math.max(0.75, slot - gap)}
                  y={y(p.to)}
                  height={Math.max(1, y(p.from) - y(p.to))}
                  fill={l?.hatch ? `url(#${id}-${p.layer})` : l?.color}
                />
              );
            }),
          )}
          {marks.map((m, i) => {
            const mx = left + ((m.at - first) / step) * slot;
            return mx < left || mx > left + w ? null : (
              <g key={i} className={css.mark}>
                <line x1={mx} x2={mx} y1={16} y2={head + height} />
                <rect x={mx - 8} y={0} width={16} height={16} rx={3} />
                <text x={mx} y={12}>
                  {m.letter}
                </text>
              </g>
            );
          })}
          {chosen ? (
            <rect className={css.chosen} x={x(lo)} y={head} width={(hi - lo + 1) * slot} height={height} />
          ) : null}
        </svg>
      </div>
      <div className={css.said}>
        <span role="status">{chosen ? say(lo, hi) : ''}</span>
        {chosen && onNarrow ? (
          <button type="button" onClick={() => narrow(lo, hi)}>
            Narrow to this
          </button>
        ) : null}
        {chosen ? null : (
          <ul className={css.legend} aria-label="What is counted">
            {stack.layers.map((l, k) => (
              <li key={l.value}>
                <svg className={css.key} width={11} height={11} aria-hidden="true">
                  <rect width={11} height={11} fill={l.hatch ? `url(#${id}-${k})` : l.color} />
                </svg>
                {plain(l.total)} {word(l.value)}
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}

function sizeOf(b: Bar, layer: number): number {
  const p = b.parts.find((q) => q.layer === layer);
  return p ? p.to - p.from : 0;
}

function short(n: number): string {
  return n >= 1e6 ? `${plain(n / 1e6)}\u2009M` : n >= 1e4 ? `${plain(n / 1e3)}\u2009k` : plain(n);
}

/** Bars that get a time below them, evenly spread. */
function ticksOf(bars: readonly Bar[], most: number): Bar[] {
  const every = Math.max(1, Math.ceil(bars.length / most));
  return bars.filter((b) => b.i % every === 0 && b.i < bars.length - every / 2);
}

/** The same counts as a table, each line with its way into it. */
export function CountTable({ stack, unit, word, onNarrow }: Props) {
  const zone = useZone();
  const rows = stack.bars.filter((b) => b.total > 0).reverse();
  return (
    <div className={css.scroll} tabIndex={0} role="region" aria-label={`Counts of ${unit}`}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">From</th>
            {stack.layers.length > 1
              ? stack.layers.map((l) => (
                  <th key={l.value} scope="col" className="r">
                    {word(l.value)}
                  </th>
                ))
              : null}
            <th scope="col" className="r">
              All {unit}
            </th>
            {onNarrow ? (
              <th scope="col">
                <span className="vh">Narrow</span>
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {rows.map((b) => (
            <tr key={b.i}>
              <th scope="row">{exact(b.at, zone)}</th>
              {stack.layers.length > 1
                ? stack.layers.map((l, k) => (
                    <td key={l.value} className="r">
                      {plain(sizeOf(b, k))}
                    </td>
                  ))
                : null}
              <td className="r">
                <strong>{plain(b.total)}</strong>
              </td>
              {onNarrow ? (
                <td className="r">
                  <button
                    type="button"
                    aria-label={`Narrow to ${exact(b.at, zone)}`}
                    onClick={() => onNarrow(b.at, b.at + stack.step)}
                  >
                    Narrow
                  </button>
                </td>
              ) : null}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 ? <p className="muted small">Nothing in this range.</p> : null}
    </div>
  );
}
