import { one } from '../../api/search';

export type AlertsSearch = {
  /** Only what this receiver is told. */
  receiver?: string;
  /** "new" opens the form for a silence. */
  silence?: 'new';
};

/** Narrows the alerts page's part of the URL. */
export function alertsSearch(raw: Record<string, unknown>): AlertsSearch {
  const out: AlertsSearch = {};
  const receiver = one(raw.receiver);
  if (receiver) out.receiver = receiver;
  if (raw.silence === 'new') out.silence = 'new';
  return out;
}
