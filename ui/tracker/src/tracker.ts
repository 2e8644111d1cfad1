import { quietly, random, routeOf, safely, scrub, type Props, type SbEvent } from './event';
import { Queue } from './queue';
import { Session } from './session';
import { newRoot, traceRequests, type Root } from './trace';
import { measure } from './vitals';

export type Config = {
  url: string; // of the endpoint, with the site's key
  consent: string | null; // data-consent
  trace: string[]; // origins besides the page's own whose requests are traced
};

/** What a page can call. Nothing of it ever throws. */
export type Api = {
  track: (name: string, properties?: Props) => void;
  survey: (score: number | string, comment?: string, properties?: Props) => void;
  identify: (user: string | number | null) => void;
  page: (route?: string) => void;
  consent: (given: boolean | 'necessary') => void;
  flush: () => void;
  push: (call: unknown[]) => void;
};

type Mode = 'all' | 'necessary' | 'waiting' | 'none';
type Extra = Partial<SbEvent>;

const mostErrors = 20;
const sameError = 3;
const mostHeld = 100;

/** Whether the person asked not to be tracked, by Global Privacy Control or Do Not Track. */
export function objects(): boolean {
  const n = navigator as Navigator & { globalPrivacyControl?: boolean };
  const dnt = n.doNotTrack ?? (window as { doNotTrack?: string }).doNotTrack;
  return n.globalPrivacyControl === true || dnt === '1' || dnt === 'yes';
}

/** The calls of a tracker that does nothing. */
export function silent(): Api {
  const nothing = (): void => undefined;
  return {
    track: nothing,
    survey: nothing,
    identify: nothing,
    page: nothing,
    consent: nothing,
    flush: nothing,
    push: nothing,
  };
}

