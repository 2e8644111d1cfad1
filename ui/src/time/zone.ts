import { useSyncExternalStore } from 'react';

// The reader's zone is a preference, not state of a view: a link shows the same instants to everybody, each in their zone.

export type Zone = 'UTC' | 'local';
const key = 'signalbox.zone';
const listeners = new Set<() => void>();

function read(): Zone {
  try {
    return localStorage.getItem(key) === 'local' ? 'local' : 'UTC';
  } catch {
    return 'UTC';
  }
}

let zone: Zone = read();

/** The zone in force. */
export function currentZone(): Zone {
  return zone;
}

/** Changes the zone for this browser and tells everything that shows a time. */
export function setZone(z: Zone): void {
  zone = z;
  try {
    localStorage.setItem(key, z);
  } catch {
    // A browser that refuses storage still shows the zone until it is closed.
  }
  for (const l of listeners) l();
}

/** The zone as React state. */
export function useZone(): Zone {
  return useSyncExternalStore(
    (l) => {
      listeners.add(l);
      return () => listeners.delete(l);
    },
    () => zone,
  );
}

/** The zone's name as people read it: UTC, or the browser's offset such as UTC+2. */
export function zoneName(z: Zone, at: Date = new Date()): string {
  if (z === 'UTC') return 'UTC';
  const minutes = -at.getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const sign = minutes > 0 ? '+' : '−';
  const abs = Math.abs(minutes);
  const rest = abs % 60;
  return `UTC${sign}${Math.floor(abs / 60)}${rest ? ':' + String(rest).padStart(2, '0') : ''}`;
}
