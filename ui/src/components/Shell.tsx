import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { boardQuery } from '../api/board';
import { meQuery, useMay, useStatus } from '../api/status';
import { openStream, useStreamValue } from '../api/stream';
import { useKeys } from '../keys/keys';
import { AccountMenu } from '../pages/account/AccountMenu';
import { SessionBars } from '../pages/account/SessionBars';
import { PolicyCrumbs } from '../pages/policy/PolicyCrumbs';
import { clockSeconds } from '../time/format';
import { setZone, useZone, zoneName } from '../time/zone';
import { useScheme } from '../theme/scheme';
import { Icon, Mark, type IconName } from './Icon';
import { Loading, NotForRole } from './States';
import css from './Shell.module.css';

const Find = lazy(() => import('./Find').then((m) => ({ default: m.Find })));
const Help = lazy(() => import('./Help').then((m) => ({ default: m.Help })));

const More = lazy(() => import('./More').then((m) => ({ default: m.More })));

/** A place in the rail; `needs` is the action without which it is not offered. */
export type Page = { to: string; name: string; icon: IconName; prefix: string; needs?: string };

const pages: Page[] = [
  { to: '/', name: 'Board', icon: 'board', prefix: '/kpi' },
  { to: '/alerts', name: 'Alerts', icon: 'bell', prefix: '/alerts' },
  { to: '/usage', name: 'Usage', icon: 'usage', prefix: '/usage', needs: 'read_signals' },
  { to: '/explore/metrics', name: 'Explore', icon: 'explore', prefix: '/explore', needs: 'read_signals' },
  { to: '/sources', name: 'Sources', icon: 'sources', prefix: '/sources', needs: 'read_signals' },
  { to: '/boards', name: 'Boards', icon: 'layout', prefix: '/boards' },
];
const governance: Page[] = [
  { to: '/policy', name: 'Policies', icon: 'policy', prefix: '/policy' },
  { to: '/audit', name: 'Audit trail', icon: 'history', prefix: '/audit', needs: 'read_audit' },
  { to: '/privacy', name: 'Privacy', icon: 'shield', prefix: '/privacy', needs: 'read_privacy' },
  { to: '/people', name: 'People', icon: 'people', prefix: '/people', needs: 'read_people' },
];
/** Pages that the rail does not list. */
const loose: Record<string, string> = { '/welcome': 'First run', '/account': 'Account' };
/** Pages on which a change is written. */
const editing = /^\/policy\/(new|[^/]+\/[^/]+\/edit)$/;
/** How many places the phone's bar has beside "More". */
const onPhone = 4;
const demoPage: Page = { to: '/demo', name: 'Demo', icon: 'flask', prefix: '/demo' };

/** The frame around every page but the wall: rail, top bar, stream, dialogs. */
export function Shell() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [open, setOpen] = useState<'find' | 'help' | null>(null);
  useEffect(() => openStream(client), [client]);
  const go = (to: string) => () => void navigate({ to });
  useKeys({
    'mod+k': () => setOpen('find'),
    '/': (e) => {
      e.preventDefault();
      setOpen('find');
    },
    '?': () => setOpen('help'),
    w: go('/wall'),
    'g b': go('/'),
    'g a': go('/alerts'),
    'g e': go('/explore/metrics'),
    'g u': go('/usage'),
    'g s': go('/sources'),
    'g d': go('/demo'),
    'g o': go('/boards'),
    'g p': go('/policy'),
    'g t': go('/audit'),
  });
  return (
    <div className={css.shell}>
      <a href="#main" className={css.skip}>
        Skip to the content
      </a>
      <Rail />
      <div className={css.body}>
        <TopBar onFind={() => setOpen('find')} onHelp={() => setOpen('help')} />
        <SilenceBar />
        <SessionBars />
        <main id="main" className={css.main} tabIndex={-1}>
          <Guard />
        </main>
      </div>
      <Announcer />
      <Suspense fallback={null}>
        {open === 'find' ? <Find onClose={() => setOpen(null)} /> : null}
        {open === 'help' ? <Help onClose={() => setOpen(null)} /> : null}
      </Suspense>
    </div>
  );
}

function usePlaces(): { main: Page[]; governance: Page[] } {
  const demo = useStatus()?.demo ?? false;
  const me = useQuery(meQuery).data;
  const open = (p: Page) => !p.needs || !me || me.actions.includes(p.needs);
  return { main: (demo ? [...pages, demoPage] : pages).filter(open), governance: governance.filter(open) };
}

/** The page of the address, or the word that it is not for this person; what it would ask for is then never asked. */
function Guard() {
  const path = useRouterState({ select: (s) => s.location.pathname });
  const me = useQuery(meQuery);
  const page = [...pages, ...governance].find((p) => isActive(p, path));
  const needs = editing.test(path) ? 'propose' : page?.needs;
  if (needs && me.isPending) return <Loading what="the page" rows={2} height={140} />;
  if (needs && me.data && !me.data.actions.includes(needs)) {
    const name = editing.test(path) ? 'Propose a change' : (page?.name ?? '');
    return (
      <>
        <title>{`${name} · signalbox`}</title>
        <h1>{name}</h1>
        <NotForRole what="This page" />
      </>
    );
  }
  return <Outlet />;
}

function isActive(p: Page, path: string): boolean {
  if (p.to === '/') return path === '/' || path.startsWith(p.prefix);
  return path === p.prefix || path.startsWith(`${p.prefix}/`);
}

