import 'uplot/dist/uPlot.min.css';
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import { clock, clockSeconds, date } from '../time/format';
import { useZone, type Zone } from '../time/zone';
import { token, useScheme } from '../theme/scheme';
import { FlagCard, Flags } from './Flags';
import { nearest, nextFlag, placesOf, type Flag, type Place } from './places';
import { extent, lonely, padded, type Column } from './points';
import css from './TimeChart.module.css';

/** A line; `main` is drawn in data 1, `compare` dotted in data 2; Explore names a token of its own, such as --series2. */
export type Line = {
  name: string;
  values: Column;
  kind: 'main' | 'compare' | 'plain';
  color?: string;
  hidden?: boolean;
};
/** A horizontal limit and the side of it that breaks the promise. */
export type Limit = { value: number; label: string; tone: 'red' | 'yellow'; side: 'above' | 'below' };
export type { Flag } from './places';

type Props = {
  from: number;
  to: number;
  t: number[];
  lines: Line[];
  limits?: Limit[];
  flags?: Flag[];
  spans?: [number, number][];
  bounds?: { low?: number; high?: number };
  height: number;
  /** The chart as a sentence: its accessible name. */
  sentence: string;
  labels: (splits: number[]) => string[];
  /** Time, value and state of a point in words. */
  speak: (i: number) => string;
  /** The label at the end of the main line, and its tone. */
  end?: { i: number; label: string; tone: 'red' | 'yellow-text' | 'green' | 'grey' | 'ink' } | undefined;
  onZoom?: (from: number, to: number) => void;
  /** What a pressed flag, and those that share its place, tell; without it flags cannot be opened. */
  card?: (flags: Flag[], close: () => void) => React.ReactNode;
  /** What stands beside the spoken point, such as a button. */
  children?: (i: number) => React.ReactNode;
};

