import { memo } from 'react';
import css from './LevelMark.module.css';

// The marks of levels and outcomes. They are no lights: a log line at level error breaks no promise, so its shapes and its
// colours are not those of the lights.

export type Mark = 'fatal' | 'error' | 'warn' | 'info' | 'ok' | 'debug' | 'trace' | 'none';

const shapes: Record<Mark, React.ReactNode> = {
  fatal: (
    <>
      <path className={css.solid} d="M8 0 16 8 8 16 0 8Z" />
      <path className={css.cut} d="m5.6 5.6 4.8 4.8m0-4.8-4.8 4.8" />
    </>
  ),
  error: <path className={css.solid} d="M8 1 15 8 8 15 1 8Z" />,
  warn: <path className={css.line} d="M8 2.4 14.2 13.4H1.8Z" />,
  info: <circle className={css.line} cx="8" cy="8" r="4.6" />,
  ok: <path className={css.line} d="m3 8.5 3.4 3.4L13 5" />,
  debug: <circle className={css.solid} cx="8" cy="8" r="2.4" />,
  trace: <path className={css.line} d="M4 8h8" />,
  none: <path className={css.line} d="M4 8h8" />,
};

/** Narrows a level or an outcome. */
export function markOf(v: string | undefined): Mark {
  return v !== undefined && v in shapes ? (v as Mark) : 'none';
}

/** Shape and word of a level or an outcome; the word can be other than the value. */
export const LevelMark = memo(function LevelMark({ value, word }: { value: string | undefined; word?: string }) {
  const mark = markOf(value);
  return (
    <span className={`${css.level} ${css[mark]}`}>
      <svg className={css.shape} width={12} height={12} viewBox="0 0 16 16" aria-hidden="true">
        {shapes[mark]}
      </svg>
      <b>{word ?? (value === undefined || value === '' ? 'none' : value)}</b>
    </span>
  );
});

/** What the outcome of a span is called: one that nobody set is no error. */
export function outcome(status: string): string {
  return status === 'error' ? 'failed' : status === 'ok' ? 'ok' : 'no error';
}

/** The colour of a level or an outcome in a chart, and whether it is hatched so that it reads in grey. */
export function inkOf(value: string): { color: string; hatch: boolean } {
  switch (markOf(value)) {
    case 'fatal':
    case 'error':
      return { color: 'var(--series2)', hatch: true };
    case 'warn':
      return { color: 'var(--series3)', hatch: false };
    case 'info':
      return { color: 'var(--series1)', hatch: false };
    default:
      return { color: 'var(--series5)', hatch: false };
  }
}
