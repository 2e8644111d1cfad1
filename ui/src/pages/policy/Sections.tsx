import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { proposalsQuery, reviewsQuery } from '../../api/govern';
import css from './Sections.module.css';

/** The three lists of governance: what is promised, what is wanted, what has to be looked at. */
export function Sections() {
  const open = useQuery({ ...proposalsQuery('open'), select: (p) => p.length }).data ?? 0;
  const due =
    useQuery({
      ...reviewsQuery,
      select: (r) => r.filter((x) => x.state === 'overdue' || x.state === 'emergency').length,
    }).data ?? 0;
  return (
    <nav className={`${css.sections} no-print`} aria-label="Policies">
      <Link to="/policy" activeOptions={{ exact: true, includeSearch: false }} activeProps={{ 'aria-current': 'page' }}>
        All policies
      </Link>
      <Link to="/policy/proposals" activeOptions={{ includeSearch: false }} activeProps={{ 'aria-current': 'page' }}>
        Proposals
        {open > 0 ? (
          <span className={css.count}>
            {open}
            <span className="vh"> open</span>
          </span>
        ) : null}
      </Link>
      <Link to="/policy/calendar" activeProps={{ 'aria-current': 'page' }}>
        Review calendar
        {due > 0 ? (
          <span className={css.count} data-red>
            {due}
            <span className="vh"> overdue</span>
          </span>
        ) : null}
      </Link>
    </nav>
  );
}
