import type { FacetValue, Fields } from '../../api/rows';
import { rank } from '../../components/rank';
import { quote } from './language';

// What a search can go on with at the place where one types.

/** What stands around the caret: a field being named, or a value of a field. */
export type Spot = {
  /** The whole token, without a minus in front. */
  from: number;
  to: number;
  field: string | undefined;
  /** What is typed of it so far. */
  typed: string;
  /** Comparison in front of the value. */
  op: string;
};
export type Option = { text: string; detail: string; insert: string; from: number; to: number; caret: number };

/** Finds the token at the caret. */
export function spotAt(text: string, caret: number): Spot {
  let from = 0;
  let inside = false;
  for (let i = 0; i < caret; i++) {
    const c = text[i] ?? '';
    if (c === '\\' && inside) i++;
    else if (c === '"') inside = !inside;
    else if (!inside && /[\s()]/.test(c)) from = i + 1;
  }
  let to = caret;
  while (to < text.length && (inside ? text[to] !== '"' : !/[\s()]/.test(text[to] ?? ''))) to++;
  if (inside && text[to] === '"') to++;
  if (text[from] === '-') from++;
  const word = text.slice(from, caret);
  const m = /^([A-Za-z_][\w.\-/]*):(>=|<=|>|<|~)?"?(.*)$/s.exec(word);
  if (m) return { from, to, field: m[1], op: m[2] ?? '', typed: m[3] ?? '' };
  return { from, to, field: undefined, op: '', typed: word };
}

/** Fields that go on with what is typed; the most used ones where nothing is. An attribute may be called as a field is. */
export function fieldOptions(s: Spot, known: Fields | undefined, usual: readonly string[]): Option[] {
  const all = [
    ...(known?.fields ?? []).map((f) => ({ name: f.name, doc: f.doc })),
    ...(known?.attributes ?? []).map((name) => ({ name, doc: 'Attribute' })),
  ].filter((f, i, list) => f.name !== 'time' && list.findIndex((x) => x.name === f.name) === i);
  const first = (n: string) => (usual.includes(n) ? usual.indexOf(n) : usual.length);
  const sorted = [...all].sort((a, b) => first(a.name) - first(b.name));
  const hits = s.typed === '' ? sorted.slice(0, 8) : rank(sorted, s.typed, (f) => f.name, 8);
  return hits.map((f) => {
    const insert = `${f.name}:`;
    return { text: insert, detail: f.doc, insert, from: s.from, to: s.to, caret: s.from + insert.length };
  });
}

/** Values that go on with what is typed. */
export function valueOptions(s: Spot, values: readonly FacetValue[], count: (n: number) => string): Option[] {
  const some = values.filter((v) => v.value !== '');
  const hits = s.typed === '' ? some.slice(0, 10) : rank(some, s.typed, (v) => v.value, 10);
  return hits.map((v) => {
    const insert = `${s.field ?? ''}:${s.op}${quote(v.value)} `;
    return { text: v.value, detail: count(v.count), insert, from: s.from, to: s.to, caret: s.from + insert.length };
  });
}
