import { useInfiniteQuery } from '@tanstack/react-query';
import { rowsQuery, type Row } from '../../api/rows';
import { Lines } from './Lines';
import css from './Logs.module.css';
import { keysOf, timeOfKey } from './rowFields';

/** The line that a link names, where the list does not reach it. */
export function Elsewhere({
  table,
  open,
  cols,
  wrap,
  onOpen,
  children,
}: {
  table: 'logs' | 'events';
  open: string;
  cols: readonly string[];
  wrap: boolean;
  onOpen: (key: string) => void;
  children: (row: Row) => React.ReactNode;
}) {
  const at = timeOfKey(open);
  const found = useInfiniteQuery(rowsQuery(table, { q: '', from: Math.floor(at), to: Math.floor(at) + 1 }));
  const all = found.data?.pages[0]?.rows ?? [];
  const row = all.filter((r) => r.time === at)[Number(open.split('~')[1])] ?? all.find((r) => r.time === at);
  if (!row) {
    return found.isPending ? null : (
      <p className={css.notes}>The line of this link is not kept any more, or is not yours to see.</p>
    );
  }
  return (
    <div className={css.notes}>
      <p>The line of this link is not among those below:</p>
      <Lines
        rows={[row]}
        cols={cols}
        wrap={wrap}
        open={keysOf([row])[0] ?? ''}
        busy={false}
        label="The line of the link"
        onOpen={() => onOpen('')}
      >
        {children}
      </Lines>
    </div>
  );
}
