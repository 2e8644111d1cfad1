import type { TraceSummary } from '../../api/traces';
import { parse, replaceField } from './language';
import { seconds } from './rowFields';

// How long the listed traces took, in brackets that grow threefold.

const edges = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100];
export type Bracket = { from: number; to: number; count: number; label: string };

/** The brackets from the first to the last that has any. */
export function bracketsOf(traces: readonly TraceSummary[]): Bracket[] {
  const all = edges.map((from, i): Bracket => {
    const to = edges[i + 1] ?? Infinity;
    return {
      from,
      to,
      count: traces.filter((t) => t.duration >= from && t.duration < to).length,
      label:
        to === Infinity
          ? `${seconds(from)} or more`
          : from === 0
            ? `under ${seconds(to)}`
            : `${seconds(from)} to ${seconds(to)}`,
    };
  });
  const first = all.findIndex((b) => b.count > 0);
  return first < 0 ? [] : all.slice(first, all.findLastIndex((b) => b.count > 0) + 1);
}

/** The search bound to a bracket; bound to it already, it is freed. */
export function boundTo(q: string, b: Bracket): string {
  const free = replaceField(q, 'duration', null);
  if (isBoundTo(q, b)) return free;
  const low = b.from > 0 ? `duration:>=${b.from}` : '';
  const high = b.to < Infinity ? `duration:<${b.to}` : '';
  return [free, low, high].filter(Boolean).join(' ');
}

/** Whether a search asks for this bracket and no other. */
export function isBoundTo(q: string, b: Bracket): boolean {
  const cs = parse(q).conditions.filter((c) => c.field === 'duration');
  const low = cs.find((c) => c.op === '>=')?.value ?? '0';
  const high = cs.find((c) => c.op === '<')?.value ?? 'Infinity';
  return cs.length > 0 && Number(low) === b.from && Number(high) === b.to;
}
