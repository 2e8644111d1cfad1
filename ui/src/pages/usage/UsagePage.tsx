import { Button } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { activesQuery, type AppChoice } from '../../api/usage';
import { Icon } from '../../components/Icon';
import { Pick } from '../../components/Pick';
import { Segments } from '../../components/Segments';
import { Loading, Missing } from '../../components/States';
import { useKeys } from '../../keys/keys';
import { exact } from '../../time/format';
import { resolveRange } from '../../time/range';
import { useNow } from '../../time/useNow';
import { useZone } from '../../time/zone';
import frame from '../explore/Frame.module.css';
import { useTabInSight } from '../explore/useTabInSight';
import { SearchField } from './SearchField';
import { appOf, shared, useUsageState, views, type Patch, type UsageSearch, type View } from './state';
import css from './Usage.module.css';

/** What a view is given: what is asked, over which time, and how to change it. */
export type ViewProps = {
  search: UsageSearch;
  set: (patch: Patch, push?: boolean) => void;
  app: AppChoice;
  from: number;
  to: number;
  live: boolean;
};

const pages: Record<View, React.LazyExoticComponent<(p: ViewProps) => React.ReactNode>> = {
  engagement: lazy(() => import('./Engagement').then((m) => ({ default: m.Engagement }))),
  retention: lazy(() => import('./RetentionView').then((m) => ({ default: m.RetentionView }))),
  adoption: lazy(() => import('./AdoptionView').then((m) => ({ default: m.AdoptionView }))),
  funnel: lazy(() => import('./FunnelView').then((m) => ({ default: m.FunnelView }))),
  success: lazy(() => import('./SuccessView').then((m) => ({ default: m.SuccessView }))),
};
const about: Record<View, { tab: string; title: string; ranges: readonly string[]; range: string }> = {
  engagement: {
    tab: 'Engagement',
    title: 'How many use it, and how much?',
    ranges: ['4w', '12w', '26w', '52w'],
    range: '12w',
  },
  retention: { tab: 'Retention', title: 'Do people come back?', ranges: ['4w', '12w', '26w', '52w'], range: '12w' },
  adoption: { tab: 'Adoption', title: 'What do people use?', ranges: ['1w', '4w', '12w', '26w'], range: '4w' },
  funnel: { tab: 'Funnel', title: 'Where do people stop?', ranges: ['24h', '1w', '2w', '4w'], range: '1w' },
  success: {
    tab: 'Success',
    title: 'Do transactions succeed in time?',
    ranges: ['24h', '1w', '2w', '4w'],
    range: '1w',
  },
};

/** Do people use it, and come back? */
export function UsagePage() {
  const { view, raw, search, set } = useUsageState();
  const name = views.find((v) => v === view);
  const known = about[name ?? 'engagement'];
  const tabs = useTabInSight(name);
  // Standing numbers change by the minute at most; what is asked changes with it, not with every look.
  const now = useNow(300_000) + 300_000;
  const range = resolveRange(search.range || undefined, now, known.range);
  useKeys({
    t: () => set({ view: search.table ? undefined : 'table' }),
    Escape: () => set({ q: undefined, service: undefined, env: undefined, agency: undefined }),
  });
  if (!name) return <Missing />;
  const Page = pages[name];
  const app = appOf(search);
  const props: ViewProps = { search, set, app, from: range.from, to: range.live ? now : range.to, live: range.live };
  return (
    <>
      <title>{`${known.tab} · Usage · signalbox`}</title>
      <div className={frame.head}>
        <h1>{known.title}</h1>
        <nav ref={tabs} className={`${frame.tabs} no-print`} aria-label="Views of usage">
          {views.map((v) => (
            <Link
              key={v}
              to="/usage/$view"
              params={{ view: v }}
              search={shared(raw)}
              activeProps={{}}
              aria-current={v === name ? 'page' : undefined}
            >
              {about[v].tab}
            </Link>
          ))}
        </nav>
      </div>
      <Bar {...props} view={name} ranges={known.ranges} fallback={known.range} />
      <Suspense fallback={<Loading what="the view" rows={2} height={180} />}>
        <Page key={name} {...props} />
      </Suspense>
    </>
  );
}

function Bar({
  search,
  set,
  app,
  from,
  to,
  live,
  ranges,
  fallback,
  view,
}: ViewProps & { view: View; ranges: readonly string[]; fallback: string }) {
  const zone = useZone();
  const [asking, setAsking] = useState(false);
  const chosen = Object.keys(app).length > 0;
  return (
    <div className={`${css.bar} no-print`}>
      <Apps search={search} set={set} from={from} to={to} />
      <div className={css.search}>
        {asking || search.q !== '' ? (
          <>
            <SearchField
              label="Only events that match"
              hideLabel
              placeholder="Only events that match, such as route:/file"
              value={search.q}
              from={from}
              to={to}
              autoFocus={asking && search.q === ''}
              onChange={(q) => set({ q: q || undefined }, true)}
            />
            <button
              type="button"
              className={css.icon}
              aria-label="Take the search away"
              onClick={() => {
                setAsking(false);
                set({ q: undefined });
              }}
            >
              <Icon name="x" size={14} />
            </button>
          </>
        ) : (
          <Button leftSection={<Icon name="filter" size={14} />} onClick={() => setAsking(true)}>
            Search within
          </Button>
        )}
      </div>
      {chosen ? (
        <Button variant="subtle" onClick={() => set({ service: undefined, env: undefined, agency: undefined })}>
          All applications
        </Button>
      ) : null}
      <div className={css.range}>
        {live ? null : (
          <span className={frame.fixed}>
            {exact(from, zone)} to {exact(to, zone)}
            <button type="button" aria-label="Back to the newest" onClick={() => set({ range: undefined })}>
              <Icon name="x" size={13} />
            </button>
          </span>
        )}
        <Segments
          label="Range"
          items={ranges.map((r) => ({
            value: r,
            label: words(r),
            pressed: (search.range || fallback) === r,
          }))}
          onPick={(r) => set({ range: r === fallback ? undefined : r })}
        />
        {view === 'retention' ? null : (
          <Segments
            label="Show"
            items={[
              { value: 'chart', label: 'Charts', pressed: !search.table },
              { value: 'table', label: 'Tables', pressed: search.table, title: 'Tables (T)' },
            ]}
            onPick={(v) => set({ view: v === 'table' ? 'table' : undefined })}
          />
        )}
      </div>
    </div>
  );
}

function words(range: string): string {
  const n = range.slice(0, -1);
  return `${n}\u2009${range.endsWith('w') ? (n === '1' ? 'week' : 'weeks') : 'h'}`;
}

/** Which applications count: of those that were heard of. */
function Apps({ search, set, from, to }: ViewProps4) {
  const apps = useQuery(activesQuery({ from, to, period: 'month' })).data?.apps ?? [];
  const values = (k: 'service' | 'env' | 'agency') => [...new Set(apps.map((a) => a[k]))].filter(Boolean).sort();
  return (
    <>
      {(
        [
          ['service', 'Service'],
          ['env', 'Environment'],
          ['agency', 'Agency'],
        ] as const
      ).map(([k, label]) => {
        const list = values(k);
        const value = search[k] ?? '';
        if (list.length < 2 && value === '') return null;
        return (
          <Pick
            key={k}
            label={label}
            value={value}
            options={[{ value: '', label: 'all' }, ...list.map((v) => ({ value: v, label: v }))]}
            onChange={(v) => set({ [k]: v || undefined })}
          />
        );
      })}
    </>
  );
}

type ViewProps4 = { [K in 'search' | 'set' | 'from' | 'to']: ViewProps[K] };