/** A chart over time that can be walked with the keyboard. All colours are tokens, read anew when the theme changes. */
export function TimeChart(props: Props) {
  const { t, lines, height, sentence, speak } = props;
  const zone = useZone();
  const { scheme } = useScheme();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(props);
  const [at, setAt] = useState<number | null>(null);
  const [spoken, setSpoken] = useState('');
  const [pinned, setPinned] = useState(false);
  const [places, setPlaces] = useState<Place[]>([]);
  const [flagged, setFlagged] = useState<Flag | null>(null);
  const [open, setOpen] = useState<Flag | null>(null);
  const id = useId();
  useLayoutEffect(() => {
    latest.current = props;
  });

  const flags = props.flags ?? noFlags;
  const shape =
    lines.map((l) => `${l.kind}${l.color ?? ''}${l.hidden ? '-' : ''}`).join('|') + (flags.length > 0 ? '^' : '');
  const data = useMemo(() => [t, ...lines.map((l) => l.values)] as uPlot.AlignedData, [t, lines]);

  useEffect(() => {
    const el = box.current;
    if (!el) return;
    const u = new uPlot(
      options(
        el.clientWidth,
        height,
        zone,
        latest,
        (i) => setAt(i),
        (u) => setPlaces((old) => (same(old, placed(u, latest.current)) ? old : placed(u, latest.current))),
      ),
      data,
      el,
    );
    plot.current = u;
    // The picture is decoration for a screen reader: the group around it has the sentence and speaks the points.
    u.root.setAttribute('aria-hidden', 'true');
    const resize = new ResizeObserver(() => {
      if (el.clientWidth > 0 && el.clientWidth !== u.width) u.setSize({ width: el.clientWidth, height });
    });
    resize.observe(el);
    return () => {
      resize.disconnect();
      u.destroy();
      plot.current = null;
    };
    // The plot is made anew only when its build changes; data, range and marks are put into the one that is there.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [shape, height, zone]);

  useEffect(() => {
    plot.current?.setData(data);
  }, [data, props.from, props.to, props.limits, props.spans]);
  useEffect(() => {
    plot.current?.redraw(false, true);
  }, [scheme, props.flags, props.end]);
  useEffect(() => {
    void document.fonts.ready.then(() => plot.current?.redraw(false, true));
  }, []);

  const move = (i: number) => {
    const u = plot.current;
    const n = Math.min(t.length - 1, Math.max(0, i));
    const x = t[n];
    if (x === undefined) return;
    setAt(n);
    setPinned(true);
    setSpoken(speak(n));
    if (u) u.setCursor({ left: u.valToPos(x, 'x'), top: u.bbox.height / uPlot.pxRatio / 2 }, false);
  };

  const onKeyDown = (e: React.KeyboardEvent) => {
    const i = at ?? t.length;
    const jumps: Record<string, () => number> = {
      ArrowRight: () => (at === null ? t.length - 1 : i + 1),
      ArrowLeft: () => i - 1,
      PageDown: () => i + Math.ceil(t.length / 12),
      PageUp: () => i - Math.ceil(t.length / 12),
      Home: () => 0,
      End: () => t.length - 1,
    };
    if (e.key === 'Enter' && flagged !== null && props.card && e.target === e.currentTarget) {
      e.preventDefault();
      setOpen(flagged);
      return;
    }
    if (e.key === 'Escape' && at !== null) {
      e.stopPropagation();
      setAt(null);
      setPinned(false);
      setSpoken('');
      setFlagged(null);
      plot.current?.setCursor({ left: -10, top: -10 }, false);
      return;
    }
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key.toLowerCase() === 'c') {
      e.preventDefault();
      const shown = flags.filter((f) => f.t >= props.from && f.t <= props.to);
      const next = nextFlag(shown, flagged?.t ?? (at === null ? -Infinity : (t[at] ?? -Infinity)));
      if (next === null) {
        setFlagged(null);
        setSpoken(shown.length === 0 ? 'No change in this range' : 'No more changes; C begins with the first again');
        setAt(null);
        return;
      }
      // Those that happened in the same place are told together.
      const together = places.find((p) => p.flags.includes(next))?.flags ?? [next];
      const last = together.at(-1) ?? next;
      const i = nearest(t, next.t);
      move(i);
      setFlagged(last);
      setSpoken(`${together.map((f) => f.say ?? `${f.letter}: ${f.label}`).join('. ')}. ${speak(i)}`);
      return;
    }
    const jump = jumps[e.key];
    if (!jump) return;
    e.preventDefault();
    setFlagged(null);
    move(jump());
  };
  const close = () => setOpen(null);
  const openPlace = open === null ? undefined : places.find((p) => p.flags.includes(open));

  const shown = at !== null && at < t.length ? at : null;
  return (
    <div
      className={css.chart}
      role="group"
      aria-roledescription="chart"
      aria-label={sentence}
      aria-describedby={id}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onBlur={() => setSpoken('')}
    >
      <p id={id} className="vh">
        Left and right arrows walk the points, Home and End jump, C goes to the next change
        {props.card ? ' and Enter opens it' : ''}, T shows the table.
      </p>
      <div
        ref={box}
        className={css.box}
        style={{ height }}
        onMouseLeave={() => (pinned ? undefined : setAt(null))}
        onClick={() => (at === null ? undefined : setPinned(true))}
      />
      {flags.length > 0 ? <Flags places={places} open={open} onOpen={props.card ? setOpen : () => undefined} /> : null}
      {openPlace && props.card ? (
        <FlagCard key={openPlace.x} place={openPlace} onClose={close}>
          {props.card(openPlace.flags, close)}
        </FlagCard>
      ) : null}
      <div className={css.readout} data-empty={shown === null || undefined}>
        <span aria-hidden="true">{shown === null ? '\u00a0' : speak(shown)}</span>
        {shown !== null && pinned ? props.children?.(shown) : null}
      </div>
      <span className="vh" role="status">
        {spoken}
      </span>
    </div>
  );
}

const noFlags: Flag[] = [];

/** Where the flags stand, in CSS pixels from the chart's left edge. */
function placed(u: uPlot, p: Props): Place[] {
  const left = u.bbox.left / uPlot.pxRatio;
  const shown = (p.flags ?? noFlags).filter((f) => f.t >= p.from && f.t <= p.to);
  return placesOf(shown, (t) => left + u.valToPos(t, 'x'), left, left + u.bbox.width / uPlot.pxRatio);
}

function same(a: Place[], b: Place[]): boolean {
  return (
    a.length === b.length &&
    a.every((p, i) => {
      const q = b[i];
      return (
        q !== undefined &&
        Math.abs(p.left - q.left) < 0.5 &&
        Math.abs(p.x - q.x) < 0.5 &&
        Math.abs(p.room - q.room) < 0.5 &&
        p.flags.length === q.flags.length &&
        p.flags.every((f, j) => f === q.flags[j])
      );
    })
  );
}

type Latest = React.RefObject<Props>;

function options(
  width: number,
  height: number,
  zone: Zone,
  latest: Latest,
  onCursor: (i: number | null) => void,
  onDrawn: (u: uPlot) => void,
): uPlot.Options {
  const p = latest.current;
  const font = `12px ${getComputedStyle(document.documentElement).getPropertyValue('--font')}`;
  const ink2 = () => token('ink2');
  return {
    width: Math.max(width, 100),
    height,
    ms: 1,
    tzDate: (ts) => (zone === 'UTC' ? uPlot.tzDate(new Date(ts), 'UTC') : new Date(ts)),
    padding: [(p.flags?.length ?? 0) > 0 ? 34 : 10, 22, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: p.onZoom !== undefined, y: false, setScale: false },
      points: { size: 7, fill: () => token('data1') },
    },
    scales: {
      x: { time: true, range: () => [latest.current.from, latest.current.to] },
      y: {
        range: () => {
          const now = latest.current;
          const e = extent(
            now.lines.filter((l) => !l.hidden).map((l) => l.values),
            (now.limits ?? []).filter((l) => l.tone === 'red').map((l) => l.value),
          );
          return e ? padded(e, now.bounds) : [0, 1];
        },
      },
    },
    axes: [
      {
        stroke: ink2,
        font,
        grid: { show: false },
        ticks: { show: false },
        border: { show: false },
        size: 28,
        gap: 8,
        space: 64,
        values: (u, splits) => timeLabels(splits, (u.scales.x?.max ?? 0) - (u.scales.x?.min ?? 0), zone),
      },
      {
        stroke: ink2,
        font,
        grid: { stroke: () => token('line'), width: 1 },
        ticks: { show: false },
        border: { show: false },
        gap: 8,
        space: 40,
        size: (u, values) => {
          if (!(values as string[] | null)) return 40;
          u.ctx.save();
          u.ctx.font = font;
          const widest = Math.max(24, ...values.map((v) => u.ctx.measureText(v).width));
          u.ctx.restore();
          return Math.ceil(widest) + 14;
        },
        values: (_, splits) => latest.current.labels(splits),
      },
    ],
    series: [
      {},
      ...p.lines.map((l, i): uPlot.Series => ({
        stroke: () => token(l.color?.slice(2) ?? (l.kind === 'compare' ? 'data2' : 'data1')),
        width: l.kind === 'compare' ? 1.4 : l.kind === 'main' ? 2 : 1.6,
        dash: l.kind === 'compare' ? [2, 4] : [],
        show: !l.hidden,
        spanGaps: false,
        points: {
          show: true,
          size: 5,
          width: 0,
          fill: () => token(l.color?.slice(2) ?? 'data1'),
          filter: () => lonely(latest.current.lines[i]?.values ?? []),
        },
      })),
    ],
    hooks: {
      drawClear: [(u) => drawUnder(u, latest.current)],
      draw: [(u) => drawOver(u, latest.current), onDrawn],
      setCursor: [
        (u) => {
          if (u.cursor.event) onCursor(u.cursor.idx ?? null);
        },
      ],
      setSelect: [
        (u) => {
          const { left, width: w } = u.select;
          if (w < 8) return;
          const a = u.posToVal(left, 'x');
          const b = u.posToVal(left + w, 'x');
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          latest.current.onZoom?.(a, b);
        },
      ],
    },
  };
}

