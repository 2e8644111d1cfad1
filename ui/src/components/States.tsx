import { Link, type ErrorComponentProps } from '@tanstack/react-router';
import { ApiError } from '../api/client';
import { LightShape } from '../light/Light';
import css from './States.module.css';

// The states that every view has beside its own: loading, empty, error, and what a page that does not exist says.

/** Quiet blocks where content will be; the words are for those who listen. */
export function Loading({ what, rows = 3, height = 96 }: { what: string; rows?: number; height?: number }) {
  return (
    <div className={css.loading} role="status">
      <span className="vh">Loading {what}</span>
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className={css.block} style={{ height }} />
      ))}
    </div>
  );
}

/** What an empty view will show, what is missing, and one next action. */
export function Empty({
  title,
  children,
  action,
}: {
  title: string;
  children: React.ReactNode;
  action?: React.ReactNode;
}) {
  return (
    <div className={css.empty}>
      <h2>{title}</h2>
      <div className={css.text}>{children}</div>
      {action}
    </div>
  );
}

/** What a page says to somebody whose role does not have it: calm, for nothing is broken. */
export function NotForRole({ what, children }: { what: string; children?: React.ReactNode }) {
  return (
    <div className={css.empty}>
      <h2>{what} is not for your role</h2>
      <div className={css.text}>
        <p>{children ?? 'An administrator can give you one that has it.'}</p>
        <p>
          <Link to="/account">What your roles allow</Link>
        </p>
      </div>
    </div>
  );
}

/** The server's sentence about what went wrong, and what to do. */
export function Failure({ error, what, retry }: { error: unknown; what: string; retry?: () => void }) {
  const signedOut = error instanceof ApiError && error.status === 401;
  const sentence = error instanceof Error ? error.message : 'Something went wrong.';
  if (error instanceof ApiError && error.status === 403) {
    return (
      <div className={css.failure} role="note">
        <LightShape state="grey" size={20} />
        <div className={css.text}>
          <strong>{what}: not for your role</strong>
          <p>{sentence}</p>
        </div>
      </div>
    );
  }
  return (
    <div className={css.failure} role="alert">
      <LightShape state="grey" size={20} />
      <div className={css.text}>
        <strong>{signedOut ? 'You are signed out' : `${what} cannot be shown`}</strong>
        <p>{sentence}</p>
        {signedOut ? (
          <p>
            Open the address that the server printed at its start, or{' '}
            <a href={`/login?next=${encodeURIComponent(window.location.pathname + window.location.search)}`}>sign in</a>{' '}
            with a token.
          </p>
        ) : null}
      </div>
      {retry && !signedOut ? (
        <button type="button" className={css.retry} onClick={retry}>
          Try again
        </button>
      ) : null}
    </div>
  );
}

/** A page that does not exist. */
export function Missing() {
  return (
    <div className={css.page}>
      <h1>There is no such page</h1>
      <p className="muted">The address may be from a newer release, or a KPI may have been renamed.</p>
      <p>
        <Link to="/">Go to the board</Link>
      </p>
    </div>
  );
}

/** A page that broke while it was drawn. */
export function Crash({ error, reset }: ErrorComponentProps) {
  return (
    <div className={css.page}>
      <h1>This page broke</h1>
      <Failure error={error} what="The page" retry={reset} />
    </div>
  );
}
