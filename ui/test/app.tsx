import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createMemoryHistory, RouterProvider } from '@tanstack/react-router';
import { render } from '@testing-library/react';
import { vi } from 'vitest';
import * as fx from '../dev/fixtures.mjs';
import { routes as boardRoutes } from '../dev/boards.mjs';
import { me, routes as peopleRoutes } from '../dev/people.mjs';
import { routes as signalRoutes } from '../dev/signals.mjs';
import { routes as usageRoutes } from '../dev/usage.mjs';
import { makeRouter } from '../src/router';
import { theme } from '../src/theme/theme';

export const now = Date.UTC(2026, 10, 21, 14, 31, 46);

type Answer = { status?: number; body: unknown };
export type Call = { method: string; path: string; query: URLSearchParams; body: unknown };

/** Answers what the page asks with the fixtures; what a test gives comes first. */
function answer(
  call: Call,
  story: 'incident' | 'calm' | 'empty',
  extra: Record<string, (c: Call) => Answer>,
  people: ReturnType<typeof peopleRoutes>,
  signals: ReturnType<typeof signalRoutes>,
  usage: ReturnType<typeof usageRoutes>,
): Answer {
  const list = fx.story(story);
  const own = extra[`${call.method} ${call.path}`];
  if (own) return own(call);
  const used = usage(call.method, call.path, call.query, call.body);
  if (used) return { status: used[0], body: used[1] };
  const kpi = /^\/kpis\/([^/]+)(?:\/(\w+))?$/.exec(call.path);
  if (kpi) {
    const d = list.find((x) => x.name === decodeURIComponent(kpi[1] ?? ''));
    if (!d) return { status: 404, body: { detail: `There is no KPI named "${kpi[1] ?? ''}".` } };
    const from = Number(call.query.get('from') ?? now - 86_400_000);
    const to = Number(call.query.get('to') ?? now);
    switch (kpi[2]) {
      case 'series':
        return { body: fx.series(d, now, from, to, Number(call.query.get('max') ?? 100)) };
      case 'groups':
        return { body: { from, to, groups: fx.failing(d) } };
      case 'budget':
        return { body: fx.burnDown(d, now) };
      case 'decisions':
        return { body: { decisions: fx.decisions(d, now) } };
      default:
        return { body: fx.views([d], now)[0] };
    }
  }
  const decision = /^\/decisions\/(.+)$/.exec(call.path);
  if (decision) return { body: list.flatMap((d) => fx.decisions(d, now)).find((d) => d.id === decision[1]) };
  switch (`${call.method} ${call.path}`) {
    case 'GET /board':
      return { body: fx.board(list, now, story) };
    case 'GET /alerts':
      return { body: fx.alerts(list, now) };
    case 'GET /sources':
      return { body: { as_of: now, summary: fx.sourcesSummary(now, story), sources: fx.sources(now, story) } };
    case 'GET /status':
      return {
        body: {
          version: 'test',
          demo: story !== 'empty',
          external_url: '',
          stores: [],
          warnings: [],
          config: { file: 'signalbox.yaml', loaded_at: now, error: '', restart: [] },
        },
      };
    case 'GET /me':
      return { body: me(now, { expires_at: 0, ends_at: 0 }) };
    case 'POST /silences/preview':
      return { body: { matches: 1, alerts: fx.alerts(list, now).active.slice(0, 1) } };
    default: {
      const [status, body] = people(call.method, call.path, call.query, call.body) ??
        signals(call.method, call.path, call.query) ??
        boardRoutes()(
          call.method,
          call.path,
          call.query,
          call.body,
          list.map((d) => d.name),
        ) ?? [404, { detail: `There is nothing at ${call.path}.` }];
      return { status, body };
    }
  }
}

/** The whole page at an address, on invented answers. Returns what was asked of the server. */
export function renderApp(
  address: string,
  opts: { story?: 'incident' | 'calm' | 'empty'; extra?: Record<string, (c: Call) => Answer> } = {},
) {
  const calls: Call[] = [];
  const people = peopleRoutes();
  const signals = signalRoutes();
  const usage = usageRoutes();
  vi.stubGlobal('fetch', async (input: Request): Promise<Response> => {
    const url = new URL(input.url);
    const text = await input.text();
    const call: Call = {
      method: input.method,
      path: url.pathname.replace('/api/signalbox/v1', ''),
      query: url.searchParams,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    };
    calls.push(call);
    const a = answer(call, opts.story ?? 'incident', opts.extra ?? {}, people, signals, usage);
    const status = a.status ?? 200;
    return new Response(status === 204 ? null : JSON.stringify(a.body), {
      status,
      headers: { 'Content-Type': 'application/json' },
    });
  });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false, networkMode: 'always' } } });
  const router = makeRouter(client, createMemoryHistory({ initialEntries: [address] }));
  const view = render(
    <MantineProvider theme={theme} env="test">
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>,
  );
  return { ...view, router, client, calls };
}
