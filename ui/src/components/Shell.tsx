import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { meQuery } from '../api/status';
import { openStream, useStreamValue } from '../api/stream';
import { useKeys } from '../keys/keys';
import { AccountMenu } from '../pages/account/AccountMenu';
import { SessionBars } from '../pages/account/SessionBars';
import { clockSeconds } from '../time/format';
import { setZone, useZone, zoneName } from '../time/zone';
import { useScheme } from '../theme/scheme';
import { Icon } from './Icon';
import { Loading, NotForRole } from './States';
import css from './Shell.module.css';
import { Rail } from './Rail';
import { Crumbs } from './Crumbs';
import { governance, pages, editing, isActive } from './places';

const Find = lazy(() => import('./Find').then((m) => ({ default: m.Find })));

const Help = lazy(() => import('./Help').then((m) => ({ default: m.Help })));

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