/** Starts to track the page. */
export function start(c: Config): Api {
  let mode: Mode = c.consent === 'required' ? 'waiting' : c.consent === 'necessary' ? 'necessary' : 'all';
  let stated = c.consent === 'granted' || c.consent === 'necessary' ? c.consent : undefined;
  let user: string | undefined;
  let route = '';
  let seen = ''; // path of the newest page view
  let root: Root | undefined;
  let held: [SbEvent, boolean][] = []; // while consent is awaited
  const session = new Session();
  const queue = new Queue(c.url, () => mode === 'all', window.fetch.bind(window));

  /** Books an event. Without consent, what is necessary goes without anything that ties events to each other. */
  const add = (name: string, extra: Extra, necessary: boolean, from?: Root): void => {
    const time = Date.now();
    const e: SbEvent = { id: random(16), name, time, route, ...extra };
    if (from) {
      e.trace_id = from.trace;
      e.span_id = from.span;
    }
    if (mode === 'waiting') {
      if (held.length < mostHeld) held.push([e, necessary]);
    } else release(e, necessary);
  };
  const release = (e: SbEvent, necessary: boolean): void => {
    if (mode === 'all') {
      e.session = session.at(e.time);
      if (user) e.user = user;
    } else if (mode !== 'necessary' || !necessary) return;
    else {
      delete e.trace_id;
      delete e.span_id;
    }
    if (stated) e.consent = stated;
    queue.add(e);
  };

  const page = (to?: string): void => {
    seen = location.pathname;
    route = to ?? routeOf(seen);
    const extra: Extra = { properties: {} };
    const from = safely(() => new URL(document.referrer).hostname);
    if (from && from !== location.hostname) extra.properties = { referrer: from };
    root = newRoot(Date.now());
    add('page_view', extra, true, root);
  };
  const moved = (): void => {
    if (location.pathname !== seen) page();
  };
  const track = (name: string, properties?: Props, extra: Extra = {}): void => {
    if (typeof name !== 'string' || name === '') return;
    root = newRoot(Date.now());
    add(name, properties ? { ...extra, properties } : extra, false, root);
  };

  const marked = (target: EventTarget | null, submit: boolean): void => {
    const el = target instanceof Element ? target.closest('[data-sb-event]') : null;
    // A form counts when it is sent, not when somebody clicks into it.
    if (!el || (el.tagName === 'FORM') !== submit) return;
    const properties: Props = {};
    for (const { name, value } of el.attributes)
      if (name.startsWith('data-sb-') && name !== 'data-sb-event')
        properties[name.slice(8).replaceAll('-', '_')] = value;
    track(el.getAttribute('data-sb-event') ?? '', properties);
  };

  const errors = new Map<string, number>();
  let reported = 0;
  const fault = (type: string, message: string, stack?: string): void => {
    const body = scrub(message);
    const n = (errors.get(type + body) ?? 0) + 1;
    if (n > sameError || reported >= mostErrors) return;
    errors.set(type + body, n);
    reported++;
    const frames = (stack ?? '').split('\n').filter((l) => /^\s*at |@/.test(l)); // not the message, which may be long
    const top = scrub(frames.slice(0, 5).join('\n').replaceAll(location.origin, ''), 1000);
    add('error', { error_type: type, body, status: 'error', ...(top ? { properties: { stack: top } } : {}) }, true);
  };
  const thrown = (e: unknown): void => {
    if (e instanceof Error) fault(e.name, e.message, e.stack);
    else fault('Error', String(e));
  };

  const vitals = measure();
  const landed = routeOf(location.pathname);
  let measured = false;
  const leave = (): void => {
    if (!measured) {
      measured = true;
      for (const [vital, value] of Object.entries(vitals()))
        add('web_vital', { value: Math.round(value * 1e4) / 1e4, route: landed, properties: { vital } }, true);
    }
    queue.flush(true);
  };

  const api: Api = {
    track: (name, properties) => quietly(() => track(name, properties)),
    survey: (score, comment, properties) =>
      quietly(() => {
        const extra: Extra = { value: Number(score) };
        if (comment) extra.body = comment;
        track('survey', properties, extra);
      }),
    identify: (id) => {
      user = id === null || id === '' ? undefined : String(id);
    },
    page: (to) => quietly(() => page(to)),
    consent: (given) =>
      quietly(() => {
        mode = given === true ? 'all' : given === 'necessary' ? 'necessary' : 'none';
        stated = given === true ? 'granted' : given === 'necessary' ? 'necessary' : undefined;
        if (mode !== 'all') {
          session.forget();
          queue.clear();
          root = user = undefined;
        } else queue.restore();
        const before = held;
        held = [];
        for (const [e, necessary] of before) release(e, necessary);
      }),
    flush: () => quietly(() => queue.flush(false)),
    push: (call) => quietly(() => (api[call[0] as keyof Api] as (...a: unknown[]) => void)(...call.slice(1))),
  };

  const on = (target: EventTarget, type: string, f: (e: Event) => void): void =>
    target.addEventListener(type, (e) => quietly(() => f(e)), true);
  on(document, 'click', (e) => marked(e.target, false));
  on(document, 'submit', (e) => marked(e.target, true));
  on(window, 'error', (e) => {
    const failed = e as ErrorEvent;
    if (failed.error) thrown(failed.error);
    else if (failed.message) fault('Error', failed.message);
  });
  on(window, 'unhandledrejection', (e) => thrown((e as PromiseRejectionEvent).reason));
  on(window, 'online', () => queue.retry());
  on(window, 'pagehide', leave);
  on(document, 'visibilitychange', () => {
    if (document.visibilityState === 'hidden') leave();
  });
  on(window, 'popstate', moved);
  for (const name of ['pushState', 'replaceState'] as const) {
    const original = history[name].bind(history);
    history[name] = (...args) => {
      original(...args);
      quietly(moved);
    };
  }
  traceRequests(c.trace, () => (mode === 'all' ? root : undefined));
  queue.restore();
  page();
  return api;
}
