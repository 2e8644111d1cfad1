import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { histogramQuery, type Asked, type Table } from '../../api/rows';
import { Icon } from '../../components/Icon';
import { Segments } from '../../components/Segments';
import { Loading } from '../../components/States';
import { CountChart, CountTable } from './CountChart';
import { inkOf, outcome } from './LevelMark';
import css from './Logs.module.css';
import { stackOf } from './stack';

const palette = ['--series1', '--series2', '--series3', '--series4', '--series5'];

/** How many rows there were over time, as a chart or as a table. */
export function Over({
  table,
  asked,
  by,
  unit,
  asTable,
  onView,
  onNarrow,
}: {
  table: Table;
  asked: Asked;
  by: string;
  unit: string;
  asTable: boolean;
  onView: (v: 'chart' | 'table') => void;
  onNarrow: (from: number, to: number) => void;
}) {
  const h = useQuery(histogramQuery(table, asked, by, 60));
  const stack = useMemo(
    () =>
      h.data
        ? stackOf(h.data, (v, i) =>
            by === 'level' || by === 'status'
              ? inkOf(v)
              : { color: `var(${palette[Math.min(i, palette.length - 1)] ?? '--series5'})`, hatch: false },
          )
        : undefined,
    [h.data, by],
  );
  // What is wrong with the search is said once, at the box.
  if (h.isError) return null;
  const word = (v: string) => (by === 'status' ? outcome(v) : v === '' ? `without ${by}` : v);
  return (
    <section className={`panel ${css.over}`} aria-labelledby="over" aria-busy={h.isPlaceholderData}>
      <div className="panel-head">
        <h2 id="over">{unit.charAt(0).toUpperCase() + unit.slice(1)} over time</h2>
        <Segments
          label="Show counts as"
          items={[
            { value: 'chart', label: 'Chart', pressed: !asTable },
            { value: 'table', label: 'Table', pressed: asTable, title: 'Table (T)' },
          ]}
          onPick={onView}
        />
      </div>
      {!stack ? (
        <Loading what="the counts" rows={1} height={110} />
      ) : asTable ? (
        <CountTable stack={stack} unit={unit} word={word} onNarrow={onNarrow} />
      ) : (
        <CountChart stack={stack} unit={unit} word={word} onNarrow={onNarrow} />
      )}
      {h.data?.cut ? (
        <p className="fine">
          <Icon name="filter" size={12} /> The most frequent values are told apart; rarer ones are not drawn.
        </p>
      ) : null}
    </section>
  );
}
