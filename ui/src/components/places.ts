import { useQuery } from '@tanstack/react-query';
import { meQuery, useStatus } from '../api/status';
import type { IconName } from './Icon';

// The pages that the rail and the way to a page name.

/** A place in the rail; `needs` is the action without which it is not offered. */
export type Page = { to: string; name: string; icon: IconName; prefix: string; needs?: string };

export const pages: Page[] = [
  { to: '/', name: 'Board', icon: 'board', prefix: '/kpi' },
  { to: '/alerts', name: 'Alerts', icon: 'bell', prefix: '/alerts' },
  { to: '/usage', name: 'Usage', icon: 'usage', prefix: '/usage', needs: 'read_signals' },
  { to: '/explore/metrics', name: 'Explore', icon: 'explore', prefix: '/explore', needs: 'read_signals' },
  { to: '/sources', name: 'Sources', icon: 'sources', prefix: '/sources', needs: 'read_signals' },
  { to: '/boards', name: 'Boards', icon: 'layout', prefix: '/boards' },
];

export const governance: Page[] = [
  { to: '/policy', name: 'Policies', icon: 'policy', prefix: '/policy' },
  { to: '/audit', name: 'Audit trail', icon: 'history', prefix: '/audit', needs: 'read_audit' },
  { to: '/privacy', name: 'Privacy', icon: 'shield', prefix: '/privacy', needs: 'read_privacy' },
  { to: '/people', name: 'People', icon: 'people', prefix: '/people', needs: 'read_people' },
];

/** Pages that the rail does not list. */
export const loose: Record<string, string> = { '/welcome': 'First run', '/account': 'Account' };

/** Pages on which a change is written. */
export const editing = /^\/policy\/(new|[^/]+\/[^/]+\/edit)$/;

/** How many places the phone's bar has beside "More". */
export const onPhone = 4;

export const demoPage: Page = { to: '/demo', name: 'Demo', icon: 'flask', prefix: '/demo' };

/** The places that this person may go to. */
export function usePlaces(): { main: Page[]; governance: Page[] } {
  const demo = useStatus()?.demo ?? false;
  const me = useQuery(meQuery).data;
  const open = (p: Page) => !p.needs || !me || me.actions.includes(p.needs);
  return { main: (demo ? [...pages, demoPage] : pages).filter(open), governance: governance.filter(open) };
}

/** Whether an address belongs to a place. */
export function isActive(p: Page, path: string): boolean {
  if (p.to === '/') return path === '/' || path.startsWith(p.prefix);
  return path === p.prefix || path.startsWith(`${p.prefix}/`);
}
