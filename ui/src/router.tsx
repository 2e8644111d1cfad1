import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
  type RouterHistory,
} from '@tanstack/react-router';
import { boardQuery } from './api/board';
import { parseSearch, stringifySearch } from './api/search';
import { Shell } from './components/Shell';
import { Crash, Missing } from './components/States';
import { auditSearch } from './pages/audit/search';
import { BoardPage } from './pages/board/BoardPage';
import { boardSearch } from './pages/board/search';
import { boardsSearch, userBoardSearch } from './pages/boards/search';
import { kpiSearch } from './pages/kpi/search';
import { alertsSearch } from './pages/alerts/search';
import { exploreSearch } from './pages/explore/search';
import { peopleSearch } from './pages/people/search';
import { editorSearch, policiesSearch, policySearch, proposalSearch, proposalsSearch } from './pages/policy/search';

type Context = { client: QueryClient };

const root = createRootRouteWithContext<Context>()({ component: Outlet, notFoundComponent: Missing });

const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell, notFoundComponent: Missing });

const board = createRoute({
  getParentRoute: () => shell,
  path: '/',
  validateSearch: boardSearch,
  // The board is asked for before its code is drawn; what goes wrong is the page's to show.
  loader: ({ context }) => void context.client.query({ ...boardQuery, staleTime: 'static' }).catch(() => undefined),
  component: BoardPage,
});

const kpi = createRoute({
  getParentRoute: () => shell,
  path: '/kpi/$name',
  validateSearch: kpiSearch,
  component: lazyRouteComponent(() => import('./pages/kpi/KpiPage'), 'KpiPage'),
});

const alerts = createRoute({
  getParentRoute: () => shell,
  path: '/alerts',
  validateSearch: alertsSearch,
  component: lazyRouteComponent(() => import('./pages/alerts/AlertsPage'), 'AlertsPage'),
});

const explore = createRoute({
  getParentRoute: () => shell,
  path: '/explore/metrics',
  validateSearch: exploreSearch,
  component: lazyRouteComponent(() => import('./pages/explore/ExplorePage'), 'ExplorePage'),
});

// Logs, traces, services and errors read their own part of the address: their code, and so what they know of it, comes later.
const asIs = (raw: Record<string, unknown>) => raw as Record<string, string | string[] | undefined>;
const signals = lazyRouteComponent(() => import('./pages/explore/Signals'), 'Signals');

const explored = createRoute({
  getParentRoute: () => shell,
  path: '/explore/$view',
  validateSearch: asIs,
  component: signals,
});

const exploredOne = createRoute({
  getParentRoute: () => shell,
  path: '/explore/$view/$id',
  validateSearch: asIs,
  component: signals,
});

const exploreShort = createRoute({
  getParentRoute: () => shell,
  path: '/explore',
  beforeLoad: () => {
    throw redirect({ to: '/explore/metrics' });
  },
});

const usage = createRoute({
  getParentRoute: () => shell,
  path: '/usage/$view',
  validateSearch: asIs,
  component: lazyRouteComponent(() => import('./pages/usage/UsagePage'), 'UsagePage'),
});

const usageShort = createRoute({
  getParentRoute: () => shell,
  path: '/usage',
  beforeLoad: () => {
    throw redirect({ to: '/usage/$view', params: { view: 'engagement' } });
  },
});

const privacy = createRoute({
  getParentRoute: () => shell,
  path: '/privacy',
  validateSearch: asIs,
  component: lazyRouteComponent(() => import('./pages/privacy/PrivacyPage'), 'PrivacyPage'),
});

const sources = createRoute({
  getParentRoute: () => shell,
  path: '/sources',
  validateSearch: asIs,
  component: lazyRouteComponent(() => import('./pages/sources/SourcesPage'), 'SourcesPage'),
});

const welcome = createRoute({
  getParentRoute: () => shell,
  path: '/welcome',
  component: lazyRouteComponent(() => import('./pages/welcome/WelcomePage'), 'WelcomePage'),
});

