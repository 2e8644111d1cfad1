import { useMemo, useState } from 'react';
import type { Asked } from '../../api/rows';
import { fixedRange, resolveRange, shiftRange } from '../../time/range';
import { useKeys } from '../../keys/keys';
import type { Patch } from './state';

export type Period = {
  asked: Asked;
  range: { from: number; to: number; live: boolean };
  /** When the answer was asked for. */
  at: number;
  refresh: () => void;
  narrow: (from: number, to: number) => void;
  earlier: () => void;
  later: () => void;
  pick: (range: string) => void;
};

/**
 * What is asked of the server: the search over the range of the address, up to the moment when it was asked. The list does not
 * move under the reader; asking again is a key and a button.
 */
export function useAsked(
  q: string,
  range: string,
  set: (patch: Patch, push?: boolean) => void,
  fallback = '1h',
): Period {
  const [at, setAt] = useState(() => Date.now());
  const r = useMemo(() => resolveRange(range || undefined, at, fallback), [range, at, fallback]);
  const asked = useMemo(() => ({ q, from: Math.round(r.from), to: Math.round(r.to) }), [q, r]);
  const refresh = () => setAt(Date.now());
  const move = (direction: -1 | 1) => set({ range: shiftRange(r, direction, Date.now()), row: undefined });
  const period: Period = {
    asked,
    range: r,
    at,
    refresh,
    narrow: (from, to) => set({ range: fixedRange(from, to), row: undefined }, true),
    earlier: () => move(-1),
    later: () => move(1),
    pick: (v) => {
      refresh();
      set({ range: v === fallback ? undefined : v, row: undefined });
    },
  };
  useKeys({ '[': period.earlier, ']': () => (r.live ? undefined : period.later()), r: period.refresh });
  return period;
}
