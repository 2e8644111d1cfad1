import 'uplot/dist/uPlot.min.css';
import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import { useZone } from '../time/zone';
import { useScheme } from '../theme/scheme';
import { FlagCard, Flags } from './Flags';
import { nearest, nextFlag, placesOf, type Flag, type Place } from './places';
import type { Column } from './points';
import css from './TimeChart.module.css';
import { options } from './options';

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

export type Props = {
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
