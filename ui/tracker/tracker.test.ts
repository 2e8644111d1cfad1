import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { routeOf, scrub, type SbEvent } from './src/event';
import { Queue } from './src/queue';
import { Session } from './src/session';
import { objects, start, type Api } from './src/tracker';

type Sent = { sent_at: number; events: SbEvent[] };

let sent: Sent[] = [];
let requests: { url: string; headers: Headers }[] = [];
const undo: (() => void)[] = [];
/* eslint-disable @typescript-eslint/unbound-method -- put back as they were */
const page = {
  fetch: window.fetch,
  history: { pushState: history.pushState, replaceState: history.replaceState },
  xhr: {
    open: XMLHttpRequest.prototype.open,
    send: XMLHttpRequest.prototype.send,
    setRequestHeader: XMLHttpRequest.prototype.setRequestHeader,
  },
};
/* eslint-enable @typescript-eslint/unbound-method */
let answer: () => Promise<Response>;

const ok = (): Promise<Response> => Promise.resolve(new Response(null, { status: 204 }));
const events = (): SbEvent[] => sent.flatMap((s) => s.events);
const names = (): string[] => events().map((e) => e.name);

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 10, 21, 10) });
  sent = [];
  requests = [];
  answer = ok;
  localStorage.clear();
  sessionStorage.clear();
  window.fetch = ((url: string, init?: RequestInit) => {
    if (url.startsWith('https://sb.example/')) {
      const res = answer();
      void res.then(
        (r) => r.ok && sent.push(JSON.parse(init?.body as string) as Sent),
        () => undefined,
      );
      return res;
    }
    requests.push({ url, headers: new Headers(init?.headers) });
    return ok();
  }) as typeof fetch;
  Object.defineProperty(Request.prototype, 'keepalive', { value: true, configurable: true }); // happy-dom has none
  for (const target of [window, document]) {
    const listen = target.addEventListener.bind(target) as EventTarget['addEventListener'];
    vi.spyOn(target as EventTarget, 'addEventListener').mockImplementation((type, f, options) => {
      undo.push(() => {
        target.removeEventListener(type, f as EventListener, options);
      });
      listen(type, f, options);
    });
  }
});

// A tracker has no end but that of its page.
afterEach(() => {
  vi.useRealTimers();
  for (const f of undo.splice(0)) f();
  window.fetch = page.fetch;
  Object.assign(history, page.history);
  Object.assign(XMLHttpRequest.prototype, page.xhr);
});

const begin = (consent: string | null = null): Api =>
  start({ url: 'https://sb.example/v1/events?site=k', consent, trace: ['https://api.example'] });
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

describe('text', () => {
  it.each([
    ['/case/1234/pay', '/case/{id}/pay'],
    ['/u/0af7651916cd43dd8448eb211c80319c?x=1', '/u/{id}'],
    ['/u/3f2504e0-4f89-11d3-9a0c-0305e82c3301/', '/u/{id}/'],
    ['/mail/ann@irs.example', '/mail/{id}'],
    ['/forms/1040ez#part', '/forms/1040ez'],
  ])('%s is the route %s', (path, route) => {
    expect(routeOf(path)).toBe(route);
  });

  it('loses query strings and fragments', () => {
    expect(scrub('cannot load https://a.example/x?token=1#y: 403 at /pay?ssn=123 (line 4)')).toBe(
      'cannot load https://a.example/x: 403 at /pay (line 4)',
    );
    expect(scrub('    at f (https://a.example/app.js?v=9:3:7)')).toBe('    at f (https://a.example/app.js:3:7)');
    expect(scrub('why? because #1')).toBe('why? because #1');
  });
});

// The rule of the vectors in semantics/sessions.tsv: minutes of events, and how many sessions they make.
describe('sessions', () => {
  it.each([
    [[0, 10, 29], 1],
    [[0, 29.99, 59.98], 1],
    [[0, 30], 2],
    [[0, 31, 32], 2],
    [Array.from({ length: 60 }, (_, i) => i * 25), 2],
    [[10, 5], 1],
  ])('%j make %i', (minutes, want) => {
    const s = new Session();
    expect(new Set(minutes.map((m) => s.at(m * 60_000))).size).toBe(want);
  });

  it('go on after a reload of the tab, and without sessionStorage', () => {
    const id = new Session().at(1);
    expect(new Session().at(2)).toBe(id);
    vi.stubGlobal('sessionStorage', undefined);
    const s = new Session();
    expect(s.at(3)).toBe(s.at(4));
  });
});

