import type { Matcher } from '../../api/types';

// Matchers as people write them: service="intake", code=~"5..".

export type Op = '=' | '!=' | '=~' | '!~';

/** The sign of a matcher. */
export function opOf(m: { is_regex?: boolean | undefined; is_equal?: boolean | undefined }): Op {
  if (m.is_regex) return m.is_equal === false ? '!~' : '=~';
  return m.is_equal === false ? '!=' : '=';
}

/** A matcher with another sign. */
export function withOp(m: Matcher, op: Op): Matcher {
  return { ...m, is_regex: op.endsWith('~'), is_equal: !op.startsWith('!') };
}

/** A matcher in one line. */
export function matcherText(m: Matcher): string {
  return `${m.name}${opOf(m)}${JSON.stringify(m.value)}`;
}

/** What is wrong with the matchers in words; empty when nothing is. */
export function faultOf(matchers: readonly Matcher[]): string {
  if (matchers.length === 0) return 'Name at least one label, else everything would be muted.';
  for (const m of matchers) {
    if (m.name.trim() === '') return 'Every line needs the name of a label.';
    if (m.is_regex) {
      try {
        new RegExp(m.value, 'u');
      } catch {
        return `"${m.value}" is not a regular expression.`;
      }
    }
  }
  const empty = (m: Matcher) =>
    m.is_equal ? (m.is_regex ? new RegExp(`^(?:${m.value})$`, 'u').test('') : m.value === '') : m.value !== '';
  if (matchers.every(empty)) return 'At least one line must demand a value, else everything would be muted.';
  return '';
}
