import type { Tile } from '../../api/types';
import { rankOf, stateOf, worstOf, type StateName } from '../../light/light';
import type { BoardSearch } from './search';

// Filtering, ordering and grouping of tiles: pure, so that it is tested and cheap enough for every update.

export type TileGroup = { name: string; state: StateName; onTarget: number; tiles: Tile[] };

/** Reports whether a tile passes the filters of the URL. */
export function passes(t: Tile, f: BoardSearch): boolean {
  if (f.state && stateOf(t) !== f.state) return false;
  if (f.owner && t.owner !== f.owner) return false;
  if (f.outcome && t.outcome !== f.outcome) return false;
  for (const l of f.label ?? []) {
    const i = l.indexOf('=');
    if (t.labels[l.slice(0, i)] !== l.slice(i + 1)) return false;
  }
  return true;
}

/** Worst first, then by title, so that equal states keep their place. */
export function byState(a: Tile, b: Tile): number {
  return rankOf(stateOf(a)) - rankOf(stateOf(b)) || a.title.localeCompare(b.title) || a.name.localeCompare(b.name);
}

function capital(s: string): string {
  return s === '' ? s : s.charAt(0).toUpperCase() + s.slice(1);
}

/** The name of the group that a tile belongs to. */
export function groupName(t: Tile, by: string | undefined): string {
  if (by === 'none') return 'All KPIs';
  if (by === 'owner') return t.owner || 'No owner';
  if (by?.startsWith('label:')) {
    const name = by.slice(6);
    return t.labels[name] ?? `No ${name}`;
  }
  return capital(t.outcome) || 'Other';
}

/** Groups worst first; within a group worst first; an equal state is ordered by name. */
export function arrange(tiles: readonly Tile[], f: BoardSearch): TileGroup[] {
  const groups = new Map<string, Tile[]>();
  for (const t of tiles) {
    if (!passes(t, f)) continue;
    const name = groupName(t, f.group);
    const list = groups.get(name);
    if (list) list.push(t);
    else groups.set(name, [t]);
  }
  const out: TileGroup[] = [];
  for (const [name, list] of groups) {
    list.sort(byState);
    out.push({
      name,
      state: worstOf(list.map(stateOf)),
      onTarget: list.filter((t) => t.light === 'green').length,
      tiles: list,
    });
  }
  return out.sort((a, b) => rankOf(a.state) - rankOf(b.state) || a.name.localeCompare(b.name));
}
