import { many, one } from '../../api/search';

export type ExploreSearch = {
  /** The queries, in order. */
  q?: string[];
  /** "1h", or two instants "from-to". */
  range?: string;
  /** A fixed step such as "15s"; chosen by the range when absent. */
  step?: string;
  /** "table" shows the newest values instead of the graph. */
  view?: 'table';
};

/** Narrows Explore's part of the URL. */
export function exploreSearch(raw: Record<string, unknown>): ExploreSearch {
  const out: ExploreSearch = {};
  const q = many(raw.q);
  if (q.length > 0) out.q = q.slice(0, 10);
  const range = one(raw.range);
  if (range && /^(\d+[smhdw]|\d{10,15}-\d{10,15})$/.test(range)) out.range = range;
  const step = one(raw.step);
  if (step && /^\d+[smhd]$/.test(step)) out.step = step;
  if (raw.view === 'table') out.view = 'table';
  return out;
}
