import { TextInput } from '../../components/kit';
import { meQuery } from '../../api/status';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { kindOf, kinds, policiesQuery, type Policy } from '../../api/govern';
import { Icon } from '../../components/Icon';
import { Pick } from '../../components/Pick';
import { rank } from '../../components/rank';
import { Empty, Failure, Loading } from '../../components/States';
import { useKeys } from '../../keys/keys';
import css from './Policies.module.css';
import type { PoliciesSearch } from './search';
import { Sections } from './Sections';
import { stepRows } from './stepRows';
import { count, kindWords } from './words';
import { Table } from './PolicyTable';

/** What have we promised, and who said so? */
export function PoliciesPage() {
  const policies = useQuery(policiesQuery);
  return (
    <>
      <title>Policies · signalbox</title>
      {policies.data ? (
        <List policies={policies.data} />
      ) : (
        <>
          <h1 className={css.title}>Policies</h1>
          {policies.isError ? (
            <Failure error={policies.error} what="The policies" retry={() => void policies.refetch()} />
          ) : (
            <Loading what="the policies" rows={6} height={52} />
          )}
        </>
      )}
    </>
  );
}

function List({ policies }: { policies: Policy[] }) {
  const search = useSearch({ from: '/shell/policy' });
  const navigate = useNavigate({ from: '/policy' });
  const actions = useQuery({ ...meQuery, select: (m) => m.actions }).data;
  const set = (patch: { [K in keyof PoliciesSearch]?: PoliciesSearch[K] | undefined }) =>
    void navigate({ search: (old) => ({ ...old, ...patch }) as PoliciesSearch, replace: true, resetScroll: false });
  const shown = useMemo(() => arrange(policies, search), [policies, search]);
  useKeys({
    j: () => stepRows(1),
    k: () => stepRows(-1),
    Escape: () => set({ kind: undefined, show: undefined, find: undefined }),
  });
  const filtered = search.kind !== undefined || search.show !== undefined || search.find !== undefined;
  return (
    <>
      <header className={css.head}>
        <div>
          <h1>{headline(policies)}</h1>
          <p className="muted">{underline(policies)}</p>
        </div>
        {!actions || actions.includes('propose') ? (
          <Link to="/policy/new" search={search.kind ? { kind: search.kind } : {}} className={css.primary}>
            <Icon name="plus" />
            New policy
          </Link>
        ) : null}
      </header>
      <Sections />
      {policies.length === 0 ? (
        <None />
      ) : (
        <>
          <div className={`${css.bar} no-print`} role="search" aria-label="Policies">
            <TextInput
              aria-label="Find a policy"
              placeholder="Name, title or owner"
              leftSection={<Icon name="search" size={15} />}
              value={search.find ?? ''}
              onChange={(e) => set({ find: e.currentTarget.value || undefined })}
              className={css.find ?? ''}
            />
            <Pick
              label="Kind"
              value={search.kind ?? ''}
              options={[
                { value: '', label: 'any' },
                ...kinds
                  .filter((k) => k === search.kind || policies.some((p) => p.kind === k))
                  .map((k) => ({ value: k, label: kindWords[k].plural })),
              ]}
              onChange={(v) => set({ kind: kindOf(v) })}
            />
            <Pick
              label="Show"
              value={search.show ?? ''}
              options={[
                { value: '', label: 'all' },
                { value: 'overdue', label: 'reviews overdue' },
                { value: 'open', label: 'with open proposals' },
                { value: 'feedback', label: 'with open feedback' },
                { value: 'scheduled', label: 'scheduled' },
                { value: 'removed', label: 'removed' },
                { value: 'refused', label: 'that cannot be read' },
              ]}
              onChange={(v) => set({ show: v === '' ? undefined : (v as NonNullable<PoliciesSearch['show']>) })}
            />
            {filtered ? (
              <>
                <span className="small muted" role="status">
                  {shown.length} of {count(policies.length, 'policy', 'policies')}
                </span>
                <button
                  type="button"
                  className={css.clear}
                  onClick={() => set({ kind: undefined, show: undefined, find: undefined })}
                >
                  Clear filters
                </button>
              </>
            ) : null}
          </div>
          {shown.length === 0 ? (
            <Empty title="No policy passes these filters">
              {count(policies.length, 'policy is', 'policies are')} kept here.
            </Empty>
          ) : (
            <Table policies={shown} />
          )}
        </>
      )}
    </>
  );
}

function None() {
  return (
    <Empty
      title="Every promise stands here with its number, who approved it and when it is looked at again"
      action={
        <Link to="/policy/new" search={{ kind: 'KPI' }} className={css.primary}>
          <Icon name="plus" />
          Write the first policy
        </Link>
      }
    >
      <p>
        No policy is kept yet. Write one here, or put a file into the folder that the configuration names under
        policies.
      </p>
    </Empty>
  );
}

/** The policies that pass, by kind and title; what a search finds best comes first. */
function arrange(policies: Policy[], s: PoliciesSearch): Policy[] {
  const passed = policies.filter(
    (p) =>
      (s.kind === undefined || p.kind === s.kind) &&
      (s.show === undefined ||
        (s.show === 'overdue'
          ? p.review_state === 'overdue'
          : s.show === 'open'
            ? p.proposals.length > 0
            : s.show === 'feedback'
              ? p.feedback > 0
              : p.state === s.show)),
  );
  if (s.find !== undefined)
    return rank(passed, s.find, (p) => `${p.title} ${p.name} ${p.owner} ${p.kind}`, passed.length);
  return passed.sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || a.title.localeCompare(b.title));
}

function headline(policies: Policy[]): string {
  if (policies.length === 0) return 'Nothing is promised yet';
  const overdue = policies.filter((p) => p.review_state === 'overdue').length;
  const all = count(policies.length, 'policy', 'policies');
  if (overdue > 0) return `${all}, ${count(overdue, 'review')} overdue`;
  return `${all}, every review on time`;
}

function underline(policies: Policy[]): string {
  const open = new Set(policies.flatMap((p) => p.proposals)).size;
  const waiting = policies.filter((p) => p.emergency).length;
  const parts = [];
  if (waiting > 0) parts.push(`${count(waiting, 'emergency change waits', 'emergency changes wait')} for approval.`);
  parts.push(open > 0 ? `${count(open, 'proposal is', 'proposals are')} open.` : 'No proposal is open.');
  return parts.join(' ');
}
