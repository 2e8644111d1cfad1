import { Button } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useMemo, useState } from 'react';
import { alertsQuery } from '../../api/alerts';
import { useMay } from '../../api/status';
import type { Alert, AlertGroup, Alerts, Matcher, Silence } from '../../api/types';
import { Icon } from '../../components/Icon';
import { LabelSet } from '../../components/LabelSet';
import { Pick } from '../../components/Pick';
import { ReceiptLine } from '../../components/ReceiptLine';
import { Failure, Loading } from '../../components/States';
import { useKeys } from '../../keys/keys';
import { LightShape } from '../../light/Light';
import { Ago } from '../../time/Ago';
import { exact } from '../../time/format';
import { useZone } from '../../time/zone';
import css from './Alerts.module.css';
import { Silences } from './Silences';

const SilenceDialog = lazy(() => import('./SilenceDialog').then((m) => ({ default: m.SilenceDialog })));

type Draft = { start: Matcher[]; about?: string; silence?: Silence };

/** Who is being told what, and what is muted? */
export function AlertsPage() {
  const alerts = useQuery(alertsQuery);
  return (
    <>
      <title>Alerts · signalbox</title>
      {alerts.data ? (
        <AlertsView data={alerts.data} />
      ) : (
        <>
          <h1 className={css.title}>Alerts</h1>
          {alerts.isError ? (
            <Failure error={alerts.error} what="The alerts" retry={() => void alerts.refetch()} />
          ) : (
            <Loading what="the alerts" rows={3} height={110} />
          )}
        </>
      )}
    </>
  );
}

function AlertsView({ data }: { data: Alerts }) {
  const search = useSearch({ from: '/shell/alerts' });
  const navigate = useNavigate({ from: '/alerts' });
  const [draft, setDraft] = useState<Draft | null>(null);
  const fresh: Draft = { start: [{ name: '', value: '', is_regex: false, is_equal: true }] };
  const open = draft ?? (search.silence === 'new' ? fresh : null);
  const close = () => {
    setDraft(null);
    if (search.silence) void navigate({ search: search.receiver ? { receiver: search.receiver } : {}, replace: true });
  };
  const may = useMay('write_silences') ?? false;
  useKeys({ n: () => (may ? setDraft(fresh) : undefined) });
  const receivers = [...new Set(data.groups.map((g) => g.receiver))].sort();
  const byFingerprint = useMemo(() => new Map(data.active.map((a) => [a.fingerprint, a])), [data.active]);
  const groups = data.groups.filter((g) => !search.receiver || g.receiver === search.receiver);
  const grouped = new Set(data.groups.flatMap((g) => g.fingerprints));
  const loose = data.active.filter((a) => !grouped.has(a.fingerprint));
  const failed = data.receipts.filter((r) => r.status === 'failed').length;
  return (
    <>
      <header className={css.head}>
        <div>
          <h1>{headline(data)}</h1>
          <p className="muted">{underline(data, failed)}</p>
        </div>
        {may ? (
          <Button variant="filled" leftSection={<Icon name="bell-off" />} onClick={() => setDraft(fresh)}>
            New silence
          </Button>
        ) : null}
      </header>
      <div className={css.columns}>
        <section className={css.active} aria-labelledby="active">
          <div className="panel-head">
            <h2 id="active">Active, by group</h2>
            {receivers.length > 1 ? (
              <Pick
                label="Receiver"
                value={search.receiver ?? ''}
                options={[{ value: '', label: 'any' }, ...receivers.map((r) => ({ value: r, label: r }))]}
                onChange={(v) => void navigate({ search: v ? { receiver: v } : {}, replace: true })}
              />
            ) : null}
          </div>
          {data.active.length === 0 ? (
            <div className={css.calm}>
              <LightShape state="green" size={22} />
              <p>
                Nobody is being told anything. An alert shows here when a KPI is breached or a rule fires; each group
                says who is told and what is muted.
              </p>
            </div>
          ) : (
            groups.map((g, i) => (
              <Group
                key={`${g.receiver}${JSON.stringify(g.labels)}${i}`}
                group={g}
                alerts={g.fingerprints.map((f) => byFingerprint.get(f)).filter((a) => a !== undefined)}
                onSilence={setDraft}
              />
            ))
          )}
          {loose.length > 0 ? (
            <Group group={{ labels: {}, receiver: '', fingerprints: [] }} alerts={loose} onSilence={setDraft} />
          ) : null}
        </section>
        <aside className="stack" aria-label="Silences and deliveries">
          <Silences silences={data.silences} onEdit={(s) => setDraft({ start: s.matchers, silence: s })} />
          <section className="panel" aria-labelledby="receipts">
            <div className="panel-head">
              <h2 id="receipts">Deliveries</h2>
              {failed > 0 ? <strong className={css.failed}>{failed} failed</strong> : null}
            </div>
            {data.receipts.length === 0 ? (
              <p className="muted small">No message has been sent yet.</p>
            ) : (
              <ul className="list">
                {data.receipts.slice(0, 20).map((r) => (
                  <ReceiptLine
                    key={r.id}
                    receipt={r}
                    about={
                      r.kpi ? (
                        <Link
                          to="/kpi/$name"
                          params={{ name: r.kpi }}
                          search={r.decision ? { decision: r.decision } : {}}
                          className={css.plain}
                        >
                          {r.kpi}
                        </Link>
                      ) : undefined
                    }
                  />
                ))}
              </ul>
            )}
          </section>
        </aside>
      </div>
      {open && may ? (
        <Suspense fallback={null}>
          <SilenceDialog {...open} onClose={close} />
        </Suspense>
      ) : null}
    </>
  );
}

