import type { Flow, MapEdge, MapNode, Trace } from '../../api/traces';
import { plain } from '../../format/number';
import { condition } from './language';
import type { Place } from './links';
import { seconds } from './rowFields';
import type { GraphEdge, GraphNode } from './ServiceGraph';

// The words of the service map: rates, shares and latencies with their units.

const thin = '\u2009';

/** Calls a second; where that is under one, calls a minute. */
export function rateWord(perSecond: number): string {
  if (perSecond === 0) return `0${thin}/s`;
  return perSecond < 0.1
    ? `${plain(perSecond * 60, 1)}${thin}/min`
    : `${plain(perSecond, perSecond < 10 ? 1 : 0)}${thin}/s`;
}

/** A share of errors in percent; none is "no errors". */
export function errorWord(share: number | null): string {
  if (share === null) return '—';
  if (share === 0) return 'no errors';
  const p = share * 100;
  return `${p < 0.1 ? `under 0.1` : plain(p, p < 10 ? 1 : 0)}${thin}% errors`;
}

/** From what share of errors on a box or line is drawn as failing: one in a hundred. */
export function failing(f: Flow): boolean {
  return (f.error_share ?? 0) >= 0.01;
}

/** Traces that passed from one node to another. */
export function tracesOf(e: { from: string; to: string }, nodes: readonly MapNode[], range: string): Place {
  const to = nodes.find((n) => n.id === e.to);
  const from = nodes.find((n) => n.id === e.from);
  // What sends no spans is known by those who call it.
  const q =
    to === undefined || to.kind === 'service'
      ? condition('service', to?.name ?? e.to)
      : `${condition('service', from?.name ?? e.from)} kind:~"client|producer"`;
  return { view: 'traces', search: { q, range: range || undefined } };
}

export function graphNode(n: MapNode, range: string): GraphNode {
  const kind = n.kind === 'service' ? '' : `, ${n.kind}`;
  return {
    id: n.id,
    name: n.name,
    kind: n.kind,
    lines: [
      `${rateWord(n.rate)}, p95 ${seconds(n.p95)}`,
      n.kind === 'service' ? errorWord(n.error_share) : `${n.kind}, ${errorWord(n.error_share)}`,
    ],
    bad: failing(n),
    label: `${n.name}${kind}: ${rateWord(n.rate)}, ${errorWord(n.error_share)}, p95 ${seconds(n.p95)}`,
    place:
      n.kind === 'service'
        ? { view: 'traces', search: { q: condition('service', n.name), range: range || undefined } }
        : undefined,
  };
}

export function graphEdge(e: MapEdge, nodes: readonly MapNode[], range: string): GraphEdge {
  const name = (id: string) => nodes.find((n) => n.id === id)?.name ?? id;
  return {
    from: e.from,
    to: e.to,
    weight: e.rate,
    text: failing(e) ? `◆ ${errorWord(e.error_share).replace(' errors', '')}` : rateWord(e.rate),
    bad: failing(e),
    label: `${name(e.from)} to ${name(e.to)}, ${e.kind}: ${rateWord(e.rate)}, ${errorWord(e.error_share)}, p95 ${seconds(e.p95)}. Their traces`,
    place: tracesOf(e, nodes, range),
  };
}

/** The services of one trace, and who called whom in it. */
export function graphOfTrace(t: Trace): { nodes: GraphNode[]; edges: GraphEdge[] } {
  const by = new Map(t.spans.map((s) => [s.span_id, s]));
  const calls = new Map<string, GraphEdge>();
  for (const s of t.spans) {
    const parent = by.get(s.parent_id);
    if (!parent || parent.service === s.service) continue;
    const key = `${parent.service}\n${s.service}`;
    const old = calls.get(key);
    const bad = (old?.bad ?? false) || s.status === 'error';
    const n = (old?.weight ?? 0) + 1;
    const times = n === 1 ? '1 call' : `${n} calls`;
    calls.set(key, {
      from: parent.service,
      to: s.service,
      weight: n,
      text: bad ? `◆ ${times}` : times,
      bad,
      label: `${parent.service} to ${s.service}: ${times}${bad ? ', with errors' : ''}`,
      place: undefined,
    });
  }
  return {
    nodes: t.services.map((s) => ({
      id: s.service,
      name: s.service,
      kind: 'service',
      lines: [
        `${s.spans} ${s.spans === 1 ? 'span' : 'spans'}${s.errors > 0 ? `, ${s.errors} failed` : ''}`,
        `${plain(s.share * 100, 0)}${thin}% of the time`,
      ],
      bad: s.errors > 0,
      label: `${s.service}: ${s.spans} spans, ${s.errors} failed, ${plain(s.share * 100, 0)} % of the critical path`,
      place: { view: 'logs', search: { q: `${condition('service', s.service)} ${condition('trace_id', t.trace_id)}` } },
    })),
    edges: [...calls.values()],
  };
}
