// The search language as the page reads it: what is typed is cut into tokens, conditions and mistakes with their places, so
// that it can be completed, marked and changed by a click. The server has the last word on what it means.

export type Op = '=' | '!=' | '=~' | '!~' | '>' | '>=' | '<' | '<=' | 'contains' | 'exists';
export type Match = { field: string; op: Op; value: string };
export type Expr = { and: Expr[] } | { or: Expr[] } | { not: Expr } | { match: Match };

/** A piece of the text: from inclusive, to exclusive. */
export type Token = {
  kind: 'word' | 'text' | 'or' | 'and' | 'not' | 'open' | 'close';
  from: number;
  to: number;
  /** Of a word: the field before the colon. */
  field?: string;
  /** Place behind the colon. */
  valueFrom?: number;
  op?: Op;
  value?: string;
};
export type Fault = { from: number; to: number; message: string };
/** A comparison that every row must pass, and where it stands. */
export type Condition = Match & { negated: boolean; from: number; to: number };
export type Parsed = { expr: Expr | undefined; tokens: Token[]; conditions: Condition[]; fault: Fault | undefined };

class Mistake extends Error {
  constructor(readonly fault: Fault) {
    super(fault.message);
  }
}

function mistake(from: number, to: number, message: string): never {
  throw new Mistake({ from, to: Math.max(to, from + 1), message });
}

