import { one } from '../../api/search';
import type { Source } from '../../api/types';

// What arrives, told apart by signal.

export const signals = [
  { value: 'metrics', name: 'Metrics', unit: 'samples', key: '' },
  { value: 'logs', name: 'Logs', unit: 'lines', key: 'logs' },
  { value: 'traces', name: 'Traces', unit: 'spans', key: 'spans' },
  { value: 'events', name: 'Events', unit: 'events', key: 'events' },
] as const;
export type Signal = (typeof signals)[number]['value'];
export type SignalInfo = (typeof signals)[number];

/** The signal of the address; metrics unless told. */
export function signalOf(v: unknown): SignalInfo {
  const text = one(v);
  return signals.find((s) => s.value === text) ?? signals[0];
}

/** What a source sent of a signal since the start: samples, or rows. */
export function sent(s: Source, of: SignalInfo): number {
  return of.key === '' ? s.samples : (s.rows[of.key] ?? 0);
}

/** What was refused of a signal, by reason. */
export function refusedOf(s: Source, of: SignalInfo): [string, number][] {
  const by = s.refused_by_signal[of.key === '' ? 'metrics' : of.key] ?? {};
  return Object.entries(by).filter(([, n]) => n > 0);
}

/** The sources of a signal. */
export function sourcesOf(list: readonly Source[], of: SignalInfo): Source[] {
  const rows = (s: Source) => Object.values(s.rows).reduce((a, b) => a + b, 0);
  return list.filter((s) =>
    of.key === ''
      ? s.kind !== 'push' || s.samples > 0 || rows(s) === 0
      : sent(s, of) > 0 || refusedOf(s, of).length > 0,
  );
}

/** An answer of the server, and when it was given. */
export type Heard = { as_of: number; sources: readonly Source[] };

/** What comes a second of a signal, between the oldest and the newest answer; undefined while there is one only. */
export function rateOf(heard: readonly Heard[], id: string, of: SignalInfo): number | undefined {
  const first = heard[0];
  const last = heard.at(-1);
  const now = last?.sources.find((s) => s.id === id);
  if (!now) return undefined;
  // A scrape says what its newest one brought, not a sum.
  if (of.key === '' && now.kind !== 'push')
    return now.interval_ms > 0 ? now.samples / (now.interval_ms / 1000) : undefined;
  const was = first?.sources.find((s) => s.id === id);
  if (!first || !last || !was || last.as_of <= first.as_of) return undefined;
  const more = sent(now, of) - sent(was, of);
  return more < 0 ? undefined : more / ((last.as_of - first.as_of) / 1000);
}

/** All sources of a signal together; what is not known yet counts as nothing, nothing known as unknown. */
export function rateOfAll(heard: readonly Heard[], of: SignalInfo): number | undefined {
  const rates = sourcesOf(heard.at(-1)?.sources ?? [], of).map((s) => rateOf(heard, s.id, of));
  return rates.every((r) => r === undefined) ? undefined : rates.reduce<number>((a, r) => a + (r ?? 0), 0);
}
