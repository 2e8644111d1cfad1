import { Button } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useMemo } from 'react';
import { userBoardQuery, type UserBoard } from '../../api/boards';
import { policiesQuery } from '../../api/govern';
import { useMay } from '../../api/status';
import { Icon } from '../../components/Icon';
import { Pick } from '../../components/Pick';
import { Segments } from '../../components/Segments';
import { Empty, Failure, Loading, NotForRole } from '../../components/States';
import { useKeys } from '../../keys/keys';
import { exact } from '../../time/format';
import { fixedRange, resolveRange, shiftRange } from '../../time/range';
import { useSoon } from '../../time/useNow';
import { useZone } from '../../time/zone';
import { autoStep } from '../explore/plan';
import css from './Boards.module.css';
import { Panel } from './Panel';
import { varsOf } from './search';

const Editor = lazy(() => import('./Editor').then((m) => ({ default: m.Editor })));
const ranges = ['1h', '6h', '24h', '7d', '28d'] as const;

/** What one team looks at together. */
export function UserBoardPage() {
  const { name } = useParams({ from: '/shell/boards/$name' });
  const search = useSearch({ from: '/shell/boards/$name' });
  const navigate = useNavigate({ from: '/boards/$name' });
  const vars = useMemo(() => varsOf(search), [search]);
  const board = useQuery({ ...userBoardQuery(name, vars), enabled: search.edit !== 'new' });
  const may = useMay('propose');
  const set = (patch: Record<string, string | undefined>) =>
    void navigate({ search: (old) => ({ ...old, ...patch }), replace: true, resetScroll: false });
  const wanted = search.range ?? '24h';
  const length = useMemo(() => {
    const r = resolveRange(wanted, 0);
    return r.to - r.from;
  }, [wanted]);
  const now = useSoon(Math.max(autoStep(length), 15_000));
  const range = useMemo(() => resolveRange(wanted, now), [wanted, now]);
  if (search.edit && may === false) {
    return (
      <>
        <title>{`${name} · signalbox`}</title>
        <h1>{board.data?.title ?? name}</h1>
        <NotForRole what="Editing a board" />
      </>
    );
  }
  if (search.edit) {
    return (
      <Suspense fallback={<Loading what="the editor" rows={2} height={140} />}>
        <title>{`Edit ${board.data?.title ?? search.title ?? name} · signalbox`}</title>
        <Editor
          key={name}
          name={name}
          title={board.data?.title ?? search.title ?? name}
          fresh={search.edit === 'new'}
          board={board.data}
          span={range}
          onDone={() => set({ edit: undefined, title: undefined })}
        />
      </Suspense>
    );
  }
  return (
    <>
      <title>{`${board.data?.title ?? name} · signalbox`}</title>
      {board.data ? (
        <View board={board.data} range={range} wanted={wanted} now={now} set={set} />
      ) : (
        <>
          <h1 className={css.loading}>{name}</h1>
          {board.isError ? (
            <Failure error={board.error} what="This board" retry={() => void board.refetch()} />
          ) : (
            <Loading what="the board" rows={2} height={200} />
          )}
          {board.isError ? (
            <p className={css.back}>
              <Link to="/boards">All boards</Link>
            </p>
          ) : null}
        </>
      )}
    </>
  );
}

function View({
  board,
  range,
  wanted,
  now,
  set,
}: {
  board: UserBoard;
  range: { from: number; to: number; live: boolean };
  wanted: string;
  now: number;
  set: (patch: Record<string, string | undefined>) => void;
}) {
  const zone = useZone();
  const navigate = useNavigate();
  const propose = useMay('propose') ?? false;
  // Who sees only a part may read a board whose document is not theirs to read.
  const known = useQuery({ ...policiesQuery, enabled: propose }).data;
  const may = propose && (known?.some((p) => p.kind === 'Board' && p.name === board.name) ?? false);
  useKeys({
    d: () => set({ range: undefined }),
    w: () => set({ range: '7d' }),
    m: () => set({ range: '28d' }),
    '[': () => set({ range: shiftRange(range, -1, now) }),
    ']': () => set({ range: shiftRange(range, 1, now) }),
    e: () => (may ? set({ edit: 'on' }) : undefined),
    Escape: () => void navigate({ to: '/boards' }),
  });
  return (
    <>
      <header className={css.head}>
        <div>
          <h1>{board.title}</h1>
          {board.description ? <p className="muted">{board.description}</p> : null}
          <p className="fine">
            {board.owner || 'Nobody owns it'} ·{' '}
            <Link to="/policy/$kind/$name" params={{ kind: 'Board', name: board.name }}>
              Who changed it
            </Link>
          </p>
        </div>
        {may ? (
          <Button leftSection={<Icon name="pencil" />} aria-keyshortcuts="e" onClick={() => set({ edit: 'on' })}>
            Edit
          </Button>
        ) : null}
      </header>
      <div className={`${css.bar} no-print`}>
        {board.variables.map((v) => (
          <Pick
            key={v.name}
            label={v.label}
            value={v.value === '' ? '*' : v.value}
            options={[{ value: '*', label: 'all' }, ...v.values.map((x) => ({ value: x, label: x }))]}
            onChange={(x) => set({ [`var.${v.name}`]: x })}
          />
        ))}
        <Segments
          label="Range"
          items={ranges.map((r) => ({ value: r, label: r.replace(/(\d+)/, '$1\u2009'), pressed: wanted === r }))}
          onPick={(r) => set({ range: r === '24h' ? undefined : r })}
        />
        {range.live ? null : (
          <span className="small muted">
            {exact(range.from, zone)} to {exact(range.to, zone)}{' '}
            <button type="button" className={css.link} onClick={() => set({ range: undefined })}>
              Back to now
            </button>
          </span>
        )}
      </div>
      {board.panels.length === 0 ? (
        <Empty title="This board has no panel">
          <p>Edit it to put KPIs, queries or text on it.</p>
        </Empty>
      ) : (
        <div className={css.grid}>
          <h2 className="vh">Panels</h2>
          {board.panels.map((p, i) => (
            <div key={i} className={css.cell} data-width={p.width}>
              <Panel panel={p} span={range} onZoom={(a, b) => set({ range: fixedRange(a, b) })} />
            </div>
          ))}
        </div>
      )}
    </>
  );
}