const fieldName = /^[\p{L}_][^\s():"]*$/u;

function quoted(text: string, from: number): { value: string; to: number } {
  let value = '';
  for (let i = from + 1; i < text.length; i++) {
    const c = text[i] ?? '';
    if (c === '"') return { value, to: i + 1 };
    if (c === '\\' && i + 1 < text.length) {
      i++;
      const e = text[i] ?? '';
      value += e === 'n' ? '\n' : e === 't' ? '\t' : e;
    } else {
      value += c;
    }
  }
  return mistake(from, text.length, 'The quotation mark is not closed.');
}

function bare(text: string, from: number): { value: string; to: number } {
  let to = from;
  while (to < text.length && !/[\s()"]/.test(text[to] ?? '')) to++;
  return { value: text.slice(from, to), to };
}

type Piece = { text: string; quoted: boolean };

/** Quoted and bare parts up to the next space or bracket. */
function pieces(text: string, from: number): { list: Piece[]; to: number } {
  const list: Piece[] = [];
  let to = from;
  while (to < text.length && !/[\s()]/.test(text[to] ?? '')) {
    const p = text[to] === '"' ? quoted(text, to) : bare(text, to);
    list.push({ text: p.value, quoted: text[to] === '"' });
    to = p.to;
  }
  return { list, to };
}

const escapeRegex = (s: string) => s.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** A value with bare stars as a comparison: any value, contains, or a pattern; undefined where it has none. */
function globbed(list: readonly Piece[]): { op: Op; value: string } | undefined {
  const parts = [''];
  for (const p of list) {
    const [head = '', ...rest] = p.quoted ? [p.text] : p.text.split('*');
    parts[parts.length - 1] += head;
    parts.push(...rest);
  }
  if (parts.length === 1) return undefined;
  if (parts.length === 2 && parts[0] === '' && parts[1] === '') return { op: 'exists', value: '' };
  if (parts.length === 3 && parts[0] === '' && parts[2] === '') return { op: 'contains', value: parts[1] ?? '' };
  return { op: '=~', value: parts.map(escapeRegex).join('.*') };
}

/** What stands behind a colon. */
function valueAt(text: string, start: number, from: number): { op: Op; value: string; to: number } {
  const compare = /^(>=|<=|>|<|~)/.exec(text.slice(from))?.[1];
  const { list, to } = pieces(text, from + (compare?.length ?? 0));
  if (list.length === 0) {
    return mistake(start, Math.max(to, from), 'A value is missing: write field:value, or field:* for any value.');
  }
  const value = list.map((p) => p.text).join('');
  if (compare === '~') return { op: '=~', value, to };
  if (compare !== undefined) return { op: compare as Op, value, to };
  return { ...(globbed(list) ?? { op: '=' as const, value }), to };
}

function cut(text: string): Token[] {
  const out: Token[] = [];
  let i = 0;
  while (i < text.length) {
    const c = text[i] ?? '';
    if (/\s/.test(c)) {
      i++;
    } else if (c === '(' || c === ')') {
      out.push({ kind: c === '(' ? 'open' : 'close', from: i, to: i + 1 });
      i++;
    } else if (c === '-') {
      out.push({ kind: 'not', from: i, to: i + 1 });
      i++;
    } else {
      const b = bare(text, i);
      const colon = b.value.indexOf(':');
      if (colon > 0 && fieldName.test(b.value.slice(0, colon)) && !b.value.startsWith('://', colon)) {
        const field = b.value.slice(0, colon);
        const valueFrom = i + colon + 1;
        const v = valueAt(text, i, valueFrom);
        out.push({ kind: 'word', from: i, to: v.to, field, valueFrom, op: v.op, value: v.value });
        i = v.to;
      } else if (b.value === 'OR' || b.value === 'AND' || b.value === 'NOT') {
        const kind = b.value === 'OR' ? 'or' : b.value === 'AND' ? 'and' : 'not';
        out.push({ kind, from: i, to: b.to });
        i = b.to;
      } else {
        const p = pieces(text, i);
        const value = p.list.map((x) => x.text).join('');
        const star = p.list.length === 1 && p.list[0]?.quoted === false;
        const trimmed = star ? value.replace(/^\*+|\*+$/g, '') : value;
        out.push({
          kind: 'text',
          from: i,
          to: p.to,
          field: '*',
          op: 'contains',
          value: star && trimmed !== '' ? trimmed : value,
        });
        i = p.to;
      }
    }
  }
  return out;
}

function matchOf(t: Token): Match | undefined {
  if (t.op === undefined || (t.field === '*' && t.value === '*')) return undefined;
  return { field: t.field ?? '*', op: t.op, value: t.value ?? '' };
}

function build(tokens: Token[], length: number): Expr | undefined {
  let i = 0;
  const either = (): Expr | undefined => {
    const parts: (Expr | undefined)[] = [every()];
    while (tokens[i]?.kind === 'or') {
      const or = tokens[i];
      const before = tokens[i - 1];
      if (or && (before === undefined || before.kind === 'open' || before.kind === 'or')) {
        mistake(or.from, or.to, 'OR needs something on both sides.');
      }
      i++;
      const next = tokens[i];
      if (or && (next === undefined || next.kind === 'close' || next.kind === 'or')) {
        mistake(or.from, or.to, 'OR needs something on both sides.');
      }
      parts.push(every());
    }
    const list = parts.filter((p) => p !== undefined);
    return list.length !== parts.length ? undefined : list.length === 1 ? list[0] : { or: list };
  };
  const every = (): Expr | undefined => {
    const parts: Expr[] = [];
    for (let t = tokens[i]; t && t.kind !== 'or' && t.kind !== 'close'; t = tokens[i]) {
      if (t.kind === 'and') {
        i++;
        continue;
      }
      const p = term();
      if (p) parts.push(p);
    }
    return parts.length === 0 ? undefined : parts.length === 1 ? parts[0] : { and: parts };
  };
  const term = (): Expr | undefined => {
    const t = tokens[i++];
    if (!t) return mistake(length, length + 1, 'Something is missing at the end.');
    if (t.kind === 'not') {
      const next = tokens[i];
      if (!next || next.kind === 'close' || next.kind === 'or')
        mistake(t.from, t.to, 'Nothing follows that could be excluded.');
      const inner = term();
      return inner ? { not: inner } : undefined;
    }
    if (t.kind === 'open') {
      const inner = either();
      if (tokens[i]?.kind !== 'close') mistake(t.from, t.to, 'The bracket is not closed.');
      i++;
      return inner;
    }
    const match = matchOf(t);
    return match ? { match } : undefined;
  };
  const out = either();
  const rest = tokens[i];
  if (rest) mistake(rest.from, rest.to, 'This bracket was never opened.');
  return out;
}

/** The comparisons at the top: what a click can add to and take away. None where the top is an OR. */
function conditionsOf(tokens: Token[]): Condition[] {
  const out: Condition[] = [];
  let depth = 0;
  tokens.forEach((t, i) => {
    if (t.kind === 'open') depth++;
    else if (t.kind === 'close') depth--;
    else if (depth === 0 && t.op !== undefined) {
      const not = tokens[i - 1]?.kind === 'not' ? tokens[i - 1] : undefined;
      const m = matchOf(t);
      if (!m) return;
      out.push({ ...m, negated: not !== undefined, from: not?.from ?? t.from, to: t.to });
    }
  });
  let level = 0;
  const or = tokens.some((t) => {
    if (t.kind === 'open') level++;
    if (t.kind === 'close') level--;
    return level === 0 && t.kind === 'or';
  });
  return or ? [] : out;
}

/** Reads a search. */
export function parse(text: string): Parsed {
  let tokens: Token[] = [];
  try {
    tokens = cut(text);
    return { expr: build(tokens, text.length), tokens, conditions: conditionsOf(tokens), fault: undefined };
  } catch (e) {
    if (!(e instanceof Mistake)) throw e;
    return { expr: undefined, tokens, conditions: [], fault: e.fault };
  }
}

/** A value as it is typed: in quotation marks where need be. */
export function quote(value: string): string {
  return value === '' || /[\s"()*]/.test(value) || /^[-~<>]/.test(value)
    ? `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\t', '\\t')}"`
    : value;
}

/** `field:value`, or `-field:value`; a missing value is written -field:*. */
export function condition(field: string, value: string, exclude = false): string {
  if (value === '') return exclude ? `${field}:*` : `-${field}:*`;
  return `${exclude ? '-' : ''}${field}:${quote(value)}`;
}

function sameAs(c: Condition, field: string, value: string, exclude: boolean): boolean {
  if (c.field !== field) return false;
  if (value === '') return c.op === 'exists' && c.negated === !exclude;
  return c.op === '=' && c.value === value && c.negated === exclude;
}

/** Whether a search already asks for a value, or excludes it. */
export function holds(p: Parsed, field: string, value: string, exclude = false): boolean {
  return p.conditions.some((c) => sameAs(c, field, value, exclude));
}

function without(text: string, c: Condition): string {
  return `${text.slice(0, c.from).trimEnd()} ${text.slice(c.to).trimStart()}`.trim();
}

/** The search without a condition. */
export function drop(text: string, field: string, value: string, exclude = false): string {
  const hit = parse(text).conditions.find((c) => sameAs(c, field, value, exclude));
  return hit ? without(text, hit) : text;
}

/** The search with one condition more; the opposite goes, and what an OR stands in gets brackets. */
export function add(text: string, field: string, value: string, exclude = false): string {
  const p = parse(text);
  if (holds(p, field, value, exclude)) return text;
  const base = drop(text, field, value, !exclude).trim();
  const now = parse(base);
  const or = now.expr && 'or' in now.expr;
  return `${or ? `(${base})` : base} ${condition(field, value, exclude)}`.trim();
}

/** The search with all conditions on a field replaced; null takes them away. */
export function replaceField(text: string, field: string, by: string | null): string {
  let out = text;
  for (let hit = find(out, field); hit; hit = find(out, field)) out = without(out, hit);
  return by === null ? out : `${out} ${by}`.trim();
}

function find(text: string, field: string): Condition | undefined {
  return parse(text).conditions.find((c) => c.field === field);
}
