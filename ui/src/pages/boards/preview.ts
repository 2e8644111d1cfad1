import type { Panel, UserBoard } from '../../api/boards';
import { readPanel, type PanelForm } from './text';

// What a draft would look like, before the server has seen it.

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text that means itself in HTML. */
export function escaped(s: string): string {
  return s.replace(/[&<>"']/g, (c) => escapes[c] ?? c);
}

/** A query with the chosen values of the variables in it; "all" becomes a pattern that matches everything. */
export function substituted(expr: string, vars: Record<string, string>): string {
  return expr.replace(/(=~|!~|!=|=)(\s*)"\$\{?(\w+)\}?"/g, (whole, op: string, space: string, name: string) => {
    const value = vars[name];
    if (value === undefined) return whole;
    if (value !== '') return `${op}${space}${JSON.stringify(value)}`;
    return op.startsWith('!') ? `!~${space}""` : `=~${space}".*"`;
  });
}

const nothing: Panel = { kind: 'text', title: '', width: 1, kpis: [], missing: [], unit: '', queries: [], html: '' };

/** The panels that a form stands for. */
export function panelsOf(f: PanelForm, vars: Record<string, string>): Panel[] {
  const quiet: Panel = { ...nothing, title: f.title, width: f.width, unit: f.unit };
  switch (f.kind) {
    case 'kpi':
      return f.kpi === '' ? [] : [{ ...quiet, kind: 'kpi', kpis: [f.kpi] }];
    case 'kpis':
      return f.kpis.length === 0 ? [] : [{ ...quiet, kind: 'kpi', kpis: f.kpis }];
    case 'promql': {
      const queries = f.queries
        .filter((q) => q.expr.trim() !== '')
        .map((q) => ({ ...q, expr: substituted(q.expr, vars) }));
      return queries.length === 0 ? [] : [{ ...quiet, kind: 'promql', queries }];
    }
    default:
      return [{ ...quiet, html: escaped(f.text).replaceAll('\n', '<br>') }];
  }
}

/** The panels of a draft, each with the place of its lines; what no form can read shows as its lines. */
export function previewOf(blocks: string[], board: UserBoard | undefined): { at: number; panel: Panel }[] {
  const vars = Object.fromEntries((board?.variables ?? []).map((v) => [v.name, v.value]));
  return blocks.flatMap((block, at) => {
    const f = readPanel(block);
    const panels: Panel[] = f
      ? panelsOf(f, vars)
      : [
          {
            ...nothing,
            title: 'Shown once it is in force',
            html: `<code>${escaped(block.trim()).replaceAll('\n', '<br>')}</code>`,
          },
        ];
    return panels.map((panel) => ({ at, panel }));
  });
}
