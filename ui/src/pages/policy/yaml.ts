import type { SyntaxNode, Tree } from '@lezer/common';
import { parser } from '@lezer/yaml';

// Reads and writes single values of a YAML document by their place in the text, so that comments, order and spacing of
// everything else stay as they are.

/** What stands at a path: one value, several (a list or mapping), or nothing. */
export type Found = { kind: 'scalar'; value: string } | { kind: 'several' } | { kind: 'none' };

const mappings = new Set(['BlockMapping', 'FlowMapping']);
const scalars = new Set(['Literal', 'QuotedLiteral']);

function parse(text: string): Tree {
  return parser.parse(text);
}

function children(node: SyntaxNode): SyntaxNode[] {
  const out: SyntaxNode[] = [];
  for (let c = node.firstChild; c; c = c.nextSibling) out.push(c);
  return out;
}

function rootMapping(tree: Tree): SyntaxNode | null {
  const doc = tree.topNode.getChild('Document');
  return doc ? (children(doc).find((c) => mappings.has(c.name)) ?? null) : null;
}

function pairs(mapping: SyntaxNode): SyntaxNode[] {
  return mapping.getChildren('Pair');
}

function plainOf(text: string, node: SyntaxNode): string {
  const raw = text.slice(node.from, node.to);
  if (node.name !== 'QuotedLiteral') return raw.trim();
  if (raw.startsWith("'")) return raw.slice(1, -1).replaceAll("''", "'");
  return raw.slice(1, -1).replace(/\\(["\\/])/g, '$1');
}

/** The key of a pair as it is read. */
export function keyOf(text: string, pair: SyntaxNode): string {
  const key = pair.getChild('Key')?.firstChild;
  return key ? plainOf(text, key) : '';
}

/** The value of a pair; null where there is none yet. */
export function valueOf(pair: SyntaxNode): SyntaxNode | null {
  let after = false;
  for (const c of children(pair)) {
    if (c.name === ':') after = true;
    else if (after && c.name !== 'Comment') return c;
  }
  return null;
}

function find(text: string, mapping: SyntaxNode, key: string): SyntaxNode | undefined {
  return pairs(mapping).find((p) => keyOf(text, p) === key);
}

/** The value at a path such as ["thresholds", "red"]. */
export function readAt(text: string, path: readonly string[]): Found {
  let at = rootMapping(parse(text));
  for (const [i, key] of path.entries()) {
    if (!at || !mappings.has(at.name)) return { kind: 'none' };
    const pair = find(text, at, key);
    const value = pair ? valueOf(pair) : null;
    if (!value) return { kind: 'none' };
    if (i === path.length - 1) {
      if (scalars.has(value.name)) return { kind: 'scalar', value: plainOf(text, value) };
      return { kind: 'several' };
    }
    at = value;
  }
  return { kind: 'none' };
}

const unsafe = /^[\s\-?:,[\]{}#&*!|>'"%@`<=]|: |:$| #|[\n\t]|\s$|^$|^(true|false|null|yes|no|~)$/i;

function render(value: string, flow: boolean, like?: string): string {
  if (like?.startsWith("'")) return `'${value.replaceAll("'", "''")}'`;
  if (like?.startsWith('"') || unsafe.test(value) || (flow && /[,[\]{}]/.test(value)))
    return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  return value;
}

function splice(text: string, from: number, to: number, insert: string): string {
  return text.slice(0, from) + insert + text.slice(to);
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}

function startOfLine(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

/** The text with one value changed, added where it was missing, or taken away when it is empty. */
export function writeAt(text: string, path: readonly string[], value: string): string {
  const root = rootMapping(parse(text));
  if (value === '') return root ? removeAt(text, root, path) : text;
  if (!root) return `${nested(path, value)}\n${text}`;
  let at = root;
  for (const [i, key] of path.entries()) {
    const pair = find(text, at, key);
    const rest = path.slice(i + 1);
    if (!pair) return insertInto(text, at, path.slice(i), value);
    const old = valueOf(pair);
    const flow = at.name === 'FlowMapping';
    if (!old) {
      const colon = pair.getChild(':');
      const insert = rest.length === 0 ? render(value, flow) : `{${nested(rest, value, true)}}`;
      return colon ? splice(text, colon.to, colon.to, ` ${insert}`) : splice(text, pair.to, pair.to, `: ${insert}`);
    }
    if (rest.length === 0) return splice(text, old.from, old.to, render(value, flow, text.slice(old.from, old.to)));
    if (!mappings.has(old.name)) return splice(text, old.from, old.to, `{${nested(rest, value, true)}}`);
    at = old;
  }
  return text;
}

/** The text with one value emptied in its place, for as long as somebody types the next one. */
export function blankAt(text: string, path: readonly string[]): string {
  let at = rootMapping(parse(text));
  for (const [i, key] of path.entries()) {
    const pair = at ? find(text, at, key) : undefined;
    const value = pair ? valueOf(pair) : null;
    if (!value) return text;
    if (i === path.length - 1) return scalars.has(value.name) ? splice(text, value.from, value.to, '""') : text;
    at = mappings.has(value.name) ? value : null;
  }
  return text;
}

function nested(path: readonly string[], value: string, flow = false): string {
  const [key = '', ...rest] = path;
  return rest.length === 0 ? `${key}: ${render(value, flow)}` : `${key}: {${nested(rest, value, true)}}`;
}

function insertInto(text: string, mapping: SyntaxNode, path: readonly string[], value: string): string {
  const list = pairs(mapping);
  const last = list.at(-1);
  if (mapping.name === 'FlowMapping') {
    const insert = nested(path, value, true);
    const open = mapping.from + 1;
    return last ? splice(text, last.to, last.to, `, ${insert}`) : splice(text, open, open, insert);
  }
  const first = list[0];
  const indent = first ? ' '.repeat(first.from - startOfLine(text, first.from)) : '';
  const end = endOfLine(text, (last ?? mapping).to);
  return splice(text, end, end, `\n${indent}${nested(path, value)}`);
}

function removeAt(text: string, root: SyntaxNode, path: readonly string[]): string {
  const chain: { mapping: SyntaxNode; pair: SyntaxNode }[] = [];
  let at: SyntaxNode | null = root;
  for (const key of path) {
    if (!at || !mappings.has(at.name)) return text;
    const pair = find(text, at, key);
    if (!pair) return text;
    chain.push({ mapping: at, pair });
    at = valueOf(pair);
  }
  // What would be left empty goes too.
  let i = chain.length - 1;
  while (i > 0 && pairs(chain[i]?.mapping ?? root).length === 1) i--;
  const target = chain[i];
  if (!target) return text;
  const { mapping, pair } = target;
  if (mapping.name === 'FlowMapping') {
    const list = pairs(mapping);
    const n = list.findIndex((p) => p.from === pair.from);
    const after = list[n + 1];
    const before = list[n - 1];
    if (after) return splice(text, pair.from, after.from, '');
    if (before) return splice(text, before.to, pair.to, '');
    return splice(text, pair.from, pair.to, '');
  }
  return splice(text, startOfLine(text, pair.from), Math.min(text.length, endOfLine(text, pair.to) + 1), '');
}

export type Place = {
  /** Keys of the mappings around the place, outermost first; for a value its own key is the last one. */
  path: string[];
  /** Whether a key or a value belongs here. */
  wants: 'key' | 'value';
  /** Keys that stand beside it already. */
  beside: string[];
};

function pathTo(text: string, node: SyntaxNode | null): string[] {
  const out: string[] = [];
  for (let n = node; n; n = n.parent) if (n.name === 'Pair') out.unshift(keyOf(text, n));
  return out;
}

function lineOf(text: string, at: number): number {
  let n = 0;
  for (let i = text.indexOf('\n'); i >= 0 && i < at; i = text.indexOf('\n', i + 1)) n++;
  return n;
}

/** What belongs at a position: a key of which mapping, or the value of which key. */
export function placeAt(text: string, pos: number): Place {
  const tree = parse(text);
  let node: SyntaxNode | null = tree.resolveInner(pos, -1);
  const before = text.slice(startOfLine(text, pos), pos);
  if (node.name === 'Comment' || /(^|\s)#[^'"]*$/.test(before)) return { path: [], wants: 'value', beside: [] };
  for (; node; node = node.parent) {
    if (node.name === 'Key') {
      const mapping: SyntaxNode | null = node.parent?.parent ?? null;
      return { path: pathTo(text, mapping), wants: 'key', beside: besideOf(text, mapping, node.parent) };
    }
    if (node.name === 'Pair') {
      const colon = node.getChild(':');
      if (!colon || pos <= colon.from) continue;
      const value = valueOf(node);
      // A word on a line below its key is the beginning of a key of the mapping to come.
      const below = lineOf(text, pos) > lineOf(text, colon.from);
      if (below && (!value || scalars.has(value.name))) break;
      if (!value || pos <= value.to) return { path: pathTo(text, node), wants: 'value', beside: [] };
    }
    if (node.name === 'FlowMapping' && pos > node.from) {
      if (/:\s*$/.test(before)) break;
      return { path: pathTo(text, node), wants: 'key', beside: besideOf(text, node, null) };
    }
  }
  const same = /^\s*(?:- )?([\w.-]+):\s+\S*$/.exec(before);
  const above = pathAbove(text, pos);
  if (same?.[1] !== undefined) return { path: [...above, same[1]], wants: 'value', beside: [] };
  let at = rootMapping(tree);
  for (const key of above) {
    const pair: SyntaxNode | undefined = at ? find(text, at, key) : undefined;
    const value: SyntaxNode | null = pair ? valueOf(pair) : null;
    at = value && mappings.has(value.name) ? value : null;
  }
  return { path: above, wants: 'key', beside: besideOf(text, at, null) };
}

function besideOf(text: string, mapping: SyntaxNode | null, except: SyntaxNode | null): string[] {
  if (!mapping || !mappings.has(mapping.name)) return [];
  return pairs(mapping)
    .filter((p) => p.from !== except?.from)
    .map((p) => keyOf(text, p));
}

/** Keys above a line whose lines stand further left, outermost first. */
function pathAbove(text: string, pos: number): string[] {
  const lines = text.slice(0, endOfLine(text, pos)).split('\n');
  const own = lines.pop() ?? '';
  let indent = own.trim() === '' ? pos - startOfLine(text, pos) : own.length - own.trimStart().length;
  const out: string[] = [];
  for (let i = lines.length - 1; i >= 0 && indent > 0; i--) {
    const m = /^(\s*)(?:- )?([\w.-]+):/.exec(lines[i] ?? '');
    if (!m || (m[1]?.length ?? 0) >= indent) continue;
    indent = m[1]?.length ?? 0;
    out.unshift(m[2] ?? '');
  }
  return out;
}
