// View state lives in the URL as plain words: ?state=red&label=team%3Dpayments, lists as repeated keys.

export type RawSearch = Record<string, string | string[]>;

/** Reads a query string. */
export function parseSearch(s: string): RawSearch {
  const out: RawSearch = {};
  for (const [k, v] of new URLSearchParams(s.startsWith('?') ? s.slice(1) : s)) {
    const was = out[k];
    out[k] = was === undefined ? v : Array.isArray(was) ? [...was, v] : [was, v];
  }
  return out;
}

/** Writes a query string; what is undefined or empty is left out. */
export function stringifySearch(search: Record<string, unknown>): string {
  const p = new URLSearchParams();
  for (const [k, v] of Object.entries(search)) {
    for (const one of Array.isArray(v) ? (v as unknown[]) : [v]) {
      if (typeof one === 'string' && one !== '') p.append(k, one);
      else if (typeof one === 'number' || one === true) p.append(k, String(one));
    }
  }
  const s = p.toString();
  return s === '' ? '' : `?${s}`;
}

/** One value of a search, undefined when absent. */
export function one(v: unknown): string | undefined {
  const x: unknown = Array.isArray(v) ? (v as unknown[])[0] : v;
  return typeof x === 'string' && x !== '' ? x : undefined;
}

/** All values of a search key. */
export function many(v: unknown): string[] {
  const list: unknown[] = Array.isArray(v) ? (v as unknown[]) : [v];
  return list.filter((x): x is string => typeof x === 'string' && x !== '');
}
