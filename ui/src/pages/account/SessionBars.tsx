import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Navigate, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { askSignIn, guardSession, settle, useSession } from '../../api/session';
import { meQuery } from '../../api/status';
import { Icon } from '../../components/Icon';
import css from './SessionBars.module.css';

const SignInDialog = lazy(() => import('./SignInDialog').then((m) => ({ default: m.SignInDialog })));

/** How long before its end a session says so. */
const warnMs = 5 * 60_000;

/** What must be said of the session on every page: it ends soon, it is over, or it is the very first one. */
export function SessionBars() {
  const client = useQueryClient();
  const path = useRouterState({ select: (s) => s.location.pathname });
  const me = useQuery(meQuery).data;
  const { dialog, signedOut } = useSession();
  useEffect(() => guardSession(), []);
  const signedIn = () => {
    settle(true);
    void client.invalidateQueries();
  };
  return (
    <>
      {me?.first && path !== '/account' ? (
        <section className={css.bar} data-tone="accent" aria-label="The first sign-in">
          <Icon name="shield" />
          <span>You are signed in with the start link: create your administrator account.</span>
          <Link to="/account" className={css.action}>
            Create the account
          </Link>
        </section>
      ) : null}
      {me?.must_change && path !== '/account' ? <Navigate to="/account" replace /> : null}
      {signedOut ? (
        <div className={css.bar} data-tone="yellow" role="status">
          <Icon name="clock" />
          <span>You are signed out. What is shown may be old.</span>
          <button type="button" className={css.action} onClick={() => askSignIn('over')}>
            Sign in
          </button>
        </div>
      ) : me && me.expires_at > 0 ? (
        <Ending key={me.expires_at} at={me.expires_at} />
      ) : null}
      {dialog ? (
        <Suspense fallback={null}>
          <SignInDialog why={dialog} onDone={signedIn} onClose={() => settle(false)} />
        </Suspense>
      ) : null}
    </>
  );
}

/** Five minutes before the end: asks the server once whether it is still so, then warns. */
function Ending({ at }: { at: number }) {
  const client = useQueryClient();
  const [left, setLeft] = useState<number | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let asked = false;
    const look = () => {
      const rest = at - Date.now();
      if (rest <= warnMs) {
        // Whatever the page has asked meanwhile may have moved the end: a new answer replaces this very component.
        if (!asked) {
          asked = true;
          void client.invalidateQueries({ queryKey: ['me'] });
        }
        setLeft(Math.max(0, Math.ceil(rest / 60_000)));
      }
      if (rest > 0) timer = setTimeout(look, Math.min(rest > warnMs ? rest - warnMs : 5_000, 2 ** 31 - 1));
    };
    timer = setTimeout(look, 0);
    return () => clearTimeout(timer);
  }, [at, client]);
  const stay = async () => {
    await client.invalidateQueries({ queryKey: ['me'] });
    const now = client.getQueryData(meQuery.queryKey);
    if (now && now.expires_at <= at) askSignIn('soon');
  };
  return (
    <div role="status" aria-live="polite">
      {left === null ? null : (
        <div className={css.bar} data-tone="yellow">
          <Icon name="clock" />
          <span>
            {left === 0
              ? 'Your session is over.'
              : `You will be signed out in ${left} ${left === 1 ? 'minute' : 'minutes'}. Nothing that you have typed is lost.`}
          </span>
          <button type="button" className={css.action} onClick={() => void stay()}>
            Stay signed in
          </button>
        </div>
      )}
    </div>
  );
}
