import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useMemo, useState } from 'react';
import { boardQuery } from '../../api/board';
import { openStream, useStreamValue } from '../../api/stream';
import type { Board, Tile } from '../../api/types';
import { Failure } from '../../components/States';
import { useKeys } from '../../keys/keys';
import { LightShape } from '../../light/Light';
import { stateOf, wordOf } from '../../light/light';
import { Ago } from '../../time/Ago';
import { clock, clockSeconds } from '../../time/format';
import { useNow } from '../../time/useNow';
import { useZone, zoneName } from '../../time/zone';
import { byState } from '../board/arrange';
import { shape, turn } from './turn';
import css from './Wall.module.css';

const perTurn = 16;
const turnMs = 12_000;

/** Anything wrong, from across the room? */
export function WallPage() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const board = useQuery(boardQuery);
  useEffect(() => openStream(client), [client]);
  useKeys({ Escape: () => void navigate({ to: '/' }), w: () => void navigate({ to: '/' }) });
  return (
    <main id="wall" className={`dark ${css.wall}`}>
      <title>Wallboard · signalbox</title>
      {board.data ? (
        <Wall board={board.data} />
      ) : (
        <>
          <h1>{board.isError ? 'The wallboard has no data' : 'Loading'}</h1>
          {board.isError ? (
            <Failure error={board.error} what="The wallboard" retry={() => void board.refetch()} />
          ) : null}
        </>
      )}
    </main>
  );
}

function Wall({ board }: { board: Board }) {
  const zone = useZone();
  const now = useNow(10_000);
  const silent = useStreamValue((s) => s.silent);
  const heardAt = useStreamValue((s) => s.heardAt);
  const [at, setAt] = useState(0);
  const tiles = useMemo(() => [...board.tiles].sort(byState), [board.tiles]);
  const { shown, turns } = turn(tiles, perTurn, at);
  useEffect(() => {
    if (turns < 2) return;
    const timer = setInterval(() => setAt((n) => n + 1), turnMs);
    return () => clearInterval(timer);
  }, [turns]);
  const c = board.counts;
  const parts = [
    c.red > 0 ? `${c.red} breached` : '',
    c.yellow > 0 ? `${c.yellow} at risk` : '',
    c.grey > 0 ? `${c.grey} without data` : '',
    c.paused > 0 ? `${c.paused} paused` : '',
    `${c.green} on target`,
  ].filter(Boolean);
  const { columns, rows } = shape(shown.length);
  return (
    <>
      {silent ? (
        <p className={css.stale} role="alert">
          Old: showing {clockSeconds(heardAt, zone)}. Reconnecting.
        </p>
      ) : null}
      <header className={css.head}>
        <div>
          <h1>{board.verdict.sentence}</h1>
          <p>{parts.join(', ')}</p>
        </div>
        <p className={css.clock}>
          {clock(now, zone)}
          <span className={css.zone}> {zoneName(zone)}</span>
        </p>
      </header>
      {board.total === 0 ? <p className={css.none}>No KPI is defined yet.</p> : null}
      <ul
        className={css.grid}
        style={{ '--columns': columns, '--rows': rows } as React.CSSProperties}
        aria-label="KPIs, worst first"
      >
        {shown.map((t) => (
          <WallTile key={t.name} kpi={t} />
        ))}
      </ul>
      <footer className={css.foot}>
        {board.now.slice(0, 2).map((n) => (
          <span key={n.kind + n.fingerprint + n.silence_id}>
            {n.title}, <Ago at={n.since} bare />
          </span>
        ))}
        <span className="grow" />
        {turns > 1 ? (
          <span>
            {(at % turns) + 1} of {turns}
          </span>
        ) : null}
        <span>{board.sources.text}</span>
        <span>
          updated <Ago at={board.as_of} />
        </span>
      </footer>
    </>
  );
}

function WallTile({ kpi }: { kpi: Tile }) {
  const state = stateOf(kpi);
  return (
    <li className={css.tile} data-state={state}>
      <p className={css.name}>{kpi.title}</p>
      <p className={css.value}>
        {kpi.value === null ? '—' : kpi.display.value}
        {kpi.value !== null && kpi.display.unit ? <span className={css.unit}> {kpi.display.unit}</span> : null}
      </p>
      <p className={css.promise}>{kpi.promise ? `promise ${kpi.promise}` : 'no promise'}</p>
      <p className={css.state}>
        <span className={css.shape}>
          <LightShape state={state} size={26} />
        </span>
        {wordOf(state)}
      </p>
    </li>
  );
}
