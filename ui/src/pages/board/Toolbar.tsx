import { useMemo, useState } from 'react';
import type { Board } from '../../api/types';
import { Icon } from '../../components/Icon';
import { Pick } from '../../components/Pick';
import type { BoardSearch } from './search';
import css from './Toolbar.module.css';

type Props = {
  board: Board;
  search: BoardSearch;
  set: (patch: Partial<Record<keyof BoardSearch, BoardSearch[keyof BoardSearch]>>) => void;
  shown: number;
};

/** Filters and grouping; all of it lives in the URL. */
export function Toolbar({ board, search, set, shown }: Props) {
  const [open, setOpen] = useState(false);
  const pairs = useMemo(() => {
    const out = new Set<string>();
    for (const t of board.tiles) for (const [k, v] of Object.entries(t.labels)) out.add(`${k}=${v}`);
    return [...out].sort();
  }, [board.tiles]);
  const outcomes = useMemo(() => [...new Set(board.tiles.map((t) => t.outcome))].filter(Boolean).sort(), [board.tiles]);
  const filtered = search.state ?? search.owner ?? search.outcome ?? search.label;
  const groups = [
    { value: 'outcome', label: 'outcome' },
    { value: 'owner', label: 'owner' },
    ...board.label_names.map((n) => ({ value: `label:${n}`, label: n })),
    { value: 'none', label: 'nothing' },
  ];
  return (
    <div className={`${css.bar} no-print`}>
      <button type="button" className={css.toggle} aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name="filter" /> Filter and group
      </button>
      <div className={css.fields} data-open={open || undefined}>
        <Pick
          label="Group by"
          value={search.group ?? 'outcome'}
          options={groups}
          onChange={(v) => set({ group: v === 'outcome' ? undefined : v })}
        />
        <Pick
          label="Outcome"
          value={search.outcome ?? ''}
          options={[{ value: '', label: 'any' }, ...outcomes.map((o) => ({ value: o, label: o }))]}
          onChange={(v) => set({ outcome: v || undefined })}
        />
        <Pick
          label="Owner"
          value={search.owner ?? ''}
          options={[{ value: '', label: 'anyone' }, ...board.owners.map((o) => ({ value: o, label: o }))]}
          onChange={(v) => set({ owner: v || undefined })}
        />
        {pairs.length > 0 ? (
          <Pick
            label="Label"
            value=""
            options={[
              { value: '', label: search.label ? 'add one' : 'any' },
              ...pairs.filter((p) => !search.label?.includes(p)).map((p) => ({ value: p, label: p })),
            ]}
            onChange={(v) => (v ? set({ label: [...(search.label ?? []), v] }) : undefined)}
          />
        ) : null}
        {search.label?.map((l) => (
          <button
            key={l}
            type="button"
            className={css.chip}
            aria-label={`Remove the filter ${l}`}
            onClick={() => {
              const rest = search.label?.filter((x) => x !== l) ?? [];
              set({ label: rest.length > 0 ? rest : undefined });
            }}
          >
            {l} <Icon name="x" size={12} />
          </button>
        ))}
        {filtered ? (
          <>
            <span className="small muted" role="status">
              {shown} of {board.total} KPIs
            </span>
            <button
              type="button"
              className={css.clear}
              onClick={() => set({ state: undefined, owner: undefined, outcome: undefined, label: undefined })}
            >
              Clear filters
            </button>
          </>
        ) : null}
      </div>
    </div>
  );
}
