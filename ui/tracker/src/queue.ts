import { safely, type SbEvent } from './event';

const every = 5_000;
const mostEvents = 300; // in memory
const mostKept = 200; // in localStorage
const chunkEvents = 50;
const chunkChars = 20_000; // at most 60 kB in UTF-8; browsers and the server take 64
const oldest = 24 * 3_600_000;
const key = 'sb.q';

/**
 * What waits to be sent. Batches go every five seconds and when the page is hidden; what did not arrive is sent again, later
 * and later. Each event has an id, and the server counts an id once, so that sending twice does no harm. Where `mayKeep` says
 * yes, what is not acknowledged outlives the page in localStorage.
 */
export class Queue {
  private waiting: SbEvent[] = [];
  private flying = new Set<string>(); // ids
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private notBefore = 0;
  private stored = false;

  constructor(
    private readonly url: string,
    private readonly mayKeep: () => boolean,
    private readonly send: typeof fetch, // before it was wrapped
  ) {}

  add(e: SbEvent): void {
    this.waiting.push(e);
    if (this.waiting.length > mostEvents) this.waiting.splice(0, this.waiting.length - mostEvents);
    this.later(every);
  }

  /** Takes up what an earlier page could not send. */
  restore(): void {
    if (!this.mayKeep()) return;
    const mine = new Set(this.waiting.map((e) => e.id));
    const found = this.read().filter((e) => !mine.has(e.id) && Date.now() - e.time < oldest);
    this.stored = found.length > 0;
    this.waiting.unshift(...found);
    if (found.length > 0) this.later(1_000);
  }

  /** Forgets everything, also what was kept. */
  clear(): void {
    this.waiting = [];
    safely(() => localStorage.removeItem(key));
  }

  /** The network is back. */
  retry(): void {
    this.notBefore = 0;
    this.flush(false);
  }

  /** Sends what waits. When the page is being left there is no later: all of it goes at once, and is kept. */
  flush(leaving: boolean): void {
    if (leaving) this.keep();
    else if (this.flying.size > 0) return;
    else if (Date.now() < this.notBefore) {
      this.later(this.notBefore - Date.now());
      return;
    }
    for (;;) {
      const part = this.next();
      if (part.length === 0) return;
      void this.post(part);
      if (!leaving) return;
    }
  }

  private next(): SbEvent[] {
    const part: SbEvent[] = [];
    let chars = 0;
    for (const e of this.waiting) {
      if (this.flying.has(e.id)) continue;
      chars += JSON.stringify(e).length;
      if (part.length === chunkEvents || (part.length > 0 && chars > chunkChars)) break;
      part.push(e);
    }
    return part;
  }

  private async post(part: SbEvent[]): Promise<void> {
    for (const e of part) this.flying.add(e.id);
    const body = JSON.stringify({ sent_at: Date.now(), events: part });
    let done = false;
    let wait = 0;
    try {
      // Text needs no preflight. The browser finishes a request that is kept alive after the page is gone.
      if (typeof Request === 'function' && 'keepalive' in Request.prototype) {
        const res = await this.send(this.url, { method: 'POST', body, keepalive: true, credentials: 'omit' });
        done = res.ok || (res.status >= 400 && res.status < 500 && res.status !== 429 && res.status !== 408);
        wait = Number(res.headers.get('Retry-After')) * 1000 || 0;
      } else done = navigator.sendBeacon(this.url, body);
    } catch {
      // No network; it is sent again.
    }
    for (const e of part) this.flying.delete(e.id);
    if (done) {
      const ids = new Set(part.map((e) => e.id));
      this.waiting = this.waiting.filter((e) => !ids.has(e.id));
      if (this.stored) this.write(this.read().filter((e) => !ids.has(e.id)));
      this.failures = 0;
      if (this.waiting.length > 0) this.later(this.waiting.length >= chunkEvents ? 0 : every);
      return;
    }
    this.keep();
    wait = Math.max(wait, Math.min(60_000, 1_000 * 2 ** this.failures++) * (0.5 + Math.random() / 2));
    this.notBefore = Math.ceil(Date.now() + wait);
    this.later(wait);
  }

  private later(ms: number): void {
    if (this.timer !== undefined && ms >= every) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.flush(false);
    }, ms);
  }

  /** Adds what waits to what tabs of this site keep; each event is there once. */
  private keep(): void {
    if (!this.mayKeep() || this.waiting.length === 0) return;
    const all = new Map(this.read().map((e) => [e.id, e]));
    for (const e of this.waiting) all.set(e.id, e);
    this.write([...all.values()].slice(-mostKept));
    this.stored = true;
  }

  private read(): SbEvent[] {
    const v = safely(() => JSON.parse(localStorage.getItem(key) ?? '[]') as unknown);
    return Array.isArray(v) ? (v as (SbEvent | null)[]).filter((e): e is SbEvent => !!e?.id && !!e.name) : [];
  }

  private write(events: SbEvent[]): void {
    safely(() => {
      if (events.length > 0) localStorage.setItem(key, JSON.stringify(events));
      else localStorage.removeItem(key);
    });
  }
}
