import { quietly, random, safely } from './event';

/** A root event's place in a trace: what the page asks for soon after it belongs to it. */
export type Root = { trace: string; span: string; until: number };

const belongs = 5_000;

export function newRoot(now: number): Root {
  return { trace: random(16), span: random(8), until: now + belongs };
}

/**
 * Gives requests to the page's own origin, and to those listed, a traceparent whose parent is the newest root event, so that
 * a click and what the server did for it are one trace. A request that has a traceparent keeps it; one that no root event
 * caused gets none, so that no trace begins with a span that nobody has.
 */
export function traceRequests(origins: string[], root: () => Root | undefined): void {
  const parent = (url: string): string | undefined =>
    safely(() => {
      const r = root();
      if (!r || Date.now() > r.until) return undefined;
      const to = new URL(url, document.baseURI).origin;
      return to === location.origin || origins.includes(to) ? `00-${r.trace}-${r.span}-01` : undefined;
    });

  if (typeof window.fetch === 'function') {
    const page = window.fetch.bind(window);
    window.fetch = (input, init) => {
      const traced = safely(() => {
        const asked = input instanceof Request;
        const value = parent(asked ? input.url : String(input));
        if (!value) return undefined;
        const headers = new Headers(init?.headers ?? (asked ? input.headers : undefined));
        if (headers.has('traceparent')) return undefined;
        headers.set('traceparent', value);
        return { ...init, headers };
      });
      return page(input, traced ?? init);
    };
  }

  const x = XMLHttpRequest.prototype as unknown as Record<string, (...args: unknown[]) => void>;
  const urls = new WeakMap<XMLHttpRequest, string>(); // of those that may get one
  const wrap = (
    name: 'open' | 'send' | 'setRequestHeader',
    before: (x: XMLHttpRequest, args: unknown[]) => void,
  ): void => {
    const original = x[name];
    x[name] = function (this: XMLHttpRequest, ...args: unknown[]): void {
      quietly(() => {
        before(this, args);
      });
      original?.apply(this, args);
    };
  };
  wrap('open', (r, args) => urls.set(r, String(args[1])));
  wrap('setRequestHeader', (r, args) => {
    if (/^traceparent$/i.test(String(args[0]))) urls.delete(r);
  });
  wrap('send', (r) => {
    const url = urls.get(r);
    const value = url === undefined ? undefined : parent(url);
    if (value) r.setRequestHeader('traceparent', value);
  });
}