function headline(d: Alerts): string {
  const told = d.active.filter((a) => a.state !== 'suppressed').length;
  const muted = d.active.length - told;
  if (d.active.length === 0) return 'Nothing is alerting';
  if (told === 0) return `${muted} ${muted === 1 ? 'alert is' : 'alerts are'} muted, nobody is being told`;
  const first = `${told} ${told === 1 ? 'alert is' : 'alerts are'} being told`;
  return muted > 0 ? `${first}, ${muted} ${muted === 1 ? 'is' : 'are'} muted` : first;
}

function underline(d: Alerts, failed: number): string {
  const silences = d.silences.filter((s) => s.state === 'active').length;
  const parts = [
    silences === 0
      ? 'No silence is in force.'
      : `${silences} ${silences === 1 ? 'silence is' : 'silences are'} in force.`,
  ];
  if (failed > 0) parts.push(`${failed} recent ${failed === 1 ? 'delivery' : 'deliveries'} failed.`);
  return parts.join(' ');
}

function Group({ group, alerts, onSilence }: { group: AlertGroup; alerts: Alert[]; onSilence: (d: Draft) => void }) {
  if (alerts.length === 0) return null;
  return (
    <div className={`panel ${css.group}`}>
      <p className={css.groupHead}>
        {group.receiver ? (
          <span>
            Told to <strong>{group.receiver}</strong>
          </span>
        ) : (
          <span>Not told to anybody</span>
        )}
        <LabelSet labels={group.labels} />
      </p>
      <ul>
        {alerts.map((a) => (
          <AlertRow key={a.fingerprint} alert={a} group={group} onSilence={onSilence} />
        ))}
      </ul>
    </div>
  );
}

function AlertRow({ alert: a, group, onSilence }: { alert: Alert; group: AlertGroup; onSilence: (d: Draft) => void }) {
  const zone = useZone();
  const may = useMay('write_silences') ?? false;
  const muted = a.state === 'suppressed';
  const kpi = a.labels.kpi;
  const name = a.annotations.summary ?? a.labels.alertname ?? 'Alert';
  const runbook = a.annotations.runbook_url ?? '';
  return (
    <li className={css.alert}>
      <LightShape state={muted ? 'paused' : 'red'} size={20} title={muted ? 'Muted' : 'Active'} />
      <div className={css.alertMain}>
        <h3>
          {kpi ? (
            <Link to="/kpi/$name" params={{ name: kpi }} className={css.plain}>
              {name}
            </Link>
          ) : (
            name
          )}
        </h3>
        {a.annotations.why ? <p className="small">{a.annotations.why}</p> : null}
        <LabelSet labels={a.labels} skip={Object.keys(group.labels)} />
        <p className="fine">
          since <time dateTime={new Date(a.starts_at).toISOString()}>{exact(a.starts_at, zone)}</time>,{' '}
          <Ago at={a.starts_at} bare />
          {a.silenced_by.length > 0 ? ' · silenced' : ''}
          {a.inhibited_by.length > 0 ? ' · inhibited by another alert' : ''}
          {a.muted_by.length > 0 ? ` · muted by the time interval ${a.muted_by.join(', ')}` : ''}
        </p>
      </div>
      <div className={`${css.alertActions} no-print`}>
        {/^https?:\/\//i.test(runbook) ? (
          <a href={runbook} target="_blank" rel="noreferrer noopener" className={css.action}>
            Runbook<span className="vh"> for {name}</span>
          </a>
        ) : null}
        {!may || (muted && a.silenced_by.length > 0) ? null : (
          <button type="button" className={css.action} onClick={() => onSilence({ start: matchersOf(a), about: name })}>
            Silence<span className="vh"> {name}</span>
          </button>
        )}
      </div>
    </li>
  );
}

/** Matchers that mean this alert and its like: its name and what tells it from others, not what every alert has. */
function matchersOf(a: Alert): Matcher[] {
  const keep = Object.entries(a.labels).filter(
    ([k]) => k !== 'severity' && !(k === 'alertname' && a.labels.kpi === a.labels.alertname),
  );
  return keep.map(([name, value]) => ({ name, value, is_regex: false, is_equal: true }));
}
