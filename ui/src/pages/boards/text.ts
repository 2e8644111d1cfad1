// A board's document as text, panel by panel. Adding, removing and moving panels moves their lines and nothing else, so that
// comments and the writer's own style stay. A panel that is changed in its form is written anew.

/** What a form knows of a panel; exactly one of kpi, kpis, queries and text is meant by `kind`. */
export type PanelForm = {
  kind: 'kpi' | 'kpis' | 'promql' | 'text';
  title: string;
  kpi: string;
  kpis: string[];
  queries: { expr: string; legend: string }[];
  unit: string;
  text: string;
  width: number;
};

/** The lines before the panels, each panel's lines, and the lines after them. */
export type Parts = { head: string; panels: string[]; tail: string; indent: number };

const indentOf = (line: string): number => line.length - line.trimStart().length;
const quiet = (line: string): boolean => line.trim() === '' || line.trimStart().startsWith('#');

/** Takes a document apart; null where its panels are not a block list, which only the text itself can change. */
export function split(text: string): Parts | null {
  const lines = text.split('\n');
  const start = lines.findIndex((l) => /^panels:\s*(#.*)?$/.test(l));
  if (start < 0) return null;
  let i = start + 1;
  while (i < lines.length && quiet(lines[i] ?? '')) i++;
  const first = lines[i] ?? '';
  if (!/^\s*-(\s|$)/.test(first)) return null;
  const indent = indentOf(first);
  const panels: string[][] = [];
  let waiting: string[] = lines.slice(start + 1, i);
  for (; i < lines.length; i++) {
    const line = lines[i] ?? '';
    if (inBlockText(panels.at(-1), line) || !quiet(line)) {
      const at = indentOf(line);
      if (line.trim() !== '' && at < indent) break;
      if (line.trim() !== '' && at === indent) {
        if (!/^\s*-(\s|$)/.test(line)) break;
        panels.push([...waiting, line]);
      } else panels.at(-1)?.push(...waiting, line);
      waiting = [];
    } else waiting.push(line);
  }
  return {
    head: lines.slice(0, start + 1).join('\n'),
    panels: panels.map((p) => p.join('\n')),
    tail: [...waiting, ...lines.slice(i)].join('\n'),
    indent,
  };
}

/** Reports whether a line is text of a block scalar, where # and blank lines mean themselves. */
function inBlockText(panel: string[] | undefined, line: string): boolean {
  if (!panel || line.trim() === '') return false;
  for (let j = panel.length - 1; j >= 0; j--) {
    const l = panel[j] ?? '';
    if (l.trim() === '') continue;
    const m = /^(\s*(?:-\s+)?)[\w-]+:\s*[|>][+-]?\d?\s*$/.exec(l);
    if (m) return indentOf(line) > (m[1]?.length ?? 0);
    if (indentOf(l) < indentOf(line)) return false;
  }
  return false;
}

/** Puts a document together again. */
export function join(p: Parts): string {
  return [p.head, ...p.panels, ...(p.tail === '' ? [''] : [p.tail])].join('\n');
}

/** What a panel's lines say; null where they are written in a way that no form can show. */
export function readPanel(block: string): PanelForm | null {
  const lines = block.split('\n').filter((l) => l.trim() !== '');
  const from = lines.findIndex((l) => !l.trimStart().startsWith('#'));
  const body = lines.slice(from);
  const first = /^(\s*)-(\s+)(.*)$/.exec(body[0] ?? '');
  if (!first) return null;
  const inner = (first[1]?.length ?? 0) + 1 + (first[2]?.length ?? 0);
  body[0] = ' '.repeat(inner) + (first[3] ?? '');
  const out: PanelForm = { kind: 'kpi', title: '', kpi: '', kpis: [], queries: [], unit: '', text: '', width: 1 };
  const meant: PanelForm['kind'][] = [];
  for (let i = 0; i < body.length; i++) {
    const line = body[i] ?? '';
    const m = /^(\s*)([a-z_]+):(?:\s+(.*))?$/.exec(line);
    if (!m || (m[1]?.length ?? 0) !== inner) return null;
    const key = m[2] ?? '';
    const rest = (m[3] ?? '').trim();
    const below: string[] = [];
    while (
      i + 1 < body.length &&
      (indentOf(body[i + 1] ?? '') > inner || (key !== 'text' && /^\s*- /.test(body[i + 1] ?? '')))
    )
      below.push(body[++i] ?? '');
    const value = below.length === 0 ? scalar(rest) : null;
    if (key === 'title' || key === 'unit' || key === 'kpi') {
      if (value === null) return null;
      out[key] = value;
      if (key === 'kpi') meant.push('kpi');
    } else if (key === 'width') {
      if (!/^[123]$/.test(value ?? '')) return null;
      out.width = Number(value);
    } else if (key === 'text') {
      const t = value ?? blockText(rest, below, block, line);
      if (t === null) return null;
      out.text = t;
      meant.push('text');
    } else if (key === 'kpis') {
      const list = names(rest, below);
      if (!list) return null;
      out.kpis = list;
      meant.push('kpis');
    } else if (key === 'promql') {
      const list = rest === '' ? queries(below) : null;
      if (!list) return null;
      out.queries = list;
      meant.push('promql');
    } else return null;
  }
  const kind = meant[0];
  return kind && meant.length === 1 ? { ...out, kind } : null;
}

/** A scalar on one line; null where it is none. */
function scalar(s: string): string | null {
  if (s.startsWith('"')) {
    const m = /^("(?:[^"\\]|\\.)*")\s*(?:#.*)?$/.exec(s);
    if (!m) return null;
    try {
      return JSON.parse(m[1] ?? '') as string;
    } catch {
      return null;
    }
  }
  if (s.startsWith("'")) {
    const m = /^'((?:[^']|'')*)'\s*(?:#.*)?$/.exec(s);
    return m ? (m[1] ?? '').replaceAll("''", "'") : null;
  }
  const plain = s.replace(/\s+#.*$/, '');
  return plain === '' || /^[[{|>&*!%@`#]/.test(plain) || /:\s/.test(plain) ? null : plain;
}

/** The text of a literal block, with its empty lines, which the caller has dropped. */
function blockText(style: string, below: string[], block: string, head: string): string | null {
  if (!/^\|[+-]?$/.test(style) || below.length === 0) return null;
  const indent = indentOf(below[0] ?? '');
  const all = block.split('\n');
  const at = all.findIndex((l) => l.trimEnd().endsWith(head.trim()));
  const out: string[] = [];
  for (const l of all.slice(at + 1)) {
    if (l.trim() !== '' && indentOf(l) < indent) break;
    out.push(l.slice(indent));
  }
  return out.join('\n').trimEnd();
}

function names(rest: string, below: string[]): string[] | null {
  if (rest !== '') {
    const m = /^\[(.*)\]$/.exec(rest);
    if (!m || below.length > 0) return null;
    const list = (m[1] ?? '').split(',').map((x) => scalar(x.trim()));
    return list.every((x): x is string => x !== null) ? list : null;
  }
  const list = below.map((l) => (/^\s*- /.test(l) ? scalar(l.replace(/^\s*-\s+/, '')) : null));
  return list.length > 0 && list.every((x): x is string => x !== null) ? list : null;
}

function queries(below: string[]): { expr: string; legend: string }[] | null {
  const out: { expr: string; legend: string }[] = [];
  for (const line of below) {
    const m = /^\s*(-\s+)?(expr|legend):\s+(.*)$/.exec(line);
    if (!m) return null;
    const value = scalar((m[3] ?? '').trim());
    if (value === null) return null;
    if (m[1]) out.push({ expr: '', legend: '' });
    const last = out.at(-1);
    if (!last) return null;
    last[m[2] === 'legend' ? 'legend' : 'expr'] = value;
  }
  return out.length > 0 ? out : null;
}

/** A scalar as YAML writes it; quoted wherever something could be read into it. */
export function yaml(s: string): string {
  if (/^[a-zA-Z][\w ./%-]*$/.test(s) && !/\s$/.test(s) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(s)) return s;
  return s.includes('\n') || s.includes('\t') ? JSON.stringify(s) : `'${s.replaceAll("'", "''")}'`;
}

/** The lines of a panel; comments that stood before it stay. */
export function writePanel(f: PanelForm, indent: number, before = ''): string {
  const pad = ' '.repeat(indent + 2);
  const rows: string[] = [];
  if (f.title !== '') rows.push(`title: ${yaml(f.title)}`);
  if (f.kind === 'kpi') rows.push(`kpi: ${yaml(f.kpi)}`);
  if (f.kind === 'kpis') rows.push('kpis:', ...f.kpis.map((k) => `  - ${yaml(k)}`));
  if (f.kind === 'promql') {
    rows.push('promql:');
    for (const q of f.queries) {
      rows.push(`  - expr: ${yaml(q.expr)}`);
      if (q.legend !== '') rows.push(`    legend: ${yaml(q.legend)}`);
    }
    if (f.unit !== '') rows.push(`unit: ${yaml(f.unit)}`);
  }
  if (f.kind === 'text') {
    if (/^\s/.test(f.text) || f.text === '') rows.push(`text: ${JSON.stringify(f.text)}`);
    else rows.push('text: |', ...f.text.split('\n').map((l) => (l === '' ? '' : `  ${l}`)));
  }
  if (f.width !== 1) rows.push(`width: ${f.width}`);
  const comments = before.split('\n').filter((l) => l.trimStart().startsWith('#') && indentOf(l) <= indent);
  const lines = rows.map((r, i) => (r === '' ? '' : i === 0 ? `${' '.repeat(indent)}- ${r}` : pad + r));
  return [...comments, ...lines].join('\n');
}

/** A fresh board with one word of welcome. */
export function starter(name: string, title: string, owner: string): string {
  return `kind: Board
name: ${yaml(name)}
title: ${yaml(title)}
owner: ${yaml(owner)}
panels:
  - text: |
      What this board is for, and for whom.
    width: 3
`;
}

/** A name that addresses and files can have. */
export function slug(title: string): string {
  return title
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}
