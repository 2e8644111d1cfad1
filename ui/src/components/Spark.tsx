import { memo, useMemo } from 'react';
import type { Day, Spark as SparkData } from '../api/types';
import { sparkBox, sparkPath, stripBox, stripPaths, stripSentence } from '../chart/spark';
import css from './Spark.module.css';

/** The last 24 hours with the promise dashed. Decoration: the tile says value and promise in words. */
export const Spark = memo(function Spark({ data, red }: { data: SparkData; red: boolean }) {
  const p = useMemo(() => sparkPath(data), [data]);
  return (
    <svg
      className={css.spark}
      viewBox={`0 0 ${sparkBox.w} ${sparkBox.h}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      data-red={red || undefined}
    >
      {p.threshold === null ? null : <path className={css.promise} d={`M0 ${p.threshold}H${sparkBox.w}`} />}
      {p.line === '' ? null : <path className={css.line} d={p.line} />}
    </svg>
  );
});

/** Thirty days, one bar a day, its height and colour by the day's worst state. */
export const Strip = memo(function Strip({ days }: { days: Day[] }) {
  const p = useMemo(() => stripPaths(days), [days]);
  return (
    <svg
      className={css.strip}
      viewBox={`0 0 ${stripBox.w} ${stripBox.h}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={stripSentence(days)}
    >
      {p.none ? <path className={css.none} d={p.none} /> : null}
      {p.green ? <path className={css.green} d={p.green} /> : null}
      {p.yellow ? <path className={css.yellow} d={p.yellow} /> : null}
      {p.red ? <path className={css.red} d={p.red} /> : null}
      {p.grey ? <path className={css.grey} d={p.grey} /> : null}
    </svg>
  );
});
