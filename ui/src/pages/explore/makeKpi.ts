import type { Match } from './language';
import { selectorText } from './selector';

// A search or an error as the draft of a KPI, which the policy editor takes over.

export type KpiDraft = { kind: 'rate' | 'ratio'; name: string; title: string; of: string; total: string };

/** A name as policies have them: small letters, digits, hyphens. */
export function slug(text: string): string {
  const s = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return (s || 'new-kpi').slice(0, 50).replace(/-+$/, '');
}

/** A line of YAML as a quoted string: nothing in it is read as anything else. */
function yaml(text: string): string {
  return `'${text.replaceAll("'", "''").replaceAll('\n', ' ')}'`;
}

/** The document of a draft. Thresholds are a place to begin: the back-test shows what they would have done. */
export function kpiYaml(d: KpiDraft): string {
  const rate = d.kind === 'rate';
  return `kind: KPI
name: ${slug(d.name)}
title: ${yaml(d.title)}
description:
outcome: technical
owner:
unit: ${rate ? 'per_second' : 'percent'}
indicator:
${rate ? `  rate: ${yaml(d.of)}` : `  ratio:\n    bad: ${yaml(d.of)}\n    total: ${yaml(d.total)}`}
thresholds: ${rate ? '{yellow: "> 0.1", red: "> 1", for: 3}' : '{yellow: "> 1%", red: "> 3%", for: 3, min_count: 20}'}
${rate ? '' : 'objective: {target: 99.5%, window: 30d}\n'}review_every: 180d
`;
}

/** The rows of an error group as selectors: the errors, and everything that the same service does on that route. */
export function ofError(g: { origin: string; service: string; type: string; route: string }): {
  table: string;
  bad: string;
  total: string;
} {
  const table = { log: 'logs', span: 'spans', event: 'events' }[g.origin] ?? 'logs';
  const place: Match[] = [];
  if (g.service !== '') place.push({ field: 'service', op: '=', value: g.service });
  if (g.route !== '') place.push({ field: 'route', op: '=', value: g.route });
  const what: Match[] = g.type === '' ? [] : [{ field: 'error_type', op: '=', value: g.type }];
  return { table, bad: selectorText(table, [...place, ...what]), total: selectorText(table, place) };
}
