import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useId, useState } from 'react';
import { sourcesQuery } from '../../api/sources';
import { useMay, useStatus } from '../../api/status';
import { Copy } from '../../components/Copy';
import { Icon } from '../../components/Icon';
import { LightShape } from '../../light/Light';
import { Ago } from '../../time/Ago';
import { compact } from '../../format/number';
import css from './Choices.module.css';
import { scrapeConfig } from './config';

/** Three ways to a first number: the demo, this machine, one's own service. */
export function Choices() {
  const status = useStatus();
  const answer = useQuery({
    ...sourcesQuery,
    refetchInterval: 2_000,
    enabled: useMay('read_signals') === true,
  }).data;
  const sources = answer?.sources ?? [];
  const host = sources.find((s) => s.kind === 'host');
  return (
    <ol className={css.choices}>
      <li className="panel">
        <span className={css.icon}>
          <Icon name="play" size={20} />
        </span>
        <h2>Look at the demo</h2>
        <p className="muted">
          A tax portal on its deadline day: real services, real traffic, a real mailbox, and a switch that breaks it. It
          leaves no trace when it is closed.
        </p>
        {status?.demo ? (
          <Link to="/demo" className={css.next}>
            The demo is running: break something
          </Link>
        ) : (
          <Copy text="signalbox demo" label="the command of the demo" />
        )}
      </li>
      <li className="panel">
        <span className={css.icon}>
          <Icon name="host" size={20} />
        </span>
        <h2>Watch this machine</h2>
        <p className="muted">
          Processor, memory, disk and network of the machine that signalbox runs on, under a minute.
        </p>
        {host && host.samples > 0 ? (
          <p className={css.arrived}>
            <LightShape state="green" size={17} />
            <span>
              {compact(host.samples)} samples, the newest <Ago at={host.last_at} />.{' '}
              <Link to="/explore/metrics" search={{ q: ['1 - avg(rate(node_cpu_seconds_total{mode="idle"}[1m]))'] }}>
                See the processor
              </Link>
            </span>
          </p>
        ) : (
          <p className={css.arrived}>
            <LightShape state="grey" size={17} />
            <span>Waiting for the first sample of this machine.</span>
          </p>
        )}
      </li>
      <li className="panel">
        <span className={css.icon}>
          <Icon name="plug" size={20} />
        </span>
        <h2>Point at my service</h2>
        <p className="muted">
          Anything with a Prometheus metrics address is scraped as it is; anything that pushes may push here.
        </p>
        <MyService
          base={status?.external_url ?? ''}
          known={sources.filter((s) => s.kind !== 'host').map((s) => s.id)}
        />
      </li>
    </ol>
  );
}

function MyService({ base, known }: { base: string; known: string[] }) {
  const id = useId();
  const [address, setAddress] = useState('http://127.0.0.1:8000/metrics');
  const [before] = useState(() => new Set(known));
  const made = scrapeConfig(address);
  const arrived = known.filter((k) => !before.has(k));
  const here = base || window.location.origin;
  return (
    <div className={css.mine}>
      <label htmlFor={id}>Address of its metrics</label>
      <input id={id} value={address} onChange={(e) => setAddress(e.currentTarget.value)} spellCheck={false} />
      {made.error ? <p className={css.error}>{made.error}</p> : null}
      {made.text ? (
        <>
          <p className="small">
            Add this to <code>signalbox.yaml</code>, then reload with <code>kill -HUP</code> or a restart:
          </p>
          <Copy text={made.text} label="the scrape configuration" block />
        </>
      ) : null}
      <p className="small">Or push with remote write, or OTLP:</p>
      <Copy text={`${here}/api/v1/write`} label="the address for remote write" />
      <Copy text={`${here}/api/v1/otlp/v1/metrics`} label="the address for OTLP" />
      <p className={css.arrived} role="status">
        {arrived.length > 0 ? (
          <>
            <LightShape state="green" size={17} />
            <span>
              {arrived.length === 1
                ? `${arrived[0] ?? ''} has arrived.`
                : `${arrived.length} new sources have arrived.`}{' '}
              <Link to="/sources">See it</Link>
            </span>
          </>
        ) : (
          <>
            <LightShape state="grey" size={17} />
            <span>Waiting for the first sample; it shows here as it lands.</span>
          </>
        )}
      </p>
    </div>
  );
}