function Rail() {
  const path = useRouterState({ select: (s) => s.location.pathname });
  const places = usePlaces();
  const [more, setMore] = useState(false);
  const pagesOpen = useQuery({ ...boardQuery, select: (b) => b.now.filter((n) => n.kind === 'page').length }).data ?? 0;
  const sources = useQuery({ ...boardQuery, select: (b) => b.sources.text }).data;
  const signals = useMay('read_signals') ?? true;
  const zone = useZone();
  const heardAt = useStreamValue((s) => s.heardAt);
  const place = (p: Page, extra: boolean) => {
    const active = isActive(p, path);
    return (
      <li key={p.to} data-extra={extra || undefined}>
        <Link
          to={p.to}
          className={css.page}
          data-active={active || undefined}
          aria-current={active ? 'page' : undefined}
        >
          <Icon name={p.icon} size={18} />
          <span>{p.name}</span>
          {p.to === '/alerts' && pagesOpen > 0 ? (
            <span className={css.badge}>
              {pagesOpen}
              <span className="vh"> open</span>
            </span>
          ) : null}
        </Link>
      </li>
    );
  };
  const rest = [...places.main.slice(onPhone), ...places.governance];
  return (
    <nav className={`${css.rail} no-print`} aria-label="Pages">
      <Link to="/" className={css.brand} aria-label="signalbox, to the board">
        <Mark />
        <span>signalbox</span>
      </Link>
      <ul className={css.pages}>
        {places.main.map((p, i) => place(p, i >= onPhone))}
        <li className={css.more}>
          <button
            type="button"
            className={css.page}
            data-active={rest.some((p) => isActive(p, path)) || undefined}
            aria-haspopup="dialog"
            onClick={() => setMore(true)}
          >
            <Icon name="more" size={18} />
            <span>More</span>
          </button>
        </li>
      </ul>
      {places.governance.length > 0 ? (
        <div className={css.group}>
          <p className={css.groupName} id="rail-governance">
            Governance
          </p>
          <ul className={css.pages} aria-labelledby="rail-governance">
            {places.governance.map((p) => place(p, true))}
          </ul>
        </div>
      ) : null}
      <div className={css.foot}>
        {sources ? (
          signals ? (
            <Link to="/sources">{sources}</Link>
          ) : (
            <span>{sources}</span>
          )
        ) : (
          <span>Waiting for the server</span>
        )}
        <span>{heardAt > 0 ? `Last update ${clockSeconds(heardAt, zone)}` : 'No update yet'}</span>
      </div>
      {more ? (
        <Suspense fallback={null}>
          <More pages={rest} onClose={() => setMore(false)} />
        </Suspense>
      ) : null}
    </nav>
  );
}

function TopBar({ onFind, onHelp }: { onFind: () => void; onHelp: () => void }) {
  const zone = useZone();
  const { scheme, toggle } = useScheme();
  return (
    <header className={`${css.top} no-print`}>
      <Crumbs />
      <div className={css.tools}>
        <button type="button" className={css.find} onClick={onFind} aria-keyshortcuts="Control+K /">
          <Icon name="search" size={15} />
          <span className={css.findText}>Find a KPI, metric, page</span>
          <kbd>Ctrl K</kbd>
        </button>
        <button
          type="button"
          className={`${css.tool} ${css.wide}`}
          onClick={() => setZone(zone === 'UTC' ? 'local' : 'UTC')}
          aria-label={`Times are in ${zone === 'UTC' ? 'UTC' : `your zone, ${zoneName(zone)}`}. Change`}
        >
          <Icon name="clock" />
          <span>{zone === 'UTC' ? 'UTC' : zoneName(zone)}</span>
        </button>
        <Link to="/wall" className={`${css.tool} ${css.desk}`} aria-label="Wallboard">
          <Icon name="tv" />
        </Link>
        <button
          type="button"
          className={`${css.tool} ${css.desk}`}
          onClick={toggle}
          aria-label={scheme === 'dark' ? 'Use the light theme' : 'Use the dark theme'}
        >
          <Icon name={scheme === 'dark' ? 'sun' : 'moon'} />
        </button>
        <button
          type="button"
          className={css.tool}
          onClick={onHelp}
          aria-label="Help and shortcuts"
          aria-keyshortcuts="?"
        >
          <Icon name="help" />
        </button>
        <AccountMenu />
      </div>
    </header>
  );
}

function Crumbs() {
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
          <strong aria-current="page">{decodeURIComponent(path.slice(page.to.length + 1))}</strong>
        </>
      ) : (
        <strong aria-current="page">{loose[path] ?? page?.name ?? 'Board'}</strong>
      )}
    </nav>
  );
}

/** Says loudly that what is shown is old. */
function SilenceBar() {
  const silent = useStreamValue((s) => s.silent);
  const heardAt = useStreamValue((s) => s.heardAt);
  const zone = useZone();
  if (!silent) return null;
  return (
    <div className={css.silent} role="status">
      <Icon name="clock" />
      Showing {clockSeconds(heardAt, zone)}. Reconnecting.
    </div>
  );
}

function Announcer() {
  const text = useStreamValue((s) => s.announcement);
  return (
    <div className="vh" role="status" aria-live="polite" data-announcer>
      {text}
    </div>
  );
}