const demo = createRoute({
  getParentRoute: () => shell,
  path: '/demo',
  validateSearch: (s: Record<string, unknown>): { mail?: string } =>
    typeof s.mail === 'string' && s.mail !== '' ? { mail: s.mail } : {},
  component: lazyRouteComponent(() => import('./pages/demo/DemoPage'), 'DemoPage'),
});

const audit = createRoute({
  getParentRoute: () => shell,
  path: '/audit',
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import('./pages/audit/AuditPage'), 'AuditPage'),
});

const people = createRoute({
  getParentRoute: () => shell,
  path: '/people',
  validateSearch: peopleSearch,
  component: lazyRouteComponent(() => import('./pages/people/PeoplePage'), 'PeoplePage'),
});

const account = createRoute({
  getParentRoute: () => shell,
  path: '/account',
  component: lazyRouteComponent(() => import('./pages/account/AccountPage'), 'AccountPage'),
});

const boards = createRoute({
  getParentRoute: () => shell,
  path: '/boards',
  validateSearch: boardsSearch,
  component: lazyRouteComponent(() => import('./pages/boards/BoardsPage'), 'BoardsPage'),
});

const userBoard = createRoute({
  getParentRoute: () => shell,
  path: '/boards/$name',
  validateSearch: userBoardSearch,
  component: lazyRouteComponent(() => import('./pages/boards/UserBoardPage'), 'UserBoardPage'),
});

const wall = createRoute({
  getParentRoute: () => root,
  path: '/wall',
  component: lazyRouteComponent(() => import('./pages/wall/WallPage'), 'WallPage'),
});

const policies = createRoute({
  getParentRoute: () => shell,
  path: '/policy',
  validateSearch: policiesSearch,
  component: lazyRouteComponent(() => import('./pages/policy/PoliciesPage'), 'PoliciesPage'),
});

const proposals = createRoute({
  getParentRoute: () => shell,
  path: '/policy/proposals',
  validateSearch: proposalsSearch,
  component: lazyRouteComponent(() => import('./pages/policy/ProposalsPage'), 'ProposalsPage'),
});

const proposal = createRoute({
  getParentRoute: () => shell,
  path: '/policy/proposals/$id',
  validateSearch: proposalSearch,
  component: lazyRouteComponent(() => import('./pages/policy/ProposalPage'), 'ProposalPage'),
});

const calendar = createRoute({
  getParentRoute: () => shell,
  path: '/policy/calendar',
  component: lazyRouteComponent(() => import('./pages/policy/CalendarPage'), 'CalendarPage'),
});

const policyNew = createRoute({
  getParentRoute: () => shell,
  path: '/policy/new',
  validateSearch: editorSearch,
  component: lazyRouteComponent(() => import('./pages/policy/EditorPage'), 'NewPolicyPage'),
});

const policyEdit = createRoute({
  getParentRoute: () => shell,
  path: '/policy/$kind/$name/edit',
  validateSearch: editorSearch,
  component: lazyRouteComponent(() => import('./pages/policy/EditorPage'), 'EditPolicyPage'),
});

const policy = createRoute({
  getParentRoute: () => shell,
  path: '/policy/$kind/$name',
  validateSearch: policySearch,
  component: lazyRouteComponent(() => import('./pages/policy/PolicyPage'), 'PolicyPage'),
});

const governance = [policies, proposals, proposal, calendar, policyNew, policyEdit, policy] as const;

const tree = root.addChildren([
  shell.addChildren([
    board,
    kpi,
    alerts,
    explore,
    exploreShort,
    explored,
    exploredOne,
    usage,
    usageShort,
    privacy,
    sources,
    welcome,
    demo,
    audit,
    people,
    account,
    boards,
    userBoard,
    ...governance,
  ]),
  wall,
]);

/** The router with every page of this release. */
export function makeRouter(client: QueryClient, history?: RouterHistory) {
  return createRouter({
    ...(history ? { history } : {}),
    routeTree: tree,
    context: { client },
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
    scrollRestoration: true,
    defaultErrorComponent: Crash,
    defaultNotFoundComponent: Missing,
  });
}

declare module '@tanstack/react-router' {
  // The router asks for an interface, which it merges.
  // eslint-disable-next-line @typescript-eslint/consistent-type-definitions
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
