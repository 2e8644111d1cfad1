import { Button } from '../../components/kit';
import { useState } from 'react';
import type { Row } from '../../api/rows';
import { plain } from '../../format/number';
import { useKeys } from '../../keys/keys';
import { Lines } from './Lines';
import css from './Logs.module.css';
import { useTail } from './useTail';

/** Rows as they arrive, with a pause; an opened line pauses by itself, so that it stays where it is. */
export function LiveLines({
  table,
  q,
  cols,
  wrap,
  unit,
  open,
  onOpen,
  children,
}: {
  table: 'logs' | 'events';
  q: string;
  cols: readonly string[];
  wrap: boolean;
  unit: string;
  open: string;
  onOpen: (key: string) => void;
  children: (row: Row) => React.ReactNode;
}) {
  const [paused, setPaused] = useState(false);
  const held = paused || open !== '';
  const live = useTail(table, q, held);
  useKeys({ p: () => setPaused(!paused) });
  const word = { connecting: 'Connecting', live: held ? 'Paused' : 'Live', lost: 'Reconnecting' }[live.state];
  return (
    <>
      <div className={css.live}>
        <strong>{word}</strong>
        <span className="small">
          {plain(live.rows.length)} {unit} shown
          {live.waiting > 0 ? `, ${plain(live.waiting)} waiting` : ''}
          {live.missed > 0 ? `, ${plain(live.missed)} came too fast to be shown` : ''}
        </span>
        <span className="grow" />
        <Button
          aria-keyshortcuts="P"
          aria-pressed={held}
          onClick={() => {
            if (held && open !== '') onOpen('');
            setPaused(!held);
          }}
        >
          {held ? 'Go on' : 'Pause'}
        </Button>
        <span className="vh" role="status" aria-live="polite">
          {held ? 'Paused' : live.spoken}
        </span>
      </div>
      {live.rows.length === 0 ? (
        <p className="muted">
          {live.state === 'lost'
            ? 'The stream stopped; it is opened again by itself.'
            : `The next ${unit} that match show here.`}
        </p>
      ) : (
        <Lines
          rows={live.rows}
          cols={cols}
          wrap={wrap}
          open={open}
          busy={false}
          label="As they arrive, newest first"
          onOpen={onOpen}
        >
          {children}
        </Lines>
      )}
    </>
  );
}
