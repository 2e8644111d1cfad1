import type { QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { lightOf, stateOf, wordOf } from '../light/light';
import type { Board, Tile, Update, View } from './types';

// The server tells what changed; the query cache is where it lands, so that every view shows the same instant.

export type StreamState = {
  /** When the server was last heard, Unix ms; 0 before the first word. */
  heardAt: number;
  /** Whether it has been silent for too long. */
  silent: boolean;
  /** The newest announcement for the live region. */
  announcement: string;
};

/** Silence after which the page says so. */
export const silentAfterMs = 30_000;

let state: StreamState = { heardAt: 0, silent: false, announcement: '' };
const listeners = new Set<() => void>();

function set(next: Partial<StreamState>): void {
  state = { ...state, ...next };
  for (const l of listeners) l();
}

/** The state of the stream. */
export function useStream(): StreamState {
  return useSyncExternalStore(subscribe, () => state);
}

function subscribe(l: () => void): () => void {
  listeners.add(l);
  return () => listeners.delete(l);
}

/** One thing about the stream, for components that must not render with every beat. */
export function useStreamValue<T>(pick: (s: StreamState) => T): T {
  return useSyncExternalStore(subscribe, () => pick(state));
}

/** Puts an update into the board: tiles that changed are new objects, all others stay the very same. */
export function mergeBoard(board: Board, u: Update): Board {
  const changed = new Map<string, View>(u.kpis.map((k) => [k.name, k]));
  const gone = new Set(u.removed);
  const tiles: Tile[] = [];
  for (const t of board.tiles) {
    if (gone.has(t.name)) continue;
    const view = changed.get(t.name);
    changed.delete(t.name);
    tiles.push(view ? withPoint(t, view) : t);
  }
  for (const view of changed.values()) tiles.push({ ...view, spark: { t: [], v: [], threshold: null }, strip: [] });
  return {
    ...board,
    as_of: u.as_of,
    verdict: u.verdict,
    counts: u.counts,
    sources: u.sources,
    tiles,
    total: tiles.length,
  };
}

/** A tile with its newest datapoint at the end of the sparkline, so that the line moves with the number. */
function withPoint(t: Tile, view: View): Tile {
  const last = t.spark.t.at(-1) ?? 0;
  if (view.period_end <= last || t.spark.t.length < 2) return { ...t, ...view };
  const first = t.spark.t[0] ?? 0;
  const slot = (last - first) / (t.spark.t.length - 1);
  const ts = [...t.spark.t];
  const vs = [...t.spark.v];
  if (view.period_end - last < slot) {
    vs[vs.length - 1] = view.value;
  } else {
    ts.push(view.period_end);
    vs.push(view.value);
    ts.shift();
    vs.shift();
  }
  return { ...t, ...view, spark: { t: ts, v: vs, threshold: t.spark.threshold } };
}

/** What a listener should hear of an update: changes of state only, and no litany. */
export function announce(before: readonly View[], after: readonly View[]): string {
  const old = new Map(before.map((k) => [k.name, stateOf(k)]));
  const changed = after.filter((k) => {
    const was = old.get(k.name);
    return was !== undefined && was !== stateOf(k);
  });
  if (changed.length === 0) return '';
  if (changed.length <= 3) {
    return changed.map((k) => `${k.title}: ${wordOf(stateOf(k))}. ${k.reason}`.trim()).join(' ');
  }
  const worse = changed.filter((k) => lightOf(k.light) === 'red').length;
  return `${changed.length} KPIs changed state, ${worse} of them breached.`;
}

/** Opens the stream and keeps it open. Returns what closes it. */
export function openStream(client: QueryClient, url = '/api/signalbox/v1/stream'): () => void {
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let wait = 1000;
  let closed = false;
  let missed = false;

  const heard = () => {
    wait = 1000;
    if (missed) {
      // What happened in between was not told: ask for everything on the page once.
      missed = false;
      void client.invalidateQueries();
    }
    set({ heardAt: Date.now(), silent: false });
  };

  /** What has changed is asked for again where it is on the page. */
  const ask = (keys: string[]) => {
    for (const k of keys) {
      void client.invalidateQueries({
        queryKey: [k],
        predicate: (q) => q.queryKey[1] !== 'check' && q.queryKey[1] !== 'schema',
      });
    }
  };

  const open = () => {
    const es = new EventSource(url);
    source = es;
    es.addEventListener('open', heard);
    es.addEventListener('ping', heard);
    es.addEventListener('kpis', (e) => {
      heard();
      const u = JSON.parse((e as MessageEvent<string>).data) as Update;
      const board = client.getQueryData<Board>(['board']);
      const said = board ? announce(board.tiles, u.kpis) : '';
      if (said !== '') set({ announcement: said });
      client.setQueryData<Board>(['board'], (b) => (b ? mergeBoard(b, u) : b));
      // A revision that judges from now on is a mark from now on.
      const old = new Map(board?.tiles.map((t) => [t.name, t.revision]));
      if (u.kpis.some((k) => old.has(k.name) && old.get(k.name) !== k.revision)) ask(['changes']);
      for (const k of u.kpis) {
        client.setQueryData<View>(['kpi', k.name, 'view'], (v) => (v ? k : v));
        if (said !== '') void client.invalidateQueries({ queryKey: ['kpi', k.name, 'decisions'] });
      }
      if (said !== '') void client.invalidateQueries({ queryKey: ['board'] });
    });
    es.addEventListener('alerts', () => {
      heard();
      ask(['alerts', 'board', 'changes']);
    });
    es.addEventListener('policies', () => {
      heard();
      ask(['policies', 'proposals', 'reviews', 'feedback', 'boards', 'changes', 'board', 'kpi']);
    });
    es.addEventListener('sources', () => {
      heard();
      ask(['sources']);
    });
    es.addEventListener('error', () => {
      missed = true;
      if (es.readyState === EventSource.CLOSED && !closed) {
        clearTimeout(retry);
        retry = setTimeout(open, wait);
        wait = Math.min(wait * 2, 15_000);
      }
    });
  };

  const watch = setInterval(() => {
    const silent = state.heardAt > 0 && Date.now() - state.heardAt > silentAfterMs;
    if (silent !== state.silent) {
      missed = missed || silent;
      set({ silent });
    }
  }, 1000);

  open();
  return () => {
    closed = true;
    clearInterval(watch);
    clearTimeout(retry);
    source?.close();
  };
}
