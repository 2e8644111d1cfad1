import { useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { curve, layered } from './layered';
import { address, type Place } from './links';
import css from './ServiceGraph.module.css';

export type GraphNode = {
  id: string;
  name: string;
  kind: string;
  lines: string[];
  bad: boolean;
  label: string;
  place: Place | undefined;
};
export type GraphEdge = {
  from: string;
  to: string;
  /** Calls a second, for the width; 0 is thin. */
  weight: number;
  text: string;
  bad: boolean;
  label: string;
  place: Place | undefined;
};

const size = { w: 168, h: 58, gapX: 74, gapY: 22 };

/** Services as boxes, calls as lines from left to right; both lead to their traces. What fails says so and is drawn stronger. */
export function ServiceGraph({
  nodes,
  edges,
  sentence,
}: {
  nodes: readonly GraphNode[];
  edges: readonly GraphEdge[];
  sentence: string;
}) {
  const navigate = useNavigate();
  const placed = useMemo(
    () =>
      layered(
        nodes.map((n) => n.id),
        edges,
        size,
      ),
    [nodes, edges],
  );
  const most = Math.max(1e-9, ...edges.map((e) => e.weight));
  const open = (e: React.MouseEvent, place: Place | undefined) => {
    if (!place || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    void navigate({ to: address(place) });
  };
  const pad = 6;
  return (
    <div className={css.scroll} role="group" aria-label={sentence} tabIndex={0}>
      <svg
        className={css.graph}
        style={{ maxWidth: placed.width + 2 * pad, minWidth: (placed.width + 2 * pad) * 0.88 }}
        viewBox={`${-pad} ${-pad} ${placed.width + 2 * pad} ${placed.height + 2 * pad}`}
      >
        {edges.map((e, i) => {
          const link = placed.links[i];
          if (!link || link.points.length < 2) return null;
          const [ex, ey] = link.points.at(-1) ?? [0, 0];
          const dir = link.back ? -1 : 1;
          const half = Math.floor((link.points.length - 1) / 2);
          const [ax, ay] = link.points[half] ?? [0, 0];
          const [bx, by] = link.points[half + 1] ?? [0, 0];
          const [mx, my] = [(ax + bx) / 2, (ay + by) / 2];
          const wide = e.text.length * 6.4 + 10;
          const drawn = (
            <g aria-hidden="true">
              <path className={css.wide} d={curve(link.points)} />
              <path
                className={css.wire}
                d={curve([...link.points.slice(0, -1), [ex - dir * 7, ey]])}
                strokeWidth={1.25 + 2.5 * Math.sqrt(e.weight / most)}
              />
              <path className={css.tip} d={`M${ex} ${ey}l${-dir * 9} -5v10z`} />
              {e.text === '' ? null : (
                <g className={css.label}>
                  <rect x={mx - wide / 2} y={my - 9} width={wide} height={18} rx={4} />
                  <text x={mx} y={my + 4}>
                    {e.text}
                  </text>
                </g>
              )}
            </g>
          );
          const key = `${e.from} ${e.to} ${i}`;
          const marks = { 'data-bad': e.bad || undefined, 'data-back': link.back || undefined };
          return e.place ? (
            <a
              key={key}
              className={css.edge}
              {...marks}
              href={address(e.place)}
              aria-label={e.label}
              onClick={(ev) => open(ev, e.place)}
            >
              {drawn}
            </a>
          ) : (
            <g key={key} className={css.edge} {...marks} role="img" aria-label={e.label}>
              {drawn}
            </g>
          );
        })}
        {nodes.map((n) => {
          const at = placed.nodes.get(n.id) ?? { x: 0, y: 0 };
          const drawn = (
            <g transform={`translate(${at.x} ${at.y})`}>
              {n.name.length > 20 ? <title>{n.name}</title> : null}
              <rect className={css.box} width={size.w} height={size.h} rx={n.kind === 'database' ? 14 : 8} />
              {n.bad ? <path className={css.mark} d={`M${size.w - 16} 8l7 7-7 7-7-7z`} /> : null}
              <text className={css.name} x={10} y={20}>
                {n.name.length > 20 ? `${n.name.slice(0, 19)}…` : n.name}
              </text>
              {n.lines.slice(0, 2).map((l, k) => (
                <text key={k} className={css.line} x={10} y={36 + 15 * k}>
                  {l}
                </text>
              ))}
            </g>
          );
          const marks = {
            'data-bad': n.bad || undefined,
            'data-kind': n.kind === 'service' ? undefined : 'outside',
          };
          // A link is named by what stands in its box; what leads nowhere is a picture with a sentence.
          return n.place ? (
            <a key={n.id} className={css.node} {...marks} href={address(n.place)} onClick={(ev) => open(ev, n.place)}>
              {drawn}
            </a>
          ) : (
            <g key={n.id} className={css.node} {...marks} role="img" aria-label={n.label}>
              {drawn}
            </g>
          );
        })}
      </svg>
    </div>
  );
}
