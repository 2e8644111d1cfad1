import { condition } from './language';
import { fixedRange } from '../../time/range';

// Addresses from one place of Explore to another, and from a KPI to what it is made of.

export type Place = { view: string; id?: string; search?: Record<string, string | string[] | undefined> };

/** The address of a place. */
export function address({ view, id, search = {} }: Place): string {
  const p = new URLSearchParams();
  for (const [k, v] of Object.entries(search)) {
    for (const one of Array.isArray(v) ? v : [v]) if (one !== undefined && one !== '') p.append(k, one);
  }
  const s = p.toString();
  return `/explore/${view}${id === undefined ? '' : `/${encodeURIComponent(id)}`}${s === '' ? '' : `?${s}`}`;
}

/** What labels of metrics are called among the fields of rows. */
const fields: Record<string, string> = {
  service: 'service',
  job: 'service',
  service_name: 'service',
  env: 'env',
  environment: 'env',
  deployment_environment: 'env',
  deployment_environment_name: 'env',
  agency: 'agency',
  route: 'route',
  handler: 'route',
  path: 'route',
  http_route: 'route',
  version: 'version',
  service_version: 'version',
  release: 'release',
  error_type: 'error_type',
};

type Named = { labels?: Readonly<Record<string, string>> };

/** Where the logs, traces and errors of a KPI's group between two instants (Unix ms) are; left names labels that rows do not have. */
export function exploreLinks(
  kpi: Named,
  group: Readonly<Record<string, string>> | undefined,
  from: number,
  to: number,
): { logs: string; traces: string; errors: string; left: string[] } {
  const found = new Map<string, string>();
  const left: string[] = [];
  for (const [name, value] of [...Object.entries(group ?? {}), ...Object.entries(kpi.labels ?? {})]) {
    const field = fields[name];
    if (field === undefined) {
      if (group && name in group && !left.includes(name)) left.push(name);
    } else if (!found.has(field) && value !== '') {
      found.set(field, value);
    }
  }
  const base = [...found].map(([f, v]) => condition(f, v)).join(' ');
  const range = fixedRange(from, to);
  return {
    logs: address({ view: 'logs', search: { q: `${base} level:>=error`.trim(), range } }),
    traces: address({ view: 'traces', search: { q: `${base} status:error`.trim(), range } }),
    errors: address({ view: 'errors', search: { q: base, range } }),
    left,
  };
}
