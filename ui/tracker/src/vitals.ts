import { safely } from './event';

type Shift = PerformanceEntry & { value: number; hadRecentInput: boolean };
type Interaction = PerformanceEntry & { interactionId?: number; processingStart: number };

export type Vitals = { LCP?: number; INP?: number; CLS?: number };

/**
 * Measures Core Web Vitals of the page that was loaded; the returned function reads them: LCP and INP in seconds, CLS as its
 * score. What the browser cannot measure is left out.
 *
 * LCP is the last candidate before the first interaction. CLS is the worst window of shifts that are less than a second apart
 * and within five. INP is the longest interaction, one less of the longest for every fifty. Source: web.dev's definitions.
 */
export function measure(): () => Vitals {
  const v: Vitals = {};
  const readers: (() => void)[] = [];
  const watch = (
    type: string,
    seen: (e: PerformanceEntry) => void,
    more: object = {},
  ): PerformanceObserver | undefined =>
    safely(() => {
      if (!PerformanceObserver.supportedEntryTypes.includes(type)) return undefined;
      const take = (list: PerformanceEntry[]): void => list.forEach(seen);
      const o = new PerformanceObserver((list) => take(list.getEntries()));
      o.observe({ type, buffered: true, ...more });
      readers.push(() => take(o.takeRecords()));
      return o;
    });

  if (document.visibilityState !== 'hidden') {
    let settled = false;
    watch('largest-contentful-paint', (e) => {
      if (!settled) v.LCP = e.startTime / 1000;
    });
    const stop = (): void => {
      readers.forEach((read) => read());
      settled = true;
    };
    for (const type of ['keydown', 'pointerdown']) addEventListener(type, stop, { once: true, capture: true });
  }

  let first = 0;
  let last = 0;
  let sum = 0;
  if (
    watch('layout-shift', (e) => {
      const s = e as Shift;
      if (s.hadRecentInput) return;
      if (s.startTime - last >= 1000 || s.startTime - first >= 5000) {
        first = s.startTime;
        sum = 0;
      }
      last = s.startTime;
      sum += s.value;
      v.CLS = Math.max(v.CLS ?? 0, sum);
    })
  )
    v.CLS = 0;

  const worst = new Map<number, number>();
  let lowest = Infinity;
  let highest = 0;
  const interaction = (e: PerformanceEntry): void => {
    const id = (e as Interaction).interactionId;
    if (!id) return;
    lowest = Math.min(lowest, id);
    highest = Math.max(highest, id);
    worst.set(id, Math.max(worst.get(id) ?? 0, e.duration));
    const order = [...worst].sort((a, b) => b[1] - a[1]);
    for (const [gone] of order.slice(10)) worst.delete(gone);
    const count = (performance as { interactionCount?: number }).interactionCount ?? (highest - lowest) / 7 + 1;
    v.INP = (order[Math.min(order.length - 1, 9, Math.floor(count / 50))]?.[1] ?? 0) / 1000;
  };
  watch('event', interaction, { durationThreshold: 16 });
  watch('first-input', interaction);

  return () => {
    readers.forEach((read) => read());
    return v;
  };
}
