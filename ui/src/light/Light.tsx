import { memo } from 'react';
import { wordOf, type StateName } from './light';
import css from './Light.module.css';

type ShapeProps = { state: StateName; size?: number; title?: string };

/**
 * The shape of a state: disc with tick, triangle with !, octagon with ×, dashed ring, rounded square with bars. Without a
 * title it is decoration beside its word.
 */
export const LightShape = memo(function LightShape({ state, size = 18, title }: ShapeProps) {
  const named = title ? { role: 'img', 'aria-label': title } : { 'aria-hidden': true };
  return (
    <svg className={`${css.shape} ${css[state]}`} width={size} height={size} viewBox="0 0 20 20" {...named}>
      {paths[state]}
    </svg>
  );
});

const paths: Record<StateName, React.ReactNode> = {
  green: (
    <>
      <circle className={css.body} cx="10" cy="10" r="9" />
      <path className={css.mark} d="m6 10.3 2.7 2.7L14.2 7.3" />
    </>
  ),
  yellow: (
    <>
      <path className={css.body} d="M10 2.2 18.6 17.3H1.4Z" />
      <path className={css.mark} d="M10 7.6v4.7M10 14.6v.2" />
    </>
  ),
  red: (
    <>
      <path className={css.body} d="M6.27 1h7.46L19 6.27v7.46L13.73 19H6.27L1 13.73V6.27Z" />
      <path className={css.mark} d="m7 7 6 6m0-6-6 6" />
    </>
  ),
  grey: (
    <>
      <circle className={css.ring} cx="10" cy="10" r="8.2" />
      <path className={css.dash} d="M6.8 10h6.4" />
    </>
  ),
  paused: (
    <>
      <rect className={css.body} x="1.5" y="1.5" width="17" height="17" rx="4" />
      <path className={css.mark} d="M7.7 6.7v6.6m4.6-6.6v6.6" />
    </>
  ),
};

/** Shape and word together: never colour alone. */
export const LightLabel = memo(function LightLabel({
  state,
  size = 16,
  word,
}: {
  state: StateName;
  size?: number;
  word?: string;
}) {
  return (
    <span className={`${css.label} ${css[state]}`}>
      <LightShape state={state} size={size} />
      <span>{word ?? wordOf(state)}</span>
    </span>
  );
});

/** The large badge beside a page's title. */
export function LightBadge({ state, word }: { state: StateName; word?: string | undefined }) {
  return (
    <span className={`${css.badge} ${css[state]}`}>
      <LightShape state={state} size={21} />
      <span>{word ?? wordOf(state)}</span>
    </span>
  );
}
