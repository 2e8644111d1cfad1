// The JSON Schema of a kind, as far as an editor needs it: which keys there are, what they mean, which words they take.

export type Schema = {
  description: string;
  types: string[];
  words: string[];
  examples: string[];
  properties: Record<string, unknown>;
  required: string[];
  /** The schema of list items, or of keys that are not named. */
  each: unknown;
};

function record(v: unknown): Record<string, unknown> {
  return typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Record<string, unknown>) : {};
}

function texts(v: unknown): string[] {
  const list: unknown[] = Array.isArray(v) ? (v as unknown[]) : v === undefined ? [] : [v];
  return list.filter((x) => typeof x === 'string' || typeof x === 'number' || typeof x === 'boolean').map(String);
}

/** Narrows a schema of whatever form; alternatives are put together. */
export function readSchema(raw: unknown): Schema {
  const s = record(raw);
  const forms = [s.oneOf, s.anyOf, s.allOf].flatMap((f) => (Array.isArray(f) ? (f as unknown[]) : [])).map(readSchema);
  const own: Schema = {
    description: typeof s.description === 'string' ? s.description : '',
    types: texts(s.type),
    words: [...texts(s.enum), ...texts(s.const), ...(s.type === 'boolean' ? ['true', 'false'] : [])],
    examples: texts(s.examples),
    properties: record(s.properties),
    required: texts(s.required),
    each: s.items ?? (typeof s.additionalProperties === 'object' ? s.additionalProperties : undefined),
  };
  for (const f of forms) {
    own.types.push(...f.types);
    own.words.push(...f.words);
    own.properties = { ...f.properties, ...own.properties };
    own.each ??= f.each;
    if (own.description === '') own.description = f.description;
  }
  return own;
}

/** The schema at a path of keys; undefined where it names nothing. */
export function schemaAt(root: unknown, path: readonly string[]): Schema | undefined {
  let at = readSchema(root);
  for (const key of path) {
    const next = at.properties[key] ?? at.each;
    if (next === undefined) return undefined;
    at = readSchema(next);
  }
  return at;
}

/** A short word on what a key takes: its words, or an example. */
export function takes(s: Schema): string {
  if (s.words.length > 0) return s.words.slice(0, 4).join(' | ');
  return s.examples[0] ?? s.types.join(' or ');
}

const templates: Record<string, string> = {
  KPI: `kind: KPI
name:
title:
description:
outcome: technical
owner:
unit: percent
indicator:
  ratio: {bad: 'http_requests_total{code=~"5.."}', total: http_requests_total}
thresholds: {yellow: "> 1%", red: "> 3%", for: 3, min_count: 20}
objective: {target: 99.5%, window: 30d}
review_every: 180d
`,
};

/** A document to begin with: what the kind asks for, with its examples. */
export function starter(kind: string, schema: unknown): string {
  const ready = templates[kind];
  if (ready !== undefined) return ready;
  const root = readSchema(schema);
  const first = ['kind', 'name', 'title', 'owner'];
  const keys = [...first, ...root.required.filter((k) => !first.includes(k))];
  return keys
    .map((k) => {
      if (k === 'kind') return `kind: ${kind}`;
      if (k === 'name' || k === 'owner' || k === 'title') return `${k}:`;
      const at = readSchema(root.properties[k]);
      return `${k}: ${at.examples[0] ?? at.words[0] ?? ''}`.trimEnd();
    })
    .join('\n')
    .concat('\n');
}