describe('the queue', () => {
  const event = (i: number): SbEvent => ({ id: String(i), name: 'a', time: Date.now(), route: '/' });
  const queue = (keep = true): Queue => new Queue('https://sb.example/', () => keep, window.fetch.bind(window));

  it('sends every five seconds, in parts', async () => {
    const q = queue();
    for (let i = 0; i < 120; i++) q.add(event(i));
    expect(sent).toHaveLength(0);
    await pass(5_000);
    await pass(10_000);
    expect(sent.map((s) => s.events.length)).toEqual([50, 50, 20]);
    expect(sent[0]?.sent_at).toBe(Date.UTC(2026, 10, 21, 10, 0, 5));
  });

  it('sends again what did not arrive, later and later, and each event in the end', async () => {
    let tries = 0;
    answer = () => {
      tries++;
      return Promise.reject(new TypeError('no network'));
    };
    const q = queue();
    q.add(event(1));
    await pass(60_000);
    expect(tries).toBeGreaterThan(3);
    expect(tries).toBeLessThan(12);
    answer = ok;
    q.retry();
    await pass(0);
    expect(events().map((e) => e.id)).toEqual(['1']);
    expect(localStorage.getItem('sb.q')).toBeNull();
  });

  it('waits as long as it is told, and drops what is refused', async () => {
    let tries = 0;
    answer = () => {
      tries++;
      return Promise.resolve(new Response(null, { status: 429, headers: { 'Retry-After': '30' } }));
    };
    const q = queue();
    q.add(event(1));
    await pass(5_000);
    await pass(29_000);
    expect(tries).toBe(1);
    await pass(2_000);
    expect(tries).toBe(2);
    answer = () => {
      tries++;
      return Promise.resolve(new Response(null, { status: 400 }));
    };
    await pass(600_000);
    expect(tries).toBe(3);
  });

  it('outlives the page, within its bounds, only where it may', async () => {
    answer = () => Promise.reject(new TypeError('no network'));
    const q = queue();
    for (let i = 0; i < 400; i++) q.add(event(i));
    q.flush(true);
    const kept = JSON.parse(localStorage.getItem('sb.q') ?? '[]') as SbEvent[];
    expect(kept).toHaveLength(200);
    expect(kept.at(-1)?.id).toBe('399');
    answer = ok;
    await pass(0);
    vi.clearAllTimers(); // the page is gone
    const next = queue();
    next.restore();
    await pass(60_000);
    expect(events()).toHaveLength(200);
    expect(localStorage.getItem('sb.q')).toBeNull();
    answer = () => Promise.reject(new TypeError('no network'));
    const forbidden = queue(false);
    forbidden.add(event(1));
    forbidden.flush(true);
    await pass(0);
    expect(localStorage.getItem('sb.q')).toBeNull();
  });

  it('falls back to sendBeacon where a request cannot outlive its page', async () => {
    Reflect.deleteProperty(Request.prototype, 'keepalive');
    const beacon = vi.spyOn(navigator, 'sendBeacon').mockReturnValue(true);
    const q = queue();
    q.add(event(1));
    q.flush(true);
    await pass(60_000);
    expect(beacon).toHaveBeenCalledTimes(1);
    expect(beacon.mock.calls[0]?.[0]).toBe('https://sb.example/');
    expect(sent).toHaveLength(0);
  });

  it('does not choke on what somebody else put into its place', () => {
    for (const junk of ['{', '7', '[null, 1, {"id": 2}]', '{"id": 1}']) {
      localStorage.setItem('sb.q', junk);
      expect(() => {
        queue().restore();
      }).not.toThrow();
    }
  });
});

