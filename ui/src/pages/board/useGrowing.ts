import { startTransition, useEffect, useState } from 'react';

const first = 48;
const step = 40;

const later: (f: () => void) => () => void =
  typeof requestIdleCallback === 'function'
    ? (f) => {
        const id = requestIdleCallback(f, { timeout: 100 });
        return () => cancelIdleCallback(id);
      }
    : (f) => {
        const id = setTimeout(f, 16);
        return () => clearTimeout(id);
      };

/**
 * How many of a long list are drawn: the first screens at once, the rest in small parts whenever the page has nothing better
 * to do, so that a thousand tiles never stand between a person and the first one.
 */
export function useGrowing(total: number): number {
  const [n, setN] = useState(first);
  useEffect(() => {
    if (n >= total) return;
    return later(() => startTransition(() => setN(n + step)));
  }, [n, total]);
  return n;
}
