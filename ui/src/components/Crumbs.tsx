import { useQuery } from '@tanstack/react-query';
import { Link, useRouterState } from '@tanstack/react-router';
import { boardQuery } from '../api/board';
import { PolicyCrumbs } from '../pages/policy/PolicyCrumbs';
import css from './Shell.module.css';
import { demoPage, governance, isActive, loose, pages } from './places';

/** Where the page stands. */
export function Crumbs() {
  const path = useRouterState({ select: (s) => s.location.pathname });
  const name = path.startsWith('/kpi/') ? decodeURIComponent(path.slice(5)) : '';
  const kpi = useQuery({
    ...boardQuery,
    select: (b) => b.tiles.find((t) => t.name === name),
    enabled: name !== '',
  }).data;
  const page = [...pages, demoPage, ...governance].find((p) => p.to !== '/' && isActive(p, path));
  if (name !== '') {
    return (
      <nav className={css.crumbs} aria-label="Where you are">
        <Link to="/">Board</Link>
        <span aria-hidden="true">/</span>
        {kpi?.outcome ? (
          <>
            <Link to="/" search={{ outcome: kpi.outcome }} className={css.desk}>
              {kpi.outcome.charAt(0).toUpperCase() + kpi.outcome.slice(1)}
            </Link>
            <span aria-hidden="true" className={css.desk}>
              /
            </span>
          </>
        ) : null}
        <strong aria-current="page">{kpi?.title ?? name}</strong>
      </nav>
    );
  }
  return (
    <nav className={css.crumbs} aria-label="Where you are">
      {page?.to === '/policy' && path !== page.to ? (
        <PolicyCrumbs path={path} />
      ) : page && path !== page.to && path.startsWith(`${page.to}/`) ? (
        <>
          <Link to={page.to}>{page.name}</Link>
          <span aria-hidden="true">/</span>
          <strong aria-current="page">{crumb(path.slice(page.to.length + 1))}</strong>
        </>
      ) : (
        <strong aria-current="page">{loose[path] ?? page?.name ?? 'Board'}</strong>
      )}
    </nav>
  );
}

/** What the last part of an address is called: "Engagement". */
function crumb(part: string): string {
  const text = decodeURIComponent(part);
  return text.charAt(0).toUpperCase() + text.slice(1);
}
