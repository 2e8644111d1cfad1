import { useSyncExternalStore } from 'react';

// A session that ended in the middle of work: the client waits here, a dialog over the page signs the person in, and what was
// asked is asked again, so that nothing typed is lost.

export type SessionState = {
  /** Why the sign-in dialog is open: the session is over, or it is about to end; null when it is closed. */
  dialog: 'over' | 'soon' | null;
  /** The person closed the dialog without signing in: what the page asks by itself no longer opens it. */
  signedOut: boolean;
};

let state: SessionState = { dialog: null, signedOut: false };
const listeners = new Set<() => void>();
let guards = 0;
let waiting: ((signedIn: boolean) => void)[] = [];

function set(next: SessionState): void {
  state = next;
  for (const l of listeners) l();
}

function subscribe(l: () => void): () => void {
  listeners.add(l);
  return () => listeners.delete(l);
}

/** The session as the page knows it. */
export function useSession(): SessionState {
  return useSyncExternalStore(subscribe, () => state);
}

/** Says that somebody shows the dialog. Without one nobody is kept waiting. Returns what takes it back. */
export function guardSession(): () => void {
  guards++;
  return () => {
    guards--;
    if (guards === 0) settle(false);
  };
}

/** Waits for the person to sign in again. False at once when nobody would show a dialog, or when they have closed it. */
export function whenSignedIn(byPerson: boolean): Promise<boolean> {
  if (guards === 0 || (state.signedOut && !byPerson)) return Promise.resolve(false);
  if (state.dialog !== 'over') set({ dialog: 'over', signedOut: true });
  return new Promise((resolve) => waiting.push(resolve));
}

/** Opens the dialog by the person's own wish. */
export function askSignIn(why: 'over' | 'soon'): void {
  set({ ...state, dialog: why });
}

/** The dialog is done: whoever waits goes on, or hears that it was in vain. */
export function settle(signedIn: boolean): void {
  const list = waiting;
  waiting = [];
  set({ dialog: null, signedOut: signedIn ? false : state.signedOut });
  for (const resolve of list) resolve(signedIn);
}
