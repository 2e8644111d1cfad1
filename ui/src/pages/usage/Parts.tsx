import type { UsageKpi } from '../../api/usage';
import { MakeKpi } from './MakeKpi';
import css from './Usage.module.css';

/** One number with what it is of, and the way to make a KPI of it. */
export function Fact({
  name,
  value,
  note,
  kpi,
  pressed,
  onPick,
}: {
  name: string;
  value: string;
  note?: React.ReactNode;
  kpi?: UsageKpi | undefined;
  /** Whether it is the one that is drawn. */
  pressed?: boolean;
  onPick?: () => void;
}) {
  return (
    <div className={css.fact} data-pressed={pressed ? true : undefined}>
      <dt>
        {onPick ? (
          <button type="button" className={css.factName} aria-pressed={pressed} onClick={onPick}>
            {name}
          </button>
        ) : (
          name
        )}
      </dt>
      <dd>
        <span className={css.value}>{value}</span>
        {note ? <span className={css.note}>{note}</span> : null}
      </dd>
      {kpi ? (
        <dd className={css.make}>
          <MakeKpi of={name} ask={kpi} />
        </dd>
      ) : null}
    </div>
  );
}

/** What the server says about its own answer. */
export function Notes({ notes, more = [] }: { notes: readonly string[]; more?: readonly string[] }) {
  const all = [...more, ...notes];
  return all.length === 0 ? null : <p className={`fine ${css.notes}`}>{all.join(' ')}</p>;
}
