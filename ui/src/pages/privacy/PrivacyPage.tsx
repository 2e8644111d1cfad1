import { Button } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { one } from '../../api/search';
import { requestsQuery, type PrivacyKey, type PrivacyRequest } from '../../api/privacy';
import { useMay } from '../../api/status';
import { Icon } from '../../components/Icon';
import { Empty, Failure, Loading } from '../../components/States';
import { useKeys } from '../../keys/keys';
import { LightLabel } from '../../light/Light';
import { exact } from '../../time/format';
import { useZone } from '../../time/zone';
import { Certificate } from './Certificate';
import { PersonDialog } from './PersonDialog';
import css from './Privacy.module.css';
import { Redacted } from './Redacted';
import { kindWord, rowsOf, stateOf, whoOf } from './words';

/** What is kept of people: their requests, what was done about them, and what never comes in. */
export function PrivacyPage() {
  const raw: Record<string, string | string[] | undefined> = useSearch({ strict: false });
  const navigate = useNavigate();
  const id = Number(/^\d{1,9}$/.exec(one(raw.request) ?? '')?.[0] ?? 0);
  const asked = one(raw.new);
  const fresh = asked === 'erase' || asked === 'export' ? asked : undefined;
  const may = useMay('manage_privacy') ?? false;
  const set = (patch: Record<string, string | undefined>, push = false) =>
    void navigate({ to: '/privacy', search: (old) => ({ ...old, ...patch }), replace: !push, resetScroll: false });
  useKeys({ Escape: () => set({ request: undefined, new: undefined }) });
  if (id > 0) return <Certificate id={id} onBack={() => set({ request: undefined }, true)} />;
  return (
    <>
      <title>Privacy · signalbox</title>
      <header className={css.head}>
        <div>
          <h1>Privacy</h1>
          <p className="muted">
            People are pseudonyms from the moment a row arrives. Whoever asks what is kept of them, or asks to be
            forgotten, is answered here, with a certificate.
          </p>
        </div>
        {may ? (
          <div className={`${css.actions} no-print`}>
            <Button leftSection={<Icon name="download" />} onClick={() => set({ new: 'export' })}>
              Export a person’s data
            </Button>
            <Button leftSection={<Icon name="bin" />} onClick={() => set({ new: 'erase' })}>
              Erase a person
            </Button>
          </div>
        ) : null}
      </header>
      <div className="stack">
        <Requests onOpen={(n) => set({ request: String(n) }, true)} />
        <Redacted />
      </div>
      {fresh && may ? (
        <PersonDialog
          kind={fresh}
          onClose={() => set({ new: undefined })}
          onBegun={(n) => set({ new: undefined, request: String(n) })}
        />
      ) : null}
    </>
  );
}

function Requests({ onOpen }: { onOpen: (id: number) => void }) {
  const q = useQuery(requestsQuery);
  if (q.isError) return <Failure error={q.error} what="The requests" retry={() => void q.refetch()} />;
  if (!q.data) return <Loading what="the requests" rows={2} height={160} />;
  return (
    <>
      {q.data.requests.length === 0 ? (
        <Empty title="Nobody has asked yet">
          <p>
            Each erasure and each export shows here with its number, who did it, why, and what was removed or handed
            out.
          </p>
        </Empty>
      ) : (
        <List requests={q.data.requests} onOpen={onOpen} />
      )}
      <Keys keys={q.data.keys} />
    </>
  );
}

function List({ requests, onOpen }: { requests: PrivacyRequest[]; onOpen: (id: number) => void }) {
  const zone = useZone();
  return (
    <section className="panel" aria-labelledby="requests">
      <div className="panel-head">
        <h2 id="requests">Requests</h2>
        <span className="small muted">{requests.length}, newest first</span>
      </div>
      <div className="scroll-x" tabIndex={0} role="region" aria-label="Table of requests">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Number</th>
              <th scope="col">What</th>
              <th scope="col">State</th>
              <th scope="col">By</th>
              <th scope="col">Why</th>
              <th scope="col">Asked</th>
              <th scope="col" className="r">
                Rows
              </th>
            </tr>
          </thead>
          <tbody>
            {requests.map((r) => {
              const s = stateOf(r);
              return (
                <tr key={r.id}>
                  <th scope="row">
                    <Link
                      to="/privacy"
                      search={{ request: String(r.id) }}
                      className="inline"
                      onClick={(e) => {
                        if (e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
                        e.preventDefault();
                        onOpen(r.id);
                      }}
                    >
                      {r.id}
                      <span className="vh">, {r.certificate ? 'its certificate' : 'the request'}</span>
                    </Link>
                  </th>
                  <td className={css.keep}>{kindWord(r.kind)}</td>
                  <td className={css.keep}>
                    <LightLabel state={s.state} size={14} word={s.word} />
                  </td>
                  <td>{whoOf(r.by)}</td>
                  <td className={css.why}>{r.reason ?? '—'}</td>
                  <td className={css.keep}>{exact(r.created_at, zone)}</td>
                  <td className="r">{r.certificate ? rowsOf(r.certificate) : '—'}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** The keys by which pseudonyms are made; a destroyed one makes what it served anonymous for good. */
function Keys({ keys }: { keys: PrivacyKey[] }) {
  const zone = useZone();
  if (keys.length === 0) return null;
  const at = (ms: number, none: string) => (ms > 0 ? exact(ms, zone) : none);
  return (
    <section className="panel" aria-labelledby="keys">
      <div className="panel-head">
        <h2 id="keys">Keys of pseudonyms</h2>
        <span className="small muted">kept apart from the data; never shown</span>
      </div>
      <div className="scroll-x" tabIndex={0} role="region" aria-label="Table of keys">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Key</th>
              <th scope="col">Purpose</th>
              <th scope="col">State</th>
              <th scope="col">Made</th>
              <th scope="col">Replaced</th>
              <th scope="col">Destroyed</th>
            </tr>
          </thead>
          <tbody>
            {[...keys].reverse().map((k) => (
              <tr key={k.id}>
                <th scope="row">{k.id}</th>
                <td>{k.purpose}</td>
                <td className={css.keep}>
                  {k.destroyed_at > 0 ? 'destroyed' : k.retired_at > 0 ? 'finds people, makes none' : 'in use'}
                </td>
                <td className={css.keep}>{at(k.created_at, '—')}</td>
                <td className={css.keep}>{at(k.retired_at, 'not yet')}</td>
                <td className={css.keep}>
                  {k.destroyed_at > 0
                    ? at(k.destroyed_at, '—')
                    : k.keep_until > 0
                      ? `due ${at(k.keep_until, '')}`
                      : 'not yet'}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
