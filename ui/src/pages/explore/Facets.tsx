import { useQueries, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { facetsQuery, fieldsQuery, type Asked, type Facet, type Table } from '../../api/rows';
import { Icon } from '../../components/Icon';
import { Pick } from '../../components/Pick';
import { compact } from '../../format/number';
import css from './Facets.module.css';
import { add, drop, holds, parse, replaceField } from './language';
import { LevelMark, outcome } from './LevelMark';

const top = 8;
const nameless = '(none)';

/** The most frequent values of fields; a click asks for one or leaves it out, a second click takes that back. */
export function Facets({
  table,
  asked,
  fields,
  extra,
  onSearch,
  onExtra,
}: {
  table: Table;
  asked: Asked;
  fields: readonly string[];
  extra: readonly string[];
  onSearch: (q: string) => void;
  onExtra: (fields: string[]) => void;
}) {
  const [open, setOpen] = useState(false);
  const [all, setAll] = useState<ReadonlySet<string>>(new Set());
  const parsed = useMemo(() => parse(asked.q), [asked.q]);
  const list = [...fields, ...extra.filter((f) => !fields.includes(f))];
  // A field that is asked for is counted as if it were not, so that its other values can still be seen.
  const bound = list.filter((f) => parsed.conditions.some((c) => c.field === f));
  const free = list.filter((f) => !bound.includes(f));
  const results = useQueries({
    queries: [
      facetsQuery(table, asked, free, top),
      ...bound.map((f) => facetsQuery(table, { ...asked, q: replaceField(asked.q, f, null) }, [f], top)),
      ...[...all].map((f) => facetsQuery(table, { ...asked, q: replaceField(asked.q, f, null) }, [f], 100)),
    ],
  });
  const known = useQuery(fieldsQuery(table, asked.from, asked.to)).data;
  const found = new Map<string, Facet>();
  for (const r of results) for (const f of r.data ?? []) found.set(f.field, f);
  const names = new Set([...(known?.fields.map((f) => f.name) ?? []), ...(known?.attributes ?? [])]);
  const others = [...names].filter(
    (n) => !list.includes(n) && !['time', 'body', 'weight', 'duration', 'value'].includes(n),
  );
  const set = parsed.conditions.length;
  return (
    <aside className={`${css.facets} no-print`} aria-label="Fields">
      <button type="button" className={css.toggle} aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name="filter" /> Fields{set > 0 ? ` (${set} set)` : ''}
      </button>
      <div className={css.groups} data-open={open || undefined}>
        {list.map((field) => {
          const facet = found.get(field);
          const values = facet?.values ?? [];
          if (facet && values.length === 0) return null;
          if (facet && values.length === 1 && values[0]?.value === '' && !extra.includes(field)) return null;
          return (
            <section key={field} aria-label={field}>
              <h3 className={css.name}>
                {field}
                {extra.includes(field) ? (
                  <button
                    type="button"
                    aria-label={`Take the field ${field} away`}
                    onClick={() => onExtra(extra.filter((f) => f !== field))}
                  >
                    <Icon name="x" size={12} />
                  </button>
                ) : null}
              </h3>
              <ul>
                {values.map((v) => {
                  const on = holds(parsed, field, v.value);
                  const off = holds(parsed, field, v.value, true);
                  const word = v.value === '' ? nameless : field === 'status' ? outcome(v.value) : v.value;
                  return (
                    <li key={v.value} className={css.value} data-on={on || undefined} data-off={off || undefined}>
                      <button
                        type="button"
                        className={css.take}
                        aria-pressed={on}
                        title={word}
                        onClick={() => onSearch(on ? drop(asked.q, field, v.value) : add(asked.q, field, v.value))}
                      >
                        <span>
                          {field === 'level' || field === 'status' ? <LevelMark value={v.value} word={word} /> : word}
                        </span>
                        <span>{compact(v.count)}</span>
                      </button>
                      <button
                        type="button"
                        className={css.not}
                        aria-pressed={off}
                        aria-label={`Without ${field} ${word}`}
                        title="Without it"
                        onClick={() =>
                          onSearch(off ? drop(asked.q, field, v.value, true) : add(asked.q, field, v.value, true))
                        }
                      >
                        −
                      </button>
                    </li>
                  );
                })}
              </ul>
              {facet?.more && !all.has(field) ? (
                <button
                  type="button"
                  className={css.more}
                  aria-label={`More values of ${field}`}
                  onClick={() => setAll(new Set([...all, field]))}
                >
                  More
                </button>
              ) : null}
            </section>
          );
        })}
        {others.length > 0 ? (
          <div className={css.add}>
            <Pick
              label="Also"
              value=""
              options={[{ value: '', label: 'choose a field' }, ...others.map((n) => ({ value: n, label: n }))]}
              onChange={(v) => {
                if (v !== '') onExtra([...extra, v]);
              }}
            />
          </div>
        ) : null}
      </div>
    </aside>
  );
}
