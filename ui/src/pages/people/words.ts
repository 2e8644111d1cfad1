import type { Grant } from '../../api/people';
import { roleWord } from './roles';

// Scopes as people read them.

type Matcher = { name: string; op: string; value: string };
const ops: Record<string, string> = { '=': 'is', '!=': 'is not', '=~': 'matches', '!~': 'does not match' };
const one = /^\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*/;

/** The matchers of a scope; null where it cannot be read. An empty scope has none. */
export function matchersOf(scope: string): Matcher[] | null {
  let rest = scope.trim();
  const out: Matcher[] = [];
  while (rest !== '') {
    const m = one.exec(rest);
    if (!m) return null;
    out.push({ name: m[1] ?? '', op: m[2] ?? '', value: (m[3] ?? '').replace(/\\(.)/g, '$1') });
    rest = rest.slice(m[0].length);
    if (rest === '') break;
    if (!rest.startsWith(',')) return null;
    rest = rest.slice(1).trim();
    if (rest === '') return null;
  }
  return out;
}

/** "everything", or "agency is IRS and env matches prod|test". */
export function scopeWords(scope: string): string {
  if (scope.trim() === '') return 'everything';
  const list = matchersOf(scope);
  if (list === null) return scope;
  return list.map((m) => `${m.name} ${ops[m.op] ?? m.op} ${m.value}`).join(' and ');
}

/** What is wrong with a scope, before the server says the same more exactly; empty when nothing is. */
export function scopeFault(scope: string): string {
  const list = matchersOf(scope);
  if (list === null) return 'Write label="value", several with commas, or nothing for everything.';
  for (const m of list) {
    if (!m.op.endsWith('~')) continue;
    try {
      new RegExp(m.value, 'u');
    } catch {
      return `"${m.value}" is not a regular expression.`;
    }
  }
  return '';
}

/** "Operations analyst, where agency is IRS". */
export function grantWords(g: Grant): string {
  return g.scope.trim() === ''
    ? `${roleWord(g.role)}, everything`
    : `${roleWord(g.role)}, where ${scopeWords(g.scope)}`;
}

/** A password that nobody has thought of: five groups of five, without letters that look alike; 118 bits. */
export function newPassword(random: (a: Uint32Array) => Uint32Array = (a) => crypto.getRandomValues(a)): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  const limit = Math.floor(2 ** 32 / letters.length) * letters.length;
  let out = '';
  while (out.length < 25) {
    for (const n of random(new Uint32Array(32))) {
      if (n < limit && out.length < 25) out += letters[n % letters.length] ?? '';
    }
  }
  return out.replace(/(.{5})(?=.)/g, '$1-');
}
