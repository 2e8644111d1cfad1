import { Link } from '@tanstack/react-router';
import { useTabInSight } from './useTabInSight';
import css from './Frame.module.css';

const tabs = [
  ['metrics', 'Metrics'],
  ['logs', 'Logs'],
  ['traces', 'Traces'],
  ['services', 'Services'],
  ['errors', 'Errors'],
] as const;

/** The head of every page of Explore: its title, and the way to the other signals, which keep the range. */
export function Frame({ view, title, range }: { view: string; title: string; range: string | undefined }) {
  const search = range ? { range } : {};
  const tabsRef = useTabInSight(view);
  return (
    <div className={css.head}>
      <h1>{title}</h1>
      <nav ref={tabsRef} className={`${css.tabs} no-print`} aria-label="Signals">
        {tabs.map(([to, name]) => (
          <Link
            key={to}
            {...(to === 'metrics'
              ? { to: '/explore/metrics', search }
              : { to: '/explore/$view', params: { view: to }, search })}
            activeProps={{}}
            aria-current={to === view ? 'page' : undefined}
          >
            {name}
          </Link>
        ))}
      </nav>
    </div>
  );
}