function timeLabels(splits: readonly number[], range: number, zone: Zone): string[] {
  const step = (splits[1] ?? 0) - (splits[0] ?? 0);
  return splits.map((ms) => {
    const time = step < 60_000 ? clockSeconds(ms, zone) : clock(ms, zone);
    const day = date(ms, zone).replace(/ \d{4}$/, '');
    if (step >= 86_400_000) return day;
    if (clock(ms, zone) === '00:00' && step >= 60_000) return day;
    return range > 3 * 86_400_000 && step >= 43_200_000 ? '' : time;
  });
}

/** Under the lines: the breached side tinted and the spans in which something was red. */
function drawUnder(u: uPlot, p: Props): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const l of p.limits ?? []) {
    if (l.tone !== 'red') continue;
    const y = u.valToPos(l.value, 'y', true);
    ctx.fillStyle = token('red-wash');
    if (l.side === 'below') ctx.fillRect(bbox.left, y, bbox.width, bbox.top + bbox.height - y);
    else ctx.fillRect(bbox.left, bbox.top, bbox.width, y - bbox.top);
  }
  ctx.fillStyle = token('red-tint');
  for (const [a, b] of p.spans ?? []) {
    const x0 = u.valToPos(Math.max(a, p.from), 'x', true);
    const x1 = u.valToPos(Math.min(b, p.to), 'x', true);
    if (x1 > x0) ctx.fillRect(x0, bbox.top, x1 - x0, bbox.height);
  }
  ctx.restore();
}

