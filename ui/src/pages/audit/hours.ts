import type { Digest } from '../../api/audit';

const hourMs = 3_600_000;
/** No more holes than this are spelled out one by one. */
const most = 500;

/** The hours newest first, with an empty place for each hour between the first and the last that has no digest. */
export function withMissing(digests: readonly Digest[]): { hour: number; digest: Digest | null }[] {
  const sorted = [...digests].sort((a, b) => b.from - a.from);
  const out: { hour: number; digest: Digest | null }[] = [];
  let holes = 0;
  sorted.forEach((d, i) => {
    const newer = sorted[i - 1];
    if (newer) {
      for (let h = newer.from - hourMs; h >= d.to && holes < most; h -= hourMs) {
        out.push({ hour: h, digest: null });
        holes++;
      }
    }
    out.push({ hour: d.from, digest: d });
  });
  return out;
}