describe('the tracker', () => {
  it('counts page views, also those without a load', async () => {
    const api = begin();
    history.pushState(null, '', '/case/77?secret=1');
    history.replaceState(null, '', '/case/77?other=2');
    api.page('/by-hand');
    await pass(5_000);
    expect(names()).toEqual(['page_view', 'page_view', 'page_view']);
    expect(events().map((e) => e.route)).toEqual([routeOf('/'), '/case/{id}', '/by-hand']);
    expect(new Set(events().map((e) => e.session)).size).toBe(1);
    expect(JSON.stringify(sent)).not.toContain('secret');
    history.replaceState(null, '', '/');
  });

  it('counts clicks on marked elements and forms that are sent', async () => {
    begin();
    document.body.innerHTML = `<button data-sb-event="opened" data-sb-form-id="1040" data-sb-business-id="C-1"><b>Open</b></button>
      <form data-sb-event="sent"><input><button type="button" id="in">x</button></form><i>not marked</i>`;
    document.querySelector('b')?.click();
    document.querySelector('i')?.click();
    document.querySelector<HTMLElement>('#in')?.click();
    document.querySelector('form')?.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
    await pass(5_000);
    expect(names().filter((n) => n === 'opened')).toHaveLength(1);
    expect(names().filter((n) => n === 'sent')).toHaveLength(1);
    expect(events().find((e) => e.name === 'opened')?.properties).toEqual({ form_id: '1040', business_id: 'C-1' });
  });

  it('joins a click to the requests it causes', async () => {
    const api = begin();
    api.track('pressed');
    await window.fetch('/api/file');
    await window.fetch('https://api.example/x', { headers: { traceparent: 'mine' } });
    await window.fetch('https://api.example/y', { headers: { a: 'b' } });
    await window.fetch('https://stranger.example/z');
    await pass(5_000);
    await window.fetch('/api/poll');
    const click = events().find((e) => e.name === 'pressed');
    const want = `00-${click?.trace_id ?? ''}-${click?.span_id ?? ''}-01`;
    expect(want).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    const got = new Map(requests.map((r) => [r.url, r.headers.get('traceparent')]));
    expect(got.get('/api/file')).toBe(want);
    expect(got.get('https://api.example/x')).toBe('mine');
    expect(got.get('https://api.example/y')).toBe(want);
    expect(requests.find((r) => r.url.endsWith('/y'))?.headers.get('a')).toBe('b');
    expect(got.get('https://stranger.example/z')).toBeNull();
  });

  it('takes surveys, people and errors, and bounds the errors', async () => {
    const api = begin();
    api.identify('u-1');
    api.survey(4, 'quick');
    for (let i = 0; i < 9; i++)
      window.dispatchEvent(
        new ErrorEvent('error', { error: new RangeError('bad https://x.example/a?t=1'), message: 'm' }),
      );
    window.dispatchEvent(new ErrorEvent('error', { message: 'Script error.' }));
    await pass(5_000);
    const survey = events().find((e) => e.name === 'survey');
    expect([survey?.value, survey?.body, survey?.user]).toEqual([4, 'quick', 'u-1']);
    const errors = events().filter((e) => e.name === 'error');
    expect(errors.filter((e) => e.error_type === 'RangeError')).toHaveLength(3);
    expect(errors[0]?.body).toBe('bad https://x.example/a');
    expect(errors[0]?.status).toBe('error');
    expect(errors.at(-1)?.body).toBe('Script error.');
  });

  it('sends and keeps nothing before consent that is required, and then what was held', async () => {
    const api = begin('required');
    api.track('early');
    await pass(10_000);
    expect(sent).toHaveLength(0);
    expect(sessionStorage).toHaveLength(0);
    expect(localStorage).toHaveLength(0);
    api.consent(true);
    await pass(5_000);
    expect(names()).toEqual(['page_view', 'early']);
    expect(events()[0]?.consent).toBe('granted');
    expect(events()[0]?.session).toBeTruthy();
    api.consent(false);
    api.track('late');
    await pass(10_000);
    expect(names()).not.toContain('late');
    expect(sessionStorage).toHaveLength(0);
  });

  it('ties nothing together where only the necessary is allowed', async () => {
    const api = begin('required');
    api.identify('u');
    api.track('clicked');
    api.consent('necessary');
    window.dispatchEvent(new ErrorEvent('error', { error: new Error('x'), message: 'x' }));
    await window.fetch('/api/file');
    await pass(5_000);
    expect(names()).toEqual(['page_view', 'error']);
    for (const e of events()) {
      expect(e.consent).toBe('necessary');
      expect([e.session, e.user, e.trace_id]).toEqual([undefined, undefined, undefined]);
    }
    expect(requests.at(-1)?.headers.get('traceparent')).toBeNull();
    expect(sessionStorage).toHaveLength(0);
    expect(localStorage).toHaveLength(0);
  });

  it('never throws into the page', () => {
    const api = begin() as unknown as Record<string, (...args: unknown[]) => void>;
    const hostile = {
      get x(): never {
        throw new Error('no');
      },
      toJSON(): never {
        throw new Error('no');
      },
    };
    expect(() => {
      api.track?.(undefined);
      api.track?.('a', hostile);
      api.survey?.(hostile);
      api.identify?.(hostile);
      api.push?.(['nothing']);
      api.push?.(undefined);
      api.flush?.();
    }).not.toThrow();
  });
});

it('hears an objection', () => {
  expect(objects()).toBe(false);
  for (const [name, value] of [
    ['globalPrivacyControl', true],
    ['doNotTrack', '1'],
  ] as const) {
    Object.defineProperty(navigator, name, { value, configurable: true });
    expect(objects()).toBe(true);
    Reflect.deleteProperty(navigator, name);
  }
});

it('is built into less than 6 kB', () => {
  expect(gzipSync(readFileSync('dist/sb.js'), { level: 9 }).length).toBeLessThan(6_000);
});