/** Over the lines: limits with their words, flags, and the last value at the line's end. */
function drawOver(u: uPlot, p: Props): void {
  const { ctx, bbox } = u;
  const px = uPlot.pxRatio;
  const family = getComputedStyle(document.documentElement).getPropertyValue('--font');
  const right = bbox.left + bbox.width;
  ctx.save();
  ctx.textAlign = 'left';
  for (const l of p.limits ?? []) {
    const y = u.valToPos(l.value, 'y', true);
    if (y < bbox.top - 1 || y > bbox.top + bbox.height + 1) continue;
    const tone = token(l.tone === 'red' ? 'red' : 'yellow-text');
    ctx.strokeStyle = tone;
    ctx.globalAlpha = l.tone === 'red' ? 0.9 : 0.7;
    ctx.lineWidth = px;
    ctx.setLineDash(l.tone === 'red' ? [6 * px, 4 * px] : [2 * px, 3 * px]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(right, y);
    ctx.stroke();
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
    if (l.label === '') continue;
    ctx.font = `600 ${12 * px}px ${family}`;
    ctx.fillStyle = tone;
    // The words stand on the breached side, or on the other where that has no room.
    const below = l.side === 'below';
    const fits = below ? y + 18 * px < bbox.top + bbox.height : y - 18 * px > bbox.top;
    const under = below === fits;
    ctx.textBaseline = under ? 'top' : 'bottom';
    ctx.fillText(l.label, bbox.left + 8 * px, under ? y + 5 * px : y - 5 * px);
  }
  drawStems(u, p, px);
  if (p.end) {
    const x = p.t[p.end.i];
    const v = p.lines[0]?.values[p.end.i];
    if (x !== undefined && v !== null && v !== undefined) {
      const cx = u.valToPos(x, 'x', true);
      const cy = u.valToPos(v, 'y', true);
      const tone = token(p.end.tone);
      ctx.fillStyle = tone;
      ctx.beginPath();
      ctx.arc(cx, cy, 4.5 * px, 0, 2 * Math.PI);
      ctx.fill();
      ctx.font = `600 ${12.5 * px}px ${family}`;
      const w = ctx.measureText(p.end.label).width;
      const lx = cx - w - 18 * px;
      const ly = Math.min(bbox.top + bbox.height - 10 * px, Math.max(bbox.top + 10 * px, cy));
      ctx.fillStyle = token('surface');
      ctx.globalAlpha = 0.86;
      ctx.beginPath();
      ctx.roundRect(lx - 5 * px, ly - 10 * px, w + 10 * px, 20 * px, 4 * px);
      ctx.fill();
      ctx.globalAlpha = 1;
      ctx.fillStyle = tone;
      ctx.textBaseline = 'middle';
      ctx.fillText(p.end.label, lx, ly + px);
    }
  }
  ctx.restore();
}

/** The dotted lines below the flags. */
function drawStems(u: uPlot, p: Props, px: number): void {
  const { ctx, bbox } = u;
  ctx.strokeStyle = token('ink2');
  ctx.lineWidth = px;
  ctx.setLineDash([2 * px, 3 * px]);
  for (const f of p.flags ?? noFlags) {
    if (f.t < p.from || f.t > p.to) continue;
    const x = u.valToPos(f.t, 'x', true);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top - 8 * px);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.setLineDash([]);
}
