import { rankOf, stateOf, type LightName } from '../../light/light';

// What a wall shows now. Trouble is pinned; only what is well takes turns.

type Item = { light: LightName; paused?: unknown };

/** The tiles of this turn, worst first, and how many turns there are. Tiles come in worst first. */
export function turn<T extends Item>(tiles: readonly T[], per: number, at: number): { shown: T[]; turns: number } {
  if (tiles.length <= per) return { shown: [...tiles], turns: 1 };
  const trouble = tiles.filter((t) => rankOf(stateOf(t)) <= rankOf('grey'));
  const pinned = trouble.slice(0, per - 4);
  const rest = [...trouble.slice(per - 4), ...tiles.filter((t) => rankOf(stateOf(t)) > rankOf('grey'))];
  const room = per - pinned.length;
  const turns = Math.max(1, Math.ceil(rest.length / room));
  const start = (at % turns) * room;
  return { shown: [...pinned, ...rest.slice(start, start + room)], turns };
}

/** Columns and rows that fill a wide screen. */
export function shape(n: number): { columns: number; rows: number } {
  const columns = n <= 1 ? 1 : n <= 4 ? 2 : n <= 9 ? 3 : 4;
  return { columns, rows: Math.max(1, Math.ceil(n / columns)) };
}
