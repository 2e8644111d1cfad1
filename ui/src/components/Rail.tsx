import { useQuery } from '@tanstack/react-query';
import { Link, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { boardQuery } from '../api/board';
import { useMay, useStatus } from '../api/status';
import { useStreamValue } from '../api/stream';
import { clockSeconds } from '../time/format';
import { useZone } from '../time/zone';
import { LightShape } from '../light/Light';
import { Icon, Mark } from './Icon';
import css from './Shell.module.css';
import { isActive, onPhone, usePlaces, type Page } from './places';

const More = lazy(() => import('./More').then((m) => ({ default: m.More })));

/** The rail, which is the bar at the foot of a phone. */
export function Rail() {
  const path = useRouterState({ select: (s) => s.location.pathname });
  const places = usePlaces();
  const [more, setMore] = useState(false);
  const pagesOpen = useQuery({ ...boardQuery, select: (b) => b.now.filter((n) => n.kind === 'page').length }).data ?? 0;
  const sources = useQuery({ ...boardQuery, select: (b) => b.sources.text }).data;
  const signals = useMay('read_signals') ?? true;
  const hurt = useStatus()?.stores.some((s) => s.error !== '') ?? false;
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
        {hurt ? (
          <Link to="/sources" className={css.hurt}>
            <LightShape state="red" size={14} /> A store is not well
          </Link>
        ) : null}
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
