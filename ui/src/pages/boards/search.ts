import { one } from '../../api/search';

export type BoardsSearch = {
  /** "import" opens the import of another tool's dashboards, "new" the form for a new board. */
  make?: 'import' | 'new';
};

/** Narrows the list's part of the URL. */
export function boardsSearch(raw: Record<string, unknown>): BoardsSearch {
  return raw.make === 'import' || raw.make === 'new' ? { make: raw.make } : {};
}

export type UserBoardSearch = {
  /** "24h", or two instants "from-to". */
  range?: string;
  /** "on" edits the board, "new" begins one that does not exist yet. */
  edit?: 'on' | 'new';
  /** Title of a board that is new. */
  title?: string;
  /** Chosen values of variables, as var.NAME; "*" is all values. */
  [variable: `var.${string}`]: string;
};

/** Narrows a board's part of the URL. */
export function userBoardSearch(raw: Record<string, unknown>): UserBoardSearch {
  const out: UserBoardSearch = {};
  const range = one(raw.range);
  if (range && /^(\d+[smhdw]|\d{10,15}-\d{10,15})$/.test(range)) out.range = range;
  if (raw.edit === 'on' || raw.edit === 'new') out.edit = raw.edit;
  const title = one(raw.title);
  if (title) out.title = title;
  for (const [k, v] of Object.entries(raw)) {
    const value = one(v);
    if (/^var\.[a-zA-Z_]\w*$/.test(k) && value) out[k as `var.${string}`] = value;
  }
  return out;
}

/** The chosen values as the server wants them: by name, empty for all. */
export function varsOf(search: UserBoardSearch): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [k, v] of Object.entries(search)) {
    if (k.startsWith('var.') && typeof v === 'string') out[k.slice(4)] = v === '*' ? '' : v;
  }
  return out;
}
