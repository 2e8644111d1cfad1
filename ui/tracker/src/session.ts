import { random, safely } from './event';

const pause = 30 * 60_000;
const longest = 24 * 3_600_000;
const key = 'sb.s';

type Kept = { id: string; start: number; last: number };

/**
 * The session of a tab: it ends after 30 minutes without an event, and after a day. It lives in sessionStorage, or in memory
 * where there is none, and never in a cookie.
 */
export class Session {
  private kept: Kept | undefined;

  /** The session's id at an instant, which counts as activity. */
  at(now: number): string {
    const s = this.kept ?? this.read();
    const going = s && now - s.last < pause && now - s.start < longest;
    this.kept = going ? { ...s, last: Math.max(now, s.last) } : { id: random(16), start: now, last: now };
    safely(() => sessionStorage.setItem(key, JSON.stringify(this.kept)));
    return this.kept.id;
  }

  forget(): void {
    this.kept = undefined;
    safely(() => sessionStorage.removeItem(key));
  }

  private read(): Kept | undefined {
    return safely(() => {
      const v = JSON.parse(sessionStorage.getItem(key) ?? 'null') as Partial<Kept> | null;
      const good = v && typeof v.id === 'string' && typeof v.start === 'number' && typeof v.last === 'number';
      return good ? (v as Kept) : undefined;
    });
  }
}
