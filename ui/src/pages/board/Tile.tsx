import { memo } from 'react';
import type { Tile as TileData } from '../../api/types';
import { Spark, Strip } from '../../components/Spark';
import { LightLabel, LightShape } from '../../light/Light';
import { lightOf } from '../../light/light';
import { exact } from '../../time/format';
import { Ago } from '../../time/Ago';
import css from './Tile.module.css';

/**
 * One KPI on the board: its state, why, number, promise, last day, last thirty days, budget and age, together.
 * Its link is a plain one, for a thousand of them; the board goes there without a load of the page.
 */
export const Tile = memo(function Tile({ kpi }: { kpi: TileData }) {
  const light = lightOf(kpi.light);
  return (
    <article className={css.tile} data-light={light} data-paused={kpi.paused !== null || undefined} data-tile>
      <div className={css.head}>
        <h3 className={css.name}>
          <a href={`/kpi/${encodeURIComponent(kpi.name)}`} data-kpi={kpi.name} className={css.link} title={kpi.title}>
            {kpi.title}
          </a>
        </h3>
        <span className={css.state}>
          {kpi.paused ? (
            <>
              <LightShape state={light} size={16} title={kpi.word} />
              <LightLabel state="paused" />
            </>
          ) : (
            <LightLabel state={light} word={kpi.word} />
          )}
        </span>
      </div>
      <p className={css.why} title={kpi.why}>
        {kpi.paused ? `Paused until ${exact(kpi.paused.until)}. ${kpi.paused.comment}` : kpi.why}
      </p>
      <div className={css.middle}>
        <div className={css.number}>
          <p className={css.value}>
            {kpi.value === null ? (
              <>
                <span aria-hidden="true">—</span>
                <span className="vh">No value</span>
              </>
            ) : (
              <>
                {kpi.display.value}
                {kpi.display.unit ? <span className={css.unit}> {kpi.display.unit}</span> : null}
              </>
            )}
          </p>
          <p className={css.promise}>
            {kpi.promise ? (
              <>
                Promise <strong>{kpi.promise}</strong>
              </>
            ) : (
              'No promise'
            )}
          </p>
        </div>
        <div className={css.spark}>
          <Spark data={kpi.spark} red={light === 'red'} />
        </div>
      </div>
      <Strip days={kpi.strip} />
      <div className={css.foot}>
        <span className={css.budget}>{footLeft(kpi)}</span>
        {kpi.period_end > 0 ? <Ago at={kpi.period_end} /> : <span>never</span>}
      </div>
    </article>
  );
});

function footLeft(kpi: TileData): React.ReactNode {
  if (kpi.budget) {
    const spent = kpi.budget.remaining !== null && kpi.budget.remaining <= 0;
    if (spent) return <strong className={css.spent}>{kpi.budget.sentence}</strong>;
    const m = /^(\S+\s?%)(.*)$/u.exec(kpi.budget.sentence);
    return m ? (
      <>
        <strong>{m[1]}</strong>
        {m[2]}
      </>
    ) : (
      kpi.budget.sentence
    );
  }
  return kpi.groups_text;
}
