import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { prom } from '../../api/client';
import type { Table } from '../../api/rows';
import { useStatus } from '../../api/status';
import { Copy } from '../../components/Copy';
import { Dialog } from '../../components/Dialog';
import { LightShape } from '../../light/Light';
import { Go } from '../explore/Go';
import { useTail } from '../explore/useTail';
import type { SignalInfo } from './signals';
import css from './Sources.module.css';
import { command, finder, newTest } from './testRow';

/** A command to copy, and a light that turns green when what it sends arrives. */
export function SendTest({ of, onClose }: { of: SignalInfo; onClose: () => void }) {
  const [test] = useState(newTest);
  const status = useStatus();
  const base = status?.external_url ? status.external_url.replace(/\/$/, '') : window.location.origin;
  const find = finder(of.value, test.id);
  return (
    <Dialog title={`Send a test: ${of.name.toLowerCase()}`} size={720} onClose={onClose}>
      <div className={css.test}>
        <ol className={css.todo}>
          <li>
            <p>
              From another machine, name a token first: <code>export SIGNALBOX_TOKEN=…</code>. One with the role
              developer is made on <Link to="/account">your account page</Link>. On the machine of Signalbox itself none
              is needed.
            </p>
          </li>
          <li>
            <p>Run this in a shell, where your service runs:</p>
            <Copy text={command(of.value, base, test)} label="the command of the test" block />
          </li>
          <li>
            <p>Leave this open. It waits for {test.id}.</p>
            {of.key === '' ? <WaitSample find={find} /> : <WaitRow table={of.key} find={find} trace={test.trace} />}
          </li>
        </ol>
      </div>
    </Dialog>
  );
}

function Waiting({ arrived, lost, children }: { arrived: boolean; lost: boolean; children: React.ReactNode }) {
  return (
    <p className={css.waiting} role="status" data-arrived={arrived || undefined}>
      <LightShape state={arrived ? 'green' : 'grey'} size={20} />
      <span>
        {arrived ? (
          children
        ) : lost ? (
          'The connection is lost; it comes back by itself.'
        ) : (
          <>
            <strong>Waiting.</strong> It turns green as the test lands.
          </>
        )}
      </span>
    </p>
  );
}

function WaitRow({ table, find, trace }: { table: Table; find: string; trace: string }) {
  const tail = useTail(table, find, false);
  const row = tail.rows.at(-1);
  return (
    <Waiting arrived={row !== undefined} lost={tail.state === 'lost'}>
      <strong>It has arrived</strong>
      {row?.source ? (
        <>
          {' '}
          through source <code>{row.source}</code>
        </>
      ) : null}
      .{' '}
      {table === 'spans' ? (
        <Go place={{ view: 'traces', id: trace }}>See the trace</Go>
      ) : (
        <Go place={{ view: 'logs', search: { q: find, ...(table === 'events' ? { table } : {}) } }}>
          See it in Explore
        </Go>
      )}
    </Waiting>
  );
}

function WaitSample({ find }: { find: string }) {
  const q = useQuery({
    queryKey: ['sources', 'test', find],
    queryFn: async ({ signal }) => {
      const data = (await prom('/query', new URLSearchParams({ query: find }), signal)) as { result?: unknown[] };
      return (data.result ?? []).length > 0;
    },
    refetchInterval: (x) => (x.state.data ? false : 1_000),
    gcTime: 0,
  });
  return (
    <Waiting arrived={q.data ?? false} lost={q.isError}>
      <strong>It has arrived.</strong>{' '}
      <Link to="/explore/metrics" search={{ q: [find] }}>
        See it in Explore
      </Link>
    </Waiting>
  );
}
