import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { askSignIn, useSession } from '../../api/session';
import { meQuery, signOut } from '../../api/status';
import { Icon } from '../../components/Icon';
import { useScheme } from '../../theme/scheme';
import { roleWord } from '../people/roles';
import css from './AccountMenu.module.css';

/** Who is signed in, in the top bar: opens to the account, the theme on a phone, and the way out. */
export function AccountMenu() {
  const me = useQuery(meQuery).data;
  const { signedOut } = useSession();
  const { scheme, toggle } = useScheme();
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    const outside = (e: Event) => {
      if (e.target instanceof Node && !box.current?.contains(e.target)) setOpen(false);
    };
    document.addEventListener('pointerdown', outside);
    document.addEventListener('focusin', outside);
    return () => {
      document.removeEventListener('pointerdown', outside);
      document.removeEventListener('focusin', outside);
    };
  }, [open]);
  const name = me?.name ?? 'Account';
  const roles = [...new Set(me?.grants.map((g) => roleWord(g.role)))].join(', ');
  return (
    <div
      ref={box}
      className={css.box}
      onKeyDown={(e) => {
        if (e.key !== 'Escape' || !open) return;
        e.stopPropagation();
        e.preventDefault();
        setOpen(false);
        button.current?.focus();
      }}
    >
      <button
        ref={button}
        type="button"
        className={css.button}
        aria-expanded={open}
        aria-label={`Account, ${name}`}
        onClick={() => setOpen(!open)}
      >
        <Icon name="person" />
        <span className={css.name}>{name}</span>
        <Icon name="down" size={13} />
      </button>
      {open ? (
        <div className={css.panel}>
          <p className={css.who}>
            <strong>{name}</strong>
            <span className="small muted">{kindWords(me?.kind, roles)}</span>
          </p>
          <ul>
            <li>
              <Link to="/account" onClick={() => setOpen(false)}>
                <Icon name="person" /> Account
              </Link>
            </li>
            <li className={css.phone}>
              <button type="button" onClick={toggle}>
                <Icon name={scheme === 'dark' ? 'sun' : 'moon'} />
                {scheme === 'dark' ? 'Use the light theme' : 'Use the dark theme'}
              </button>
            </li>
            <li>
              {signedOut ? (
                <button type="button" onClick={() => askSignIn('over')}>
                  <Icon name="key" /> Sign in
                </button>
              ) : me?.via === 'cookie' ? (
                <button type="button" onClick={() => void signOut()}>
                  <Icon name="out" /> Sign out
                </button>
              ) : (
                <span className="fine">
                  Signed in by {me?.via === 'loopback' ? 'being on this machine' : 'a token'}
                </span>
              )}
            </li>
          </ul>
        </div>
      ) : null}
    </div>
  );
}

function kindWords(kind: string | undefined, roles: string): string {
  if (kind === 'start') return 'the start link, as administrator';
  if (kind === 'loopback') return 'whoever is on this machine';
  if (kind === 'token') return roles === '' ? 'a token' : `a token: ${roles}`;
  return roles === '' ? 'no role' : roles;
}
