// A small layered layout: who calls stands left of who is called. Cycles are cut where a walk meets them, long edges get a
// bend in every layer that they pass, and a few sweeps bring neighbours together. A few hundred nodes take milliseconds.

export type Size = { w: number; h: number; gapX: number; gapY: number };
export type Link = { from: string; to: string };
export type Placed = {
  nodes: Map<string, { x: number; y: number }>;
  /** The points of each link, in the order of the links; one that leads back runs from right to left. */
  links: { points: [number, number][]; back: boolean }[];
  width: number;
  height: number;
};

/** Links that lead back to where a walk came from. */
function backwards(ids: readonly string[], links: readonly Link[]): Set<number> {
  const out = new Map<string, number[]>();
  links.forEach((l, i) => out.set(l.from, [...(out.get(l.from) ?? []), i]));
  const state = new Map<string, 'open' | 'done'>();
  const back = new Set<number>();
  const walk = (id: string) => {
    state.set(id, 'open');
    for (const i of out.get(id) ?? []) {
      const to = links[i]?.to ?? '';
      const s = state.get(to);
      if (s === 'open') back.add(i);
      else if (s === undefined) walk(to);
    }
    state.set(id, 'done');
  };
  const called = new Set(links.map((l) => l.to));
  for (const id of [...ids.filter((i) => !called.has(i)), ...ids]) if (!state.has(id)) walk(id);
  return back;
}

/** The layer of each node: one more than the deepest of its callers. */
function layersOf(ids: readonly string[], forward: readonly Link[]): Map<string, number> {
  const layer = new Map(ids.map((id) => [id, 0]));
  for (let moved = true, round = 0; moved && round < ids.length; round++) {
    moved = false;
    for (const { from, to } of forward) {
      const want = (layer.get(from) ?? 0) + 1;
      if (want > (layer.get(to) ?? 0)) {
        layer.set(to, want);
        moved = true;
      }
    }
  }
  return layer;
}

/** Places nodes and links. Links to unknown nodes are left out of sight; a link from a node to itself is a loop of no length. */
export function layered(ids: readonly string[], links: readonly Link[], size: Size): Placed {
  const known = new Set(ids);
  const back = backwards(ids, links);
  const usable = links.map((l) => known.has(l.from) && known.has(l.to) && l.from !== l.to);
  const ahead = links.map((l, i) => (back.has(i) ? { from: l.to, to: l.from } : l));
  const layer = layersOf(
    ids,
    ahead.filter((_, i) => usable[i]),
  );
  const columns: string[][] = [];
  const put = (id: string, at: number) => (columns[at] ??= []).push(id);
  for (const id of ids) put(id, layer.get(id) ?? 0);
  // A link over several layers is a chain of bends.
  const chains: string[][] = ahead.map((l, i) => {
    if (!usable[i]) return [];
    const from = layer.get(l.from) ?? 0;
    const to = layer.get(l.to) ?? 0;
    const bends = Array.from({ length: Math.max(0, to - from - 1) }, (_, k) => {
      const id = `\u0000${i}.${k}`;
      put(id, from + 1 + k);
      return id;
    });
    return [l.from, ...bends, l.to];
  });
  const up = new Map<string, string[]>();
  const down = new Map<string, string[]>();
  for (const c of chains) {
    for (let k = 1; k < c.length; k++) {
      const [a, b] = [c[k - 1] ?? '', c[k] ?? ''];
      down.set(a, [...(down.get(a) ?? []), b]);
      up.set(b, [...(up.get(b) ?? []), a]);
    }
  }
  const place = new Map<string, number>();
  const number = (col: readonly string[]) => col.forEach((id, i) => place.set(id, i));
  columns.forEach(number);
  for (let sweep = 0; sweep < 6; sweep++) {
    const order = sweep % 2 === 0 ? columns : [...columns].reverse();
    const near = sweep % 2 === 0 ? up : down;
    for (const col of order) {
      const want = new Map(
        col.map((id) => {
          const n = near.get(id) ?? [];
          const mean = n.reduce((s, x) => s + (place.get(x) ?? 0), 0) / (n.length || 1);
          return [id, n.length === 0 ? (place.get(id) ?? 0) : mean];
        }),
      );
      col.sort((a, b) => (want.get(a) ?? 0) - (want.get(b) ?? 0));
      number(col);
    }
  }
  const tall = (id: string) => (id.startsWith('\u0000') ? size.h * 0.3 : size.h);
  const heights = columns.map((c) => c.reduce((s, id) => s + tall(id), 0) + (c.length - 1) * size.gapY);
  const height = Math.max(size.h, ...heights);
  const nodes = new Map<string, { x: number; y: number }>();
  columns.forEach((col, i) => {
    let y = (height - (heights[i] ?? 0)) / 2;
    for (const id of col) {
      nodes.set(id, { x: i * (size.w + size.gapX), y: y + (tall(id) - size.h) / 2 });
      y += tall(id) + size.gapY;
    }
  });
  const spot = (id: string) => nodes.get(id) ?? { x: 0, y: 0 };
  return {
    nodes: new Map(ids.map((id) => [id, spot(id)])),
    links: chains.map((c, i) => {
      const points: [number, number][] = [];
      c.forEach((id, k) => {
        const { x, y } = spot(id);
        const mid = y + size.h / 2;
        if (k > 0) points.push([x, mid]);
        if (k < c.length - 1) points.push([x + size.w, mid]);
      });
      return { points: back.has(i) ? points.reverse() : points, back: back.has(i) };
    }),
    width: columns.length * size.w + Math.max(0, columns.length - 1) * size.gapX,
    height,
  };
}

/** A smooth line through points that move sideways. */
export function curve(points: readonly [number, number][]): string {
  return points
    .map(([x, y], i) => {
      if (i === 0) return `M${x} ${y}`;
      const [px, py] = points[i - 1] ?? [x, y];
      const mid = (px + x) / 2;
      return py === y ? `L${x} ${y}` : `C${mid} ${py} ${mid} ${y} ${x} ${y}`;
    })
    .join('');
}
