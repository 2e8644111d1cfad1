// Scales of the small charts of usage; pure.

const steps = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/** A round number at or above the largest value; 1 for nothing. */
export function ceiling(most: number): number {
  if (!(most > 0)) return 1;
  const size = 10 ** Math.floor(Math.log10(most));
  const s = steps.find((x) => x * size >= most * 0.9999) ?? 10;
  return s * size;
}

/** Where an axis begins: at 0, but for shares near one, where what matters would be a flat line. */
export function floor(values: readonly number[], top: number): number {
  const least = Math.min(...values);
  if (top !== 1 || !(least >= 0.8) || least >= 1) return 0;
  return [0.999, 0.998, 0.995, 0.99, 0.98, 0.95, 0.9, 0.8].find((x) => x <= least) ?? 0;
}

/** Places of labels under an axis: at most so many of n, always the last, evenly apart. */
export function ticks(n: number, most: number): number[] {
  if (n <= 0) return [];
  const every = Math.max(1, Math.ceil(n / Math.max(1, most)));
  const out: number[] = [];
  for (let i = n - 1; i >= 0; i -= every) out.unshift(i);
  return out;
}

/** Moves labels apart so that no two stand closer than `gap`, keeping their order. */
export function apart(places: readonly number[], gap: number, top: number, bottom: number): number[] {
  const order = places.map((y, i) => [y, i] as const).sort((a, b) => a[0] - b[0]);
  const out = [...places];
  let last = top - gap;
  for (const [y, i] of order) {
    last = Math.max(y, last + gap);
    out[i] = last;
  }
  let next = bottom + gap;
  for (const [, i] of [...order].reverse()) {
    const y = Math.min(out[i] ?? 0, next - gap);
    out[i] = y;
    next = y;
  }
  return out;
}

/** The parts of a line between gaps, as the indices of their points; a single point is a part of its own. */
export function runs(values: readonly (number | null)[]): number[][] {
  const out: number[][] = [];
  let run: number[] = [];
  values.forEach((v, i) => {
    if (v === null) {
      if (run.length > 0) out.push(run);
      run = [];
    } else {
      run.push(i);
    }
  });
  if (run.length > 0) out.push(run);
  return out;
}
