// Where the flags of changes stand above a chart, without a canvas: which share a place, and which have room for words.

/** Something that happened, as a labelled flag on top. */
export type Flag = {
  t: number;
  letter: string;
  label: string;
  /** The whole of it in words, for those who listen; letter and label unless told. */
  say?: string;
  /** What the chart's owner knows it by. */
  id?: string;
};

/** One place above the chart: flags that are too close to be told apart share it. All lengths are CSS pixels. */
export type Place = {
  flags: Flag[];
  /** Where the line below it stands. */
  x: number;
  left: number;
  /** Room for the words beside the square; 0 shows the square alone. */
  room: number;
};

/** Side of a flag's square. */
export const square = 18;
const gap = 4;
/** Less room than this is not worth words. */
const least = 44;

/** Width of words in the flags' small type, near enough. */
function widthOf(text: string): number {
  return text.length * 6.5 + 8;
}

/** What stands beside the square: the label, or how many share the place. */
export function labelOf(p: Pick<Place, 'flags'>): string {
  const first = p.flags[0];
  if (!first) return '';
  if (p.flags.length === 1) return first.label;
  const same = p.flags.every((f) => f.letter === first.letter);
  return same ? `${p.flags.length} changes` : 'changes';
}

/**
 * Places for flags between two edges, oldest first. Flags closer than a square share a place. From the newest back each place
 * takes the room it can get for its words: to its right up to the next place, or else to its left.
 */
export function placesOf(flags: readonly Flag[], xOf: (t: number) => number, left: number, right: number): Place[] {
  const sorted = flags.map((f) => ({ f, x: xOf(f.t) })).sort((a, b) => a.x - b.x);
  const places: Place[] = [];
  for (const { f, x } of sorted) {
    if (x < left - 1 || x > right + 1) continue;
    const last = places.at(-1);
    if (last && x - last.x < square + gap) last.flags.push(f);
    else places.push({ flags: [f], x, left: x - square / 2, room: 0 });
  }
  let limit = right + square / 2;
  for (let i = places.length - 1; i >= 0; i--) {
    const p = places[i];
    if (!p) continue;
    const before = places[i - 1];
    // The place before keeps at least its own square.
    const lowest = before ? before.x + square / 2 + gap : left - square / 2;
    const wanted = widthOf(labelOf(p));
    const at = Math.max(lowest, Math.min(p.x - square / 2, limit - square - wanted));
    const room = Math.min(wanted, limit - at - square);
    if (room >= Math.min(least, wanted) && at + square + room >= p.x) {
      p.left = at;
      p.room = room;
    } else {
      p.left = Math.min(p.x - square / 2, limit - square);
      p.room = 0;
    }
    limit = p.left - gap;
  }
  return places;
}

/** The first flag after an instant, and those that happened in the very same place in time; null when there is none. */
export function nextFlag(flags: readonly Flag[], after: number): Flag | null {
  let best: Flag | null = null;
  for (const f of flags) if (f.t > after && (best === null || f.t < best.t)) best = f;
  return best;
}

/** The point of a time line that is nearest to an instant. */
export function nearest(t: readonly number[], at: number): number {
  let best = 0;
  for (let i = 1; i < t.length; i++) if (Math.abs((t[i] ?? 0) - at) < Math.abs((t[best] ?? 0) - at)) best = i;
  return best;
}
