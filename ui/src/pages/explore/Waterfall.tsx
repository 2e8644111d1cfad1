import { Button } from '../../components/kit';
import { useMemo, useRef, useState } from 'react';
import type { Trace } from '../../api/traces';
import { Icon } from '../../components/Icon';
import { plain } from '../../format/number';
import { LevelMark } from './LevelMark';
import { seconds } from './rowFields';
import css from './Waterfall.module.css';
import { barOf, foldedAtFirst, oddities, rowsOf, ticks, visible, type SpanRow } from './waterfall';

const palette = ['--series1', '--series3', '--series4', '--control'];
const page = 1000;

/** The colour of each service, those with most of the time first; from the fourth on they share one. */
export function coloursOf(t: Trace): Map<string, string> {
  return new Map(
    t.services.map((s, i) => [s.service, `var(${palette[Math.min(i, palette.length - 1)] ?? '--control'})`]),
  );
}

/** The spans of a trace as a tree beside their bars; the arrows walk it as they walk any tree. */
export function Waterfall({
  trace,
  chosen,
  onChoose,
}: {
  trace: Trace;
  chosen: string;
  onChoose: (key: string) => void;
}) {
  const rows = useMemo(() => rowsOf(trace.spans), [trace.spans]);
  const [folded, setFolded] = useState<ReadonlySet<string>>(() => foldedAtFirst(rows));
  const [many, setMany] = useState(page);
  const seen = useMemo(() => visible(rows, folded), [rows, folded]);
  const [stop, setStop] = useState(chosen);
  const colours = useMemo(() => coloursOf(trace), [trace]);
  const marks = ticks(trace.duration);
  const grid = useRef<HTMLDivElement>(null);
  const at = Math.max(
    0,
    seen.findIndex((r) => r.key === stop),
  );

  const focus = (i: number) => {
    const r = seen[Math.min(seen.length - 1, Math.max(0, i))];
    if (!r) return;
    setStop(r.key);
    grid.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(r.key)}"]`)?.focus();
  };
  const fold = (key: string, shut: boolean) => {
    const next = new Set(folded);
    if (shut) next.add(key);
    else next.delete(key);
    setFolded(next);
  };
  const onKeyDown = (e: React.KeyboardEvent, r: SpanRow, i: number) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const shut = folded.has(r.key);
    const acts: Record<string, () => void> = {
      ArrowDown: () => focus(i + 1),
      ArrowUp: () => focus(i - 1),
      j: () => focus(i + 1),
      k: () => focus(i - 1),
      Home: () => focus(0),
      End: () => focus(seen.length - 1),
      PageDown: () => focus(i + 10),
      PageUp: () => focus(i - 10),
      ArrowRight: () => {
        if (r.hasKids && shut) fold(r.key, false);
        else if (r.hasKids) focus(i + 1);
      },
      ArrowLeft: () => {
        if (r.hasKids && !shut) fold(r.key, true);
        else focus(seen.findIndex((x) => x.key === r.parent));
      },
      Enter: () => onChoose(r.key === chosen ? '' : r.key),
      ' ': () => onChoose(r.key === chosen ? '' : r.key),
    };
    const act = acts[e.key];
    if (!act) return;
    e.preventDefault();
    act();
  };

  return (
    <>
      <ul className={css.legend} aria-label="What the bars say">
        {trace.services.slice(0, 6).map((s) => (
          <li key={s.service}>
            <span className={css.key} style={{ '--c': colours.get(s.service) } as React.CSSProperties} />
            {s.service}
          </li>
        ))}
        <li>
          <span className={css.key} data-bad />
          failed
        </li>
        <li>
          <span className={css.key} data-critical />
          on the critical path
        </li>
      </ul>
      <div
        ref={grid}
        className={css.grid}
        role="treegrid"
        aria-label={`Spans of the trace, ${plain(rows.length)} in all`}
        aria-rowcount={seen.length + 1}
      >
        <div className={css.head} role="row" aria-rowindex={1}>
          <span role="columnheader">Service and span</span>
          <span role="columnheader" className={css.axis}>
            <span className="vh">Time from the beginning</span>
            {marks.map((m) => (
              <i key={m} aria-hidden="true" style={{ left: `${(m / trace.duration) * 100}%` }}>
                {m === 0 ? '0' : seconds(m)}
              </i>
            ))}
          </span>
          <span role="columnheader" className={css.said}>
            Took
          </span>
        </div>
        {seen.slice(0, many).map((r, i) => {
          const s = r.span;
          const bar = barOf(s, trace.start, trace.duration);
          const odd = oddities(s);
          const shut = folded.has(r.key);
          return (
            <div
              key={r.key}
              className={css.row}
              role="row"
              data-key={r.key}
              aria-rowindex={i + 2}
              aria-level={s.depth + 1}
              aria-expanded={r.hasKids ? !shut : undefined}
              aria-selected={r.key === chosen}
              tabIndex={i === at ? 0 : -1}
              onFocus={() => setStop(r.key)}
              onKeyDown={(e) => onKeyDown(e, r, i)}
              onClick={() => onChoose(r.key === chosen ? '' : r.key)}
            >
              <span role="gridcell" className={css.name} style={{ paddingLeft: `${Math.min(s.depth, 20) * 0.875}rem` }}>
                <span
                  className={css.fold}
                  aria-hidden="true"
                  onClick={(e) => {
                    if (!r.hasKids) return;
                    e.stopPropagation();
                    fold(r.key, !shut);
                  }}
                >
                  {r.hasKids ? <Icon name={shut ? 'right' : 'down'} size={13} /> : null}
                </span>
                {s.status === 'error' ? <LevelMark value="error" word="failed" /> : null}
                <span className={css.what} title={`${s.service} ${s.name}`}>
                  <b>{s.service}</b> <span>{s.name}</span>
                  {shut ? <span> and {plain(r.below)} below</span> : null}
                </span>
                {odd.length > 0 ? (
                  <span className={css.odd}>{odd[0]?.replace(/ .*, adjusted$/, ' adjusted')}</span>
                ) : null}
              </span>
              <span role="gridcell" className={css.time}>
                {marks.map((m) => (
                  <i key={m} className={css.tick} style={{ left: `${(m / trace.duration) * 100}%` }} />
                ))}
                <i
                  className={css.bar}
                  data-bad={s.status === 'error' || undefined}
                  data-critical={s.critical || undefined}
                  style={
                    {
                      left: `${bar.left}%`,
                      width: `${bar.width}%`,
                      '--c': colours.get(s.service),
                    } as React.CSSProperties
                  }
                />
              </span>
              <span role="gridcell" className={css.said}>
                {seconds(s.duration)}
                {s.critical ? <span className="vh">, on the critical path</span> : null}
              </span>
            </div>
          );
        })}
      </div>
      {seen.length > many ? (
        <p className={css.more}>
          <Button onClick={() => setMany(many + page)}>
            {plain(Math.min(page, seen.length - many))} more spans of {plain(seen.length - many)}
          </Button>
        </p>
      ) : null}
    </>
  );
}
