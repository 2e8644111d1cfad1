import type { Expr, Match } from './language';

// A search as a policy's selector: PromQL matchers on a table. Not everything can be said there; what cannot is named.

export type Selected = { text: string; matchers: Match[]; left: string[] };

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
const escapeRegex = (s: string) => s.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
const label = (field: string) => field.replace(/[^\w]/g, '_');

/** A value as PromQL quotes it. */
export function promQuote(v: string): string {
  return `"${v.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}

/** Matchers as a selector: logs{service="intake",level="error"}. */
export function selectorText(table: string, matchers: readonly Match[]): string {
  return `${table}{${matchers.map((m) => `${label(m.field)}${m.op}${promQuote(m.value)}`).join(',')}}`;
}

/** One comparison as a matcher of PromQL; undefined where there is none for it. */
function matcher(m: Match, negated: boolean): Match | undefined {
  const { field, op, value } = m;
  switch (op) {
    case '=':
    case '!=':
      return { field, op: (op === '=') === negated ? '!=' : '=', value };
    case '=~':
    case '!~':
      return { field, op: (op === '=~') === negated ? '!~' : '=~', value };
    case 'exists':
      return { field, op: negated ? '=' : '!=', value: '' };
    case 'contains':
      return {
        field: field === '*' ? 'body' : field,
        op: negated ? '!~' : '=~',
        value: `(?i).*${escapeRegex(value)}.*`,
      };
    default: {
      const at = levels.indexOf(value);
      if (field !== 'level' || at < 0) return undefined;
      const hit = levels.filter((_, i) =>
        op === '>' ? i > at : op === '>=' ? i >= at : op === '<' ? i < at : i <= at,
      );
      return { field, op: negated ? '!~' : '=~', value: hit.join('|') };
    }
  }
}

/** The values of one field that an OR allows: service:a OR service:b. */
function oneOf(list: readonly Expr[]): Match | undefined {
  const ms = list.map((e) => ('match' in e && e.match.op === '=' ? e.match : undefined));
  const first = ms[0];
  if (!first || ms.some((m) => m?.field !== first.field)) return undefined;
  return { field: first.field, op: '=~', value: ms.map((m) => escapeRegex(m?.value ?? '')).join('|') };
}

/** The search as a selector of a table, and in words what had to be left out. */
export function selectorOf(table: string, expr: Expr | undefined): Selected {
  const matchers: Match[] = [];
  const left: string[] = [];
  const one = (e: Expr, negated: boolean): void => {
    if ('and' in e && !negated) {
      e.and.forEach((x) => one(x, false));
    } else if ('not' in e) {
      one(e.not, !negated);
    } else if ('match' in e) {
      const m = matcher(e.match, negated);
      if (m) matchers.push(m);
      else left.push(`${e.match.field} ${e.match.op} ${e.match.value}: a selector has no order of numbers`);
      if (e.match.field === '*') left.push(`“${e.match.value}” is looked for in the message only`);
    } else if ('or' in e && !negated) {
      const m = oneOf(e.or);
      if (m) matchers.push(m);
      else left.push('an OR over several fields');
    } else {
      left.push('an exclusion of several things at once');
    }
  };
  if (expr) one(expr, false);
  return { text: selectorText(table, matchers), matchers, left };
}

/** Fields that say whose rows they are, not what went wrong with them. */
const whose = new Set(['service', 'env', 'agency', 'route', 'name', 'version', 'release', 'kind', 'source']);

/** The selector of everything that a bad row is counted against: the same service and route, whatever its outcome. */
export function wholeOf(table: string, s: Selected): string {
  return selectorText(
    table,
    s.matchers.filter((m) => whose.has(m.field)),
  );
}
