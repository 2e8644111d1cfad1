import { useEffect, useRef, useState } from 'react';
import { tailAddress, type Row, type Table, type Tail } from '../../api/rows';

/** Lines that a live tail keeps in sight. */
const kept = 500;
const speakEvery = 10_000;

export type LiveState = 'connecting' | 'live' | 'lost';
type Live = { rows: Row[]; missed: number; waiting: number; state: LiveState; spoken: string };

/** By their own time: programs send in turns, and a line may come after a newer one of another program. */
function newestFirst(rows: Row[]): Row[] {
  return rows.sort((a, b) => b.time - a.time).slice(0, kept);
}

/**
 * Rows as they arrive, newest first. While it is paused they are counted and held back. What is spoken changes every ten
 * seconds at most, so that a screen reader is told and not flooded.
 */
export function useTail(table: Table, q: string, paused: boolean): Live {
  const [live, setLive] = useState<Live>({ rows: [], missed: 0, waiting: 0, state: 'connecting', spoken: '' });
  const held = useRef<Row[]>([]);
  const stopped = useRef(paused);
  useEffect(() => {
    stopped.current = paused;
    if (paused || held.current.length === 0) return;
    const rows = held.current;
    held.current = [];
    setLive((old) => ({ ...old, rows: newestFirst([...rows, ...old.rows]), waiting: 0 }));
  }, [paused]);
  useEffect(() => {
    const source = new EventSource(tailAddress(table, q));
    let arrived = 0;
    let bad = 0;
    held.current = [];
    source.addEventListener('open', () => setLive((old) => ({ ...old, state: 'live' })));
    source.addEventListener('error', () => setLive((old) => ({ ...old, state: 'lost' })));
    source.addEventListener('rows', (e) => {
      const t = JSON.parse((e as MessageEvent<string>).data) as Tail;
      arrived += t.rows.length;
      bad += t.rows.filter((r) => r.level === 'error' || r.level === 'fatal' || r.status === 'error').length;
      const fresh = t.rows;
      if (stopped.current) {
        held.current = newestFirst([...fresh, ...held.current]);
        setLive((old) => ({
          ...old,
          state: 'live',
          missed: old.missed + t.missed,
          waiting: old.waiting + t.rows.length,
        }));
        return;
      }
      if (fresh.length === 0 && t.missed === 0) {
        setLive((old) => (old.state === 'live' ? old : { ...old, state: 'live' }));
        return;
      }
      setLive((old) => ({
        ...old,
        state: 'live',
        rows: newestFirst([...fresh, ...old.rows]),
        missed: old.missed + t.missed,
      }));
    });
    const timer = setInterval(() => {
      if (arrived === 0) return;
      const spoken = `${arrived} new, ${bad} of them errors`;
      arrived = 0;
      bad = 0;
      setLive((old) => ({ ...old, spoken }));
    }, speakEvery);
    return () => {
      source.close();
      clearInterval(timer);
      setLive({ rows: [], missed: 0, waiting: 0, state: 'connecting', spoken: '' });
    };
  }, [table, q]);
  return live;
}
