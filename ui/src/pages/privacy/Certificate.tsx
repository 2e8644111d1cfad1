import { Button } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ApiError } from '../../api/client';
import { requestQuery } from '../../api/privacy';
import { Copy } from '../../components/Copy';
import { Icon } from '../../components/Icon';
import { Failure, Loading } from '../../components/States';
import { plain } from '../../format/number';
import { LightLabel, LightShape } from '../../light/Light';
import { exact } from '../../time/format';
import { useZone } from '../../time/zone';
import css from './Privacy.module.css';
import { kindWord, stateOf, whoOf } from './words';

/** One request: how far it is, and its certificate, which prints alone on a page. */
export function Certificate({ id, onBack }: { id: number; onBack: () => void }) {
  const zone = useZone();
  const q = useQuery(requestQuery(id));
  const r = q.data;
  const s = r ? stateOf(r) : undefined;
  const word = r ? kindWord(r.kind) : 'Request';
  const unknown = q.error instanceof ApiError && q.error.status === 404;
  return (
    <>
      <title>{`${word} ${id} · Privacy · signalbox`}</title>
      <header className={css.head}>
        <div>
          <p className="small no-print">
            <Link
              to="/privacy"
              onClick={(e) => {
                if (e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
                e.preventDefault();
                onBack();
              }}
            >
              All requests
            </Link>
          </p>
          <h1>
            {word} {id}
          </h1>
          {r && s ? (
            <p className={css.meta}>
              <LightLabel state={s.state} size={16} word={s.word} />
              <span>
                Asked by <strong>{whoOf(r.by)}</strong> on {exact(r.created_at, zone)}
              </span>
              {r.reason ? <span>“{r.reason}”</span> : null}
            </p>
          ) : null}
        </div>
        {r?.certificate ? (
          <div className={`${css.actions} no-print`}>
            <Button variant="filled" onClick={() => window.print()}>
              Print
            </Button>
          </div>
        ) : null}
      </header>
      {unknown ? (
        <p className="muted">{q.error?.message}</p>
      ) : q.isError ? (
        <Failure error={q.error} what="The request" retry={() => void q.refetch()} />
      ) : !r ? (
        <Loading what="the request" rows={1} height={300} />
      ) : r.state === 'running' ? (
        <section className="panel" aria-label="Progress">
          <p role="status">
            {r.parts > 0 ? `${r.parts_done} of ${r.parts} parts of the store are done.` : 'It has begun.'} It goes on by
            itself, also when you leave this page and after a restart.
          </p>
          <progress className={css.progress} max={Math.max(1, r.parts)} value={r.parts_done} aria-label="Parts done" />
        </section>
      ) : r.state === 'failed' ? (
        <section className="panel" aria-label="What went wrong">
          <p className={css.done}>
            <LightShape state="red" size={18} />
            <span>
              <strong>It failed.</strong> {r.failure}
            </span>
          </p>
        </section>
      ) : null}
      {r?.certificate ? (
        <article className={`panel ${css.certificate}`} aria-labelledby="certificate">
          <h2 id="certificate">{r.kind === 'erase' ? `Certificate of erasure ${id}` : `Receipt of export ${id}`}</h2>
          <dl className={css.facts}>
            <div>
              <dt>Asked</dt>
              <dd>{exact(r.certificate.asked_at, zone)}</dd>
            </div>
            <div>
              <dt>Ended</dt>
              <dd>{exact(r.certificate.ended_at, zone)}</dd>
            </div>
            {Object.entries(r.certificate.rows).map(([table, n]) => (
              <div key={table}>
                <dt>
                  {table.charAt(0).toUpperCase() + table.slice(1)} {r.kind === 'erase' ? 'removed' : 'handed out'}
                </dt>
                <dd>{plain(n)}</dd>
              </div>
            ))}
            {r.kind === 'erase' ? (
              <div>
                <dt>Files deleted, after what else they held was written anew</dt>
                <dd>
                  {plain(r.certificate.files)}, {plain(r.certificate.bytes)} bytes
                </dd>
              </div>
            ) : null}
            {(r.certificate.forgot ?? []).map((f) => (
              <div key={f.place}>
                <dt>Pseudonyms removed from {f.place}</dt>
                <dd>{plain(f.known)}</dd>
              </div>
            ))}
          </dl>
          {r.certificate.searched.length > 0 ? (
            <>
              <h3>Looked for</h3>
              <ul className={css.bullets}>
                {r.certificate.searched.map((x) => (
                  <li key={x}>{x}</li>
                ))}
                <li>
                  pseudonyms of {r.certificate.keys.length} {r.certificate.keys.length === 1 ? 'key' : 'keys'}
                  {r.certificate.keys_destroyed.length > 0
                    ? `; ${r.certificate.keys_destroyed.length} had been destroyed before`
                    : null}
                </li>
              </ul>
            </>
          ) : null}
          {r.kind === 'erase' ? (
            <>
              <h3>Exports that had left the house</h3>
              {r.certificate.left.length === 0 ? (
                <p>None.</p>
              ) : (
                <ul className={css.bullets}>
                  {r.certificate.left.map((l) => (
                    <li key={`${l.name} ${l.at}`}>
                      {l.name}, {exact(l.at, zone)}, to {l.to}, {plain(l.rows)} {l.rows === 1 ? 'row' : 'rows'}: not
                      reached
                    </li>
                  ))}
                </ul>
              )}
            </>
          ) : null}
          <h3>SHA-256 of this certificate</h3>
          <p className={css.digest}>
            <code>{r.certificate.digest}</code>
          </p>
          <details className="no-print">
            <summary>
              <Icon name="copy" size={14} /> As text
            </summary>
            <Copy text={r.text} label="the certificate" block />
          </details>
        </article>
      ) : null}
    </>
  );
}
