import { Link } from '@tanstack/react-router';
import { Fragment } from 'react';
import type { AuditRecord } from '../../api/audit';
import { Icon } from '../../components/Icon';
import { LightLabel } from '../../light/Light';
import { exact, when } from '../../time/format';
import { useNow } from '../../time/useNow';
import { useZone } from '../../time/zone';
import css from './Audit.module.css';
import { deed, objectOf, outcomeOf, whoOf, whyOf } from './words';

/** Records, newest first; each opens to everything that is known of it. */
export function Records({
  records,
  open,
  busy,
  onOpen,
}: {
  records: AuditRecord[];
  open: string | undefined;
  busy: boolean;
  onOpen: (seq: string | undefined) => void;
}) {
  const zone = useZone();
  const now = useNow(60_000);
  return (
    <section className="panel" aria-label="Records" aria-busy={busy}>
      <table className={`table ${css.records}`}>
        <thead>
          <tr>
            <th scope="col" className="r">
              No.
            </th>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">Did what</th>
            <th scope="col">Outcome</th>
            <th scope="col">From</th>
            <th scope="col">
              <span className="vh">More</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {records.map((r) => {
            const isOpen = String(r.seq) === open;
            const o = outcomeOf(r.outcome);
            return (
              <Fragment key={r.seq}>
                <tr data-outcome={r.outcome} data-open={isOpen || undefined}>
                  <td className="r">{r.seq}</td>
                  <td className={css.when}>
                    <time dateTime={new Date(r.at).toISOString()} title={exact(r.at, zone)}>
                      {when(r.at, now, zone)}
                    </time>
                  </td>
                  <th scope="row">
                    {whoOf(r)}
                    {r.actor.kind !== 'person' && r.actor.kind !== '' ? (
                      <span className="chip">{r.actor.kind}</span>
                    ) : null}
                  </th>
                  <td className={css.deed}>
                    {deed(r)}
                    {whyOf(r) === '' ? null : <span className={css.reason}>{whyOf(r)}</span>}
                  </td>
                  <td className={css.outcome}>
                    <LightLabel state={o.state} word={o.word} size={15} />
                  </td>
                  <td className={css.from}>
                    <code>{r.source ?? '—'}</code>
                  </td>
                  <td className="r">
                    <button
                      type="button"
                      className={css.expand}
                      aria-expanded={isOpen}
                      aria-label={`Record ${r.seq} in full`}
                      onClick={() => onOpen(isOpen ? undefined : String(r.seq))}
                    >
                      <Icon name={isOpen ? 'up' : 'down'} size={15} />
                    </button>
                  </td>
                </tr>
                {isOpen ? (
                  <tr className={css.full}>
                    <td colSpan={7}>
                      <Full record={r} />
                    </td>
                  </tr>
                ) : null}
              </Fragment>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function Full({ record: r }: { record: AuditRecord }) {
  const zone = useZone();
  const rows: [string, React.ReactNode][] = [
    ['When', exact(r.at, zone)],
    ['Who', `${r.actor.name}${r.actor.id ? ` (${r.actor.kind} ${r.actor.id})` : ''}`],
    ['Action', <code key="a">{r.action}</code>],
  ];
  if (objectOf(r) !== '') rows.push(['Object', <ObjectLink key="o" record={r} />]);
  if (r.reason) rows.push(['Reason', r.reason]);
  if (r.before || r.after) {
    rows.push(['Before', <Hash key="b" hash={r.before ?? ''} none="there was nothing before" />]);
    rows.push(['After', <Hash key="f" hash={r.after ?? ''} none="there is nothing after" />]);
  }
  if (r.source) rows.push(['From address', <code key="s">{r.source}</code>]);
  if (r.request) rows.push(['Request', <code key="r">{r.request}</code>]);
  for (const [k, v] of Object.entries(r.detail ?? {})) rows.push([k.replaceAll('_', ' '), v]);
  rows.push(['Hash of this record', <Hash key="h" hash={r.hash ?? ''} none="" />]);
  return (
    <dl className={css.facts}>
      {rows.map(([k, v], i) => (
        <div key={`${k}${i}`}>
          <dt>{k}</dt>
          <dd>{v}</dd>
        </div>
      ))}
    </dl>
  );
}

function Hash({ hash, none }: { hash: string; none: string }) {
  if (hash === '') return <span className="muted">{none}</span>;
  return (
    <code className={css.hash} title={hash} aria-label={hash}>
      {hash}
    </code>
  );
}

function ObjectLink({ record: r }: { record: AuditRecord }) {
  const text = objectOf(r);
  if (r.object.kind === 'KPI' && r.object.name) {
    return (
      <Link to="/kpi/$name" params={{ name: r.object.name }} className="inline">
        {text}
      </Link>
    );
  }
  return <>{text}</>;
}
