import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { many, one } from '../../api/search';

// The part of the address that belongs to logs, traces, services, errors and what is related.

export type SignalSearch = {
  q: string;
  /** "1h", or two instants "from-to"; empty is an hour. */
  range: string;
  /** "table" shows numbers instead of the chart. */
  view: '' | 'table';
  /** Logs or events. */
  table: 'logs' | 'events';
  /** Columns of the list; empty is the usual ones. */
  cols: string[];
  /** Facets beside the usual ones. */
  facets: string[];
  wrap: boolean;
  live: boolean;
  /** The row that is open: its time and, among rows of that very time, its number. */
  row: string;
  /** Whether its neighbours are shown. */
  around: boolean;
  /** The span that is open. */
  span: string;
  /** What the lines of the list are ordered by. */
  sort: string;
  state: string;
  session: string;
  business_id: string;
  user: string;
};
type Raw = Readonly<Record<string, string | string[] | undefined>>;
export type Patch = Record<string, string | string[] | undefined>;

/** Narrows the address. */
export function signalSearch(raw: Raw): SignalSearch {
  const range = one(raw.range) ?? '';
  return {
    q: (one(raw.q) ?? '').slice(0, 4000),
    range: /^(\d+[smhdw]|\d{10,15}-\d{10,15})$/.test(range) ? range : '',
    view: one(raw.view) === 'table' ? 'table' : '',
    table: one(raw.table) === 'events' ? 'events' : 'logs',
    cols: many(raw.col).slice(0, 12),
    facets: many(raw.facet).slice(0, 8),
    wrap: one(raw.wrap) === 'on',
    live: one(raw.live) === 'on',
    row: /^\d{10,15}(\.\d+)?~\d{1,4}$/.test(one(raw.row) ?? '') ? (one(raw.row) ?? '') : '',
    around: one(raw.around) === 'on',
    span: one(raw.span) ?? '',
    sort: one(raw.sort) ?? '',
    state: one(raw.state) ?? '',
    session: one(raw.session) ?? '',
    business_id: one(raw.business_id) ?? '',
    user: one(raw.user) ?? '',
  };
}

/** The state in the address, and what changes parts of it; with `push` the back button comes back to what was before. */
export function useSignalState(): {
  view: string;
  id: string | undefined;
  search: SignalSearch;
  set: (patch: Patch, push?: boolean) => void;
} {
  const raw: Raw = useSearch({ strict: false });
  const params: { view?: string; id?: string } = useParams({ strict: false });
  const navigate = useNavigate();
  const set = useCallback(
    (patch: Patch, push = false) =>
      void navigate({ to: '.', search: (old: Raw) => ({ ...old, ...patch }), replace: !push, resetScroll: false }),
    [navigate],
  );
  const search = useMemo(() => signalSearch(raw), [raw]);
  return { view: params.view ?? '', id: params.id, search, set };
}
