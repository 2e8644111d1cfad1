import { TextInput } from '../../components/kit';
import { useMemo } from 'react';
import type { Finding, Kind } from '../../api/govern';
import css from './Editor.module.css';
import { schemaAt, takes } from './schema';
import { withoutKey } from './words';
import { blankAt, readAt, writeAt } from './yaml';

type Field = { label: string; path: string[] };

const common: Field[] = [
  { label: 'Name', path: ['name'] },
  { label: 'Title', path: ['title'] },
  { label: 'Owner', path: ['owner'] },
];

const fields: Partial<Record<Kind, Field[]>> = {
  KPI: [
    { label: 'At risk when', path: ['thresholds', 'yellow'] },
    { label: 'Breached when', path: ['thresholds', 'red'] },
    { label: 'For how long', path: ['thresholds', 'for'] },
    { label: 'Objective', path: ['objective', 'target'] },
    { label: 'Objective over', path: ['objective', 'window'] },
    { label: 'At least so many', path: ['thresholds', 'min_count'] },
  ],
};

/** The common change without YAML: each field edits its value in the text below, and nothing else of it. */
export function QuickForm({
  kind,
  fresh,
  text,
  schema,
  findings,
  onChange,
}: {
  kind: Kind;
  /** A new policy also asks for name, title and owner. */
  fresh: boolean;
  text: string;
  schema: unknown;
  findings: readonly Finding[];
  onChange: (text: string) => void;
}) {
  const shown = useMemo(
    () =>
      [
        ...(fresh ? common : []),
        ...(fields[kind] ?? []),
        ...(fresh ? [] : common.slice(2)),
        { label: 'Review every', path: ['review_every'] },
      ].map((f) => ({ ...f, found: readAt(text, f.path) })),
    [kind, fresh, text],
  );
  return (
    <div className={css.fields}>
      {shown.map((f) => {
        const key = f.path.join('.');
        const at = schemaAt(schema, f.path);
        const several = f.found.kind === 'several';
        const wrong = findings.find((x) => x.key === key && x.severity === 'error');
        const like = at ? takes(at) : '';
        return (
          <TextInput
            key={key}
            label={f.label}
            value={f.found.kind === 'scalar' ? f.found.value : ''}
            placeholder={several ? 'several, see below' : like === '' ? '' : `such as ${like}`}
            disabled={several}
            spellCheck={false}
            autoComplete="off"
            title={at?.description}
            error={wrong ? withoutKey(wrong.message, key) : undefined}
            onChange={(e) => {
              const v = e.currentTarget.value;
              onChange(v === '' ? blankAt(text, f.path) : writeAt(text, f.path, v));
            }}
            onBlur={() => {
              if (f.found.kind === 'scalar' && f.found.value === '') onChange(writeAt(text, f.path, ''));
            }}
          />
        );
      })}
    </div>
  );
}
