import { Button } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { ApiError } from '../../api/client';
import { demoQuery, mailQuery, mailsQuery, useSwitchService } from '../../api/demo';
import { useMay } from '../../api/status';
import { Copy } from '../../components/Copy';
import { Empty, Failure, Loading } from '../../components/States';
import { LightShape } from '../../light/Light';
import { exact, when } from '../../time/format';
import { useNow } from '../../time/useNow';
import { useZone } from '../../time/zone';
import css from './Demo.module.css';
import { MailFrame } from './MailFrame';

/** A small real world with a switch: what the board shows when something breaks, and the mail that tells of it. */
export function DemoPage() {
  const demo = useQuery(demoQuery);
  const absent = demo.error instanceof ApiError && demo.error.status === 404;
  return (
    <>
      <title>Demo · signalbox</title>
      <header className={css.head}>
        <h1>Break it and see</h1>
        <p className="muted">
          Three real services, real traffic, a real mailbox. Break one: its KPI turns yellow, then red after the third
          breaching datapoint, and one mail arrives. Heal it: green again, and one all-clear.
        </p>
      </header>
      {demo.data ? (
        <>
          <Services data={demo.data} />
          <Mailbox />
        </>
      ) : absent ? (
        <Empty
          title="The demo is not running here"
          action={<Copy text="signalbox demo" label="the command of the demo" />}
        >
          <p>This server watches real things. The demo starts a server of its own:</p>
        </Empty>
      ) : demo.isError ? (
        <Failure error={demo.error} what="The demo" retry={() => void demo.refetch()} />
      ) : (
        <Loading what="the demo" rows={2} height={120} />
      )}
    </>
  );
}

type Service = { name: string; title: string; url: string; broken: boolean; effect: string };

function Services({ data }: { data: { services: Service[] } }) {
  const change = useSwitchService();
  const may = useMay('operate') ?? false;
  return (
    <section aria-labelledby="services" className={css.services}>
      <h2 id="services" className="vh">
        Services
      </h2>
      {data.services.map((s) => {
        const busy = change.isPending && change.variables.name === s.name;
        return (
          <div key={s.name} className={`panel ${css.service}`} data-broken={s.broken || undefined}>
            <h3>{s.title || s.name}</h3>
            <p className={css.state}>
              <LightShape state={s.broken ? 'red' : 'green'} size={17} />
              <strong>{s.broken ? 'Broken' : 'Working'}</strong>
            </p>
            <p className="small muted">{s.broken ? `Now: ${s.effect}` : `If broken: ${s.effect}`}</p>
            <p className="fine">
              <code>{s.url}</code>
            </p>
            {may ? (
              <Button
                variant={s.broken ? 'filled' : 'default'}
                loading={busy}
                onClick={() => change.mutate({ name: s.name, broken: !s.broken })}
              >
                {s.broken ? 'Heal' : 'Break'} {s.title || s.name}
              </Button>
            ) : null}
          </div>
        );
      })}
      {change.isError ? (
        <p className={css.error} role="alert">
          {change.error.message}
        </p>
      ) : null}
    </section>
  );
}

function Mailbox() {
  const zone = useZone();
  const now = useNow(30_000);
  const search = useSearch({ from: '/shell/demo' });
  const navigate = useNavigate({ from: '/demo' });
  const mails = useQuery(mailsQuery);
  const list = mails.data?.mails ?? [];
  const open = search.mail ?? list[0]?.id;
  return (
    <section className="panel" aria-labelledby="mailbox">
      <div className="panel-head">
        <h2 id="mailbox">Mailbox</h2>
        <span className="small muted">{list.length === 1 ? '1 mail' : `${list.length} mails`}</span>
      </div>
      {mails.isError ? (
        <Failure error={mails.error} what="The mailbox" retry={() => void mails.refetch()} />
      ) : mails.isPending ? (
        <Loading what="the mailbox" rows={2} height={48} />
      ) : list.length === 0 ? (
        <p className="muted small">
          No mail yet. The first comes when a KPI that pages is breached: break a service and wait.
        </p>
      ) : (
        <div className={css.mailbox}>
          <ul className={css.mails}>
            {list.map((m) => (
              <li key={m.id}>
                <button
                  type="button"
                  className={css.mail}
                  aria-current={m.id === open ? 'true' : undefined}
                  onClick={() => void navigate({ search: { mail: m.id }, replace: true, resetScroll: false })}
                >
                  <strong>{m.subject}</strong>
                  <span className="fine">
                    {when(m.at, now, zone)} · to {m.to.join(', ')}
                  </span>
                </button>
              </li>
            ))}
          </ul>
          {open ? <MailView id={open} /> : null}
        </div>
      )}
    </section>
  );
}

function MailView({ id }: { id: string }) {
  const zone = useZone();
  const q = useQuery(mailQuery(id));
  if (q.isError) return <Failure error={q.error} what="The mail" />;
  if (!q.data) return <Loading what="the mail" rows={1} height={200} />;
  const m = q.data;
  return (
    <article className={css.open} aria-label={m.subject}>
      <h3>{m.subject}</h3>
      <p className="fine">
        From {m.from} to {m.to.join(', ')}, {exact(m.at, zone)}
      </p>
      {m.html ? <MailFrame html={m.html} title={m.subject} /> : null}
      {m.text ? (
        <details open={!m.html} className={css.text}>
          <summary>As text</summary>
          <pre tabIndex={0}>{m.text}</pre>
        </details>
      ) : null}
      {m.headers['Message-ID'] ? (
        <p className="fine">
          Message-ID <code>{m.headers['Message-ID']}</code>
        </p>
      ) : null}
    </article>
  );
}
