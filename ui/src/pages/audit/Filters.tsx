import { useDebouncedCallback } from '@mantine/hooks';
import { useId, useState } from 'react';
import type { AuditRecord } from '../../api/audit';
import { Icon } from '../../components/Icon';
import { Pick } from '../../components/Pick';
import css from './Audit.module.css';
import type { SetSearch } from './AuditPage';
import type { AuditSearch } from './search';
import { actions, actionWord } from './words';

const ranges = [
  ['', 'all time'],
  ['1h', 'the last hour'],
  ['24h', 'the last 24 hours'],
  ['7d', 'the last 7 days'],
  ['28d', 'the last 28 days'],
  ['90d', 'the last 90 days'],
] as const;

const policyKinds = ['KPI', 'Route', 'Retention', 'Sampling', 'Privacy', 'Approval', 'Maintenance', 'Board'];

/** What to look for; all of it lives in the URL. */
export function Filters({
  search,
  set,
  records,
}: {
  search: AuditSearch;
  set: SetSearch;
  records: readonly AuditRecord[];
}) {
  const [open, setOpen] = useState(false);
  const first = { before: undefined, record: undefined };
  const some = search.actor ?? search.action ?? search.object ?? search.outcome ?? search.text ?? search.range;
  const [kind = '', name = ''] = split(search.object);
  // The kinds that policies have, and what else is on this page.
  const kinds = [...new Set([...policyKinds, ...records.map((r) => r.object.kind ?? '')])]
    .filter((k) => k !== '')
    .sort();
  return (
    <search className={`${css.filters} no-print`}>
      <button type="button" className={css.toggle} aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name="filter" /> Filter
      </button>
      <div className={css.fields} data-open={open || undefined}>
        <Words
          key={`t${search.text ?? ''}`}
          label="Text"
          value={search.text ?? ''}
          onChange={(v) => set({ ...first, text: v || undefined })}
        />
        <Words
          key={`a${search.actor ?? ''}`}
          label="Who"
          value={search.actor ?? ''}
          onChange={(v) => set({ ...first, actor: v || undefined })}
        />
        <Pick
          label="Did"
          value={search.action ?? ''}
          options={[{ value: '', label: 'anything' }, ...actions.map((a) => ({ value: a, label: actionWord(a) }))]}
          onChange={(v) => set({ ...first, action: v || undefined })}
        />
        <Pick
          label="To"
          value={kind}
          options={[{ value: '', label: 'anything' }, ...kinds.map((k) => ({ value: k, label: k }))]}
          onChange={(v) => set({ ...first, object: v || undefined })}
        />
        {kind ? (
          <Words
            key={`n${search.object ?? ''}`}
            label="Named"
            value={name}
            onChange={(v) => set({ ...first, object: v === '' ? kind : `${kind}/${v}` })}
          />
        ) : null}
        <Pick
          label="Outcome"
          value={search.outcome ?? ''}
          options={[
            { value: '', label: 'any' },
            { value: 'done', label: 'Done' },
            { value: 'denied', label: 'Denied' },
            { value: 'failed', label: 'Failed' },
          ]}
          onChange={(v) => set({ ...first, outcome: v === '' ? undefined : (v as 'done' | 'denied' | 'failed') })}
        />
        <Pick
          label="In"
          value={search.range ?? ''}
          options={ranges.map(([value, label]) => ({ value, label }))}
          onChange={(v) => set({ ...first, range: v || undefined })}
        />
        {some ? (
          <button
            type="button"
            className={css.link}
            onClick={() =>
              set({
                ...first,
                actor: undefined,
                action: undefined,
                object: undefined,
                outcome: undefined,
                text: undefined,
                range: undefined,
              })
            }
          >
            Clear filters
          </button>
        ) : null}
      </div>
    </search>
  );
}

function split(object: string | undefined): [string?, string?] {
  if (!object) return [];
  const i = object.indexOf('/');
  return i < 0 ? [object] : [object.slice(0, i), object.slice(i + 1)];
}

/** A text that is looked for when the typing rests. */
function Words({ label, value, onChange }: { label: string; value: string; onChange: (v: string) => void }) {
  const id = useId();
  const later = useDebouncedCallback(onChange, 500);
  return (
    <span className={css.words}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="search"
        defaultValue={value}
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        maxLength={200}
        onChange={(e) => later(e.currentTarget.value.trim())}
        onKeyDown={(e) => {
          if (e.key === 'Enter') onChange(e.currentTarget.value.trim());
        }}
      />
    </span>
  );
}
