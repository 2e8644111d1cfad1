import type { TraceRow, TraceSpan } from '../../api/traces';

// A trace as rows on an axis of time.

export type SpanRow = {
  span: TraceSpan;
  key: string;
  /** How many spans hang below it, at any depth. */
  below: number;
  hasKids: boolean;
  parent: string | undefined;
};

/** The rows of a trace, which come depth first; the key tells spans apart that share an id. */
export function rowsOf(spans: readonly TraceSpan[]): SpanRow[] {
  const rows: SpanRow[] = [];
  const path: { depth: number; row: SpanRow }[] = [];
  const seen = new Map<string, number>();
  for (const span of spans) {
    while (path.length > 0 && (path.at(-1)?.depth ?? 0) >= span.depth) path.pop();
    const n = seen.get(span.span_id) ?? 0;
    seen.set(span.span_id, n + 1);
    const row: SpanRow = {
      span,
      key: n === 0 ? span.span_id : `${span.span_id}.${n}`,
      below: 0,
      hasKids: false,
      parent: path.at(-1)?.row.key,
    };
    for (const p of path) p.row.below++;
    const up = path.at(-1);
    if (up) up.row.hasKids = true;
    path.push({ depth: span.depth, row });
    rows.push(row);
  }
  return rows;
}

/** The rows that are in sight: nothing below a folded one. */
export function visible(rows: readonly SpanRow[], folded: ReadonlySet<string>): SpanRow[] {
  const out: SpanRow[] = [];
  for (let i = 0; i < rows.length; i++) {
    const r = rows[i];
    if (!r) continue;
    out.push(r);
    if (folded.has(r.key)) i += r.below;
  }
  return out;
}

/** What is folded at first in a large trace: everything deep that neither fails nor decides how long it took. */
export function foldedAtFirst(rows: readonly SpanRow[], most = 300): Set<string> {
  const folded = new Set<string>();
  if (rows.length <= most) return folded;
  rows.forEach((r, i) => {
    if (!r.hasKids || r.span.depth < 2) return;
    const inside = rows.slice(i + 1, i + 1 + r.below);
    if (!inside.some((x) => x.span.critical || x.span.status === 'error')) folded.add(r.key);
  });
  return folded;
}

/** About five round marks on an axis of so many seconds. */
export function ticks(duration: number): number[] {
  if (!(duration > 0)) return [0];
  const raw = duration / 5;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((f) => f * unit >= raw) ?? 10) * unit;
  const out: number[] = [];
  for (let i = 0; i * step <= duration * 0.97; i++) out.push(i * step);
  return out;
}

/** Where a span begins and how wide it is, in percent of the trace. */
export function barOf(span: TraceSpan, start: number, duration: number): { left: number; width: number } {
  const whole = Math.max(duration, 1e-9);
  const left = Math.min(100, Math.max(0, ((span.start - start) / 1e6 / whole) * 100));
  return { left, width: Math.min(100 - left, Math.max(0, (span.duration / whole) * 100)) };
}

/** What is not as it should be with a span, in words. */
export function oddities(s: TraceSpan): string[] {
  const out: string[] = [];
  if (s.orphan) out.push('parent missing');
  if (s.cycle) out.push('parents in a circle, cut here');
  if (s.duplicate) out.push('id used twice');
  if (s.skew !== 0) {
    const ms = Math.abs(s.skew) / 1000;
    out.push(`clock ${ms >= 10 ? Math.round(ms) : ms.toFixed(1)}\u2009ms ${s.skew > 0 ? 'behind' : 'ahead'}, adjusted`);
  }
  return out;
}

export type SpanEvent = { time: number; name: string; attributes: Record<string, string> };
export type SpanLink = { trace_id: string; span_id: string };

/** The events and links that a span carries as JSON; what is not readable is none. */
export function detailOf(text: string): { events: SpanEvent[]; links: SpanLink[]; cut: number } {
  const none = { events: [], links: [], cut: 0 };
  if (text === '') return none;
  try {
    const d = JSON.parse(text) as {
      events?: { time?: number; name?: string; attributes?: Record<string, unknown> }[];
      links?: { trace_id?: string; span_id?: string }[];
      events_cut?: number;
      links_cut?: number;
    };
    return {
      events: (d.events ?? []).map((e) => ({
        time: e.time ?? 0,
        name: e.name ?? '',
        attributes: Object.fromEntries(
          Object.entries(e.attributes ?? {}).map(([k, v]) => [k, typeof v === 'string' ? v : JSON.stringify(v)]),
        ),
      })),
      links: (d.links ?? []).map((l) => ({ trace_id: l.trace_id ?? '', span_id: l.span_id ?? '' })),
      cut: (d.events_cut ?? 0) + (d.links_cut ?? 0),
    };
  } catch {
    return none;
  }
}

/** The different values of an id among the rows of a trace. */
export function idsOf(rows: readonly TraceRow[], key: 'session' | 'business_id'): string[] {
  return [...new Set(rows.map((r) => r[key]))].filter((v) => v !== '').slice(0, 5);
}
