import { useEffect, useRef, useSyncExternalStore } from 'react';

// Single keys never fire in a field, under a dialog or with a modifier, and can be switched off (WCAG 2.1.4). Each has a
// visible control as well.

const key = 'signalbox.keys';
const listeners = new Set<() => void>();

function read(): boolean {
  try {
    return localStorage.getItem(key) !== 'off';
  } catch {
    return true;
  }
}
let enabled = read();

/** Switches the single keys on or off for this browser. */
export function setKeysEnabled(on: boolean): void {
  enabled = on;
  try {
    localStorage.setItem(key, on ? 'on' : 'off');
  } catch {
    // Kept until the tab closes.
  }
  for (const l of listeners) l();
}

/** Whether single keys are on. */
export function useKeysEnabled(): boolean {
  return useSyncExternalStore(
    (l) => {
      listeners.add(l);
      return () => listeners.delete(l);
    },
    () => enabled,
  );
}

/** Reports whether the event belongs to a field or an editor. */
export function inField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest('input, textarea, select, [contenteditable="true"]') !== null;
}

function underDialog(target: EventTarget | null): boolean {
  const open = document.querySelector('[role="dialog"][aria-modal="true"]');
  return open !== null && !(target instanceof Node && open.contains(target) && open.hasAttribute('data-keys'));
}

export type Bindings = Record<string, (e: KeyboardEvent) => void>;

/**
 * Binds single keys ("j", "?", "[", "Enter") and sequences ("g b") while the component is mounted. "mod+k" is Ctrl or Cmd and
 * works in fields too, and when single keys are off.
 */
export function useKeys(bindings: Bindings): void {
  const ref = useRef(bindings);
  useEffect(() => {
    ref.current = bindings;
  });
  useEffect(() => {
    let prefix = '';
    let prefixAt = 0;
    const onKey = (e: KeyboardEvent) => {
      const b = ref.current;
      const name = e.key.length === 1 ? e.key.toLowerCase() : e.key;
      if ((e.ctrlKey || e.metaKey) && !e.altKey) {
        const bound = b[`mod+${name}`];
        if (bound) {
          e.preventDefault();
          bound(e);
        }
        return;
      }
      if (!enabled || e.altKey || e.defaultPrevented || inField(e.target) || underDialog(e.target)) return;
      const sequence = prefix !== '' && e.timeStamp - prefixAt < 1500 ? `${prefix} ${name}` : '';
      prefix = name === 'g' ? 'g' : '';
      prefixAt = e.timeStamp;
      const bound = (sequence !== '' ? b[sequence] : undefined) ?? b[name];
      if (bound) {
        bound(e);
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}
