/** What goes to POST /v1/events; the schema is at /v1/events/schema. */
export type SbEvent = {
  id: string;
  name: string;
  time: number; // Unix milliseconds, by the browser's clock
  route: string;
  session?: string;
  user?: string;
  consent?: string;
  trace_id?: string;
  span_id?: string;
  value?: number;
  body?: string;
  status?: 'error';
  error_type?: string;
  properties?: Props;
};

export type Props = Record<string, unknown>;

/** Random bytes as lower-case hexadecimal digits. */
export function random(bytes: number): string {
  let out = '';
  for (const b of crypto.getRandomValues(new Uint8Array(bytes))) out += b.toString(16).padStart(2, '0');
  return out;
}

/** Runs f; whatever goes wrong in it is ours and must not reach the page. */
export function safely<T>(f: () => T): T | undefined {
  try {
    return f();
  } catch {
    return undefined;
  }
}

const ids = /^(\d+|[0-9a-f]{16,}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|.*@.*|.*%40.*)$/i;

/** Like safely, for what has no result. */
export function quietly(f: () => void): void {
  safely(f);
}

/** The path of a page with ids as {id}: neither query nor fragment, so that a route is one and names nobody. */
export function routeOf(path: string): string {
  return path
    .replace(/[?#].*$/, '')
    .split('/')
    .map((s) => (ids.test(s) ? '{id}' : s))
    .join('/');
}

/** Text without query strings and fragments of addresses, and not too long. */
export function scrub(text: string, most = 500): string {
  return text.replace(/((?:https?|file|blob):[^\s?#'"()]*|\/[^\s?#'"()]*)[?#][^\s'"():]*/g, '$1').slice(0, most);
}
