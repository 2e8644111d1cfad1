import { Button } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { auditKeyQuery, auditQuery, exportAddress, type AuditPage as Page, type AuditRecord } from '../../api/audit';
import { meQuery } from '../../api/status';
import { Icon } from '../../components/Icon';
import { Segments } from '../../components/Segments';
import { Empty, Failure, Loading } from '../../components/States';
import { useKeys } from '../../keys/keys';
import { useNow } from '../../time/useNow';
import css from './Audit.module.css';
import { Chain } from './Chain';
import { Digests } from './Digests';
import { Filters } from './Filters';
import { Records } from './Records';
import { filterOf, type AuditSearch } from './search';

const noRecords: AuditRecord[] = [];

export type SetSearch = (patch: { [K in keyof AuditSearch]?: AuditSearch[K] | undefined }) => void;

/** Who changed what, and is the record whole? */
export function AuditPage() {
  const search = useSearch({ from: '/shell/audit' });
  const navigate = useNavigate({ from: '/audit' });
  const now = useNow(60_000);
  const filter = useMemo(() => filterOf(search, search.range ? now : 0), [search, now]);
  const page = useQuery(auditQuery(filter));
  const mayExport = useQuery(meQuery).data?.actions.includes('export_audit') ?? false;
  const go = (patch: Parameters<SetSearch>[0], replace: boolean) =>
    void navigate({ search: (old) => ({ ...old, ...patch }) as AuditSearch, replace, resetScroll: false });
  const set: SetSearch = (patch) => go(patch, true);
  useKeys({
    Escape: () => (search.record ? set({ record: undefined }) : void navigate({ search: {}, replace: true })),
  });
  const filtered = ['actor', 'action', 'object', 'outcome', 'text', 'range'].some((k) => k in search);
  return (
    <>
      <title>Audit trail · signalbox</title>
      <header className={css.head}>
        <div>
          <h1>Audit trail</h1>
          <p className="muted">
            Every change, sign-in, refused attempt, export and look at personal data, in a chain that shows when one was
            altered.
          </p>
        </div>
        <div className={`${css.actions} no-print`}>
          {mayExport ? (
            <Button component="a" href={exportAddress(filter)} download leftSection={<Icon name="download" />}>
              Export {filtered ? 'what is shown' : 'all'}
            </Button>
          ) : null}
          <PublicKey />
        </div>
      </header>
      {page.data ? (
        <Chain
          page={page.data}
          onShow={(seq) => set({ tab: undefined, record: String(seq), before: String(seq + 1) })}
        />
      ) : null}
      <div className={css.tabs}>
        <Segments
          label="Show"
          items={[
            { value: 'records', label: 'Records', pressed: search.tab !== 'digests' },
            { value: 'digests', label: 'Signed hours', pressed: search.tab === 'digests' },
          ]}
          onPick={(v) => set({ tab: v === 'digests' ? 'digests' : undefined })}
        />
      </div>
      {search.tab === 'digests' ? (
        <Digests />
      ) : (
        <>
          <Filters search={search} set={set} records={page.data?.records ?? noRecords} />
          {page.data ? (
            <List
              page={page.data}
              search={search}
              set={set}
              go={go}
              filtered={filtered}
              busy={page.isPlaceholderData}
            />
          ) : page.isError ? (
            <Failure error={page.error} what="The audit trail" retry={() => void page.refetch()} />
          ) : (
            <Loading what="the records" rows={1} height={320} />
          )}
        </>
      )}
    </>
  );
}

function List({
  page,
  search,
  set,
  go,
  filtered,
  busy,
}: {
  page: Page;
  search: AuditSearch;
  set: SetSearch;
  go: (patch: Parameters<SetSearch>[0], replace: boolean) => void;
  filtered: boolean;
  busy: boolean;
}) {
  const last = page.records.at(-1);
  if (page.records.length === 0) {
    return filtered || search.before ? (
      <Empty
        title="No record passes these filters"
        action={
          <Button
            onClick={() =>
              go(
                {
                  actor: undefined,
                  action: undefined,
                  object: undefined,
                  outcome: undefined,
                  text: undefined,
                  range: undefined,
                  before: undefined,
                },
                true,
              )
            }
          >
            Clear the filters
          </Button>
        }
      >
        {page.head.seq} records are kept in all.
      </Empty>
    ) : (
      <Empty title="Nothing has been recorded yet">
        <p>Sign-ins, changes of policies, refused attempts and exports show here, the newest first.</p>
      </Empty>
    );
  }
  return (
    <>
      <Records records={page.records} open={search.record} busy={busy} onOpen={(record) => set({ record })} />
      <nav className={`${css.paging} no-print`} aria-label="Pages of the audit trail">
        <span className="small muted" role="status">
          Records {page.records[0]?.seq} to {last?.seq} of {page.head.seq}
        </span>
        <Button disabled={!search.before} onClick={() => go({ before: undefined, record: undefined }, false)}>
          Newest
        </Button>
        <Button
          disabled={!page.more || !last}
          rightSection={<Icon name="right" size={14} />}
          onClick={() => go({ before: String(last?.seq ?? 0), record: undefined }, false)}
        >
          Older
        </Button>
      </nav>
    </>
  );
}

function PublicKey() {
  const key = useQuery(auditKeyQuery);
  const [copied, setCopied] = useState(false);
  if (!key.data) return null;
  const text = key.data.public_key;
  return (
    <Button
      leftSection={<Icon name="key" />}
      title={`Copy the public key, fingerprint ${key.data.fingerprint}`}
      onBlur={() => setCopied(false)}
      onClick={() => {
        void navigator.clipboard
          .writeText(text)
          .then(() => setCopied(true))
          .catch(() => undefined);
      }}
    >
      <span aria-live="polite">{copied ? 'Copied' : 'Public key'}</span>
    </Button>
  );
}
