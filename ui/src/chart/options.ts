import uPlot from 'uplot';
import { clock, clockSeconds, date } from '../time/format';
import type { Zone } from '../time/zone';
import { token } from '../theme/scheme';
import { extent, lonely, padded } from './points';
import { drawOver, drawUnder } from './draw';
import type { Props } from './TimeChart';

type Latest = React.RefObject<Props>;

export function options(
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
