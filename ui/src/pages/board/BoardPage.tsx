import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { memo, useDeferredValue, useMemo } from 'react';
import { boardQuery } from '../../api/board';
import type { Board, Counts } from '../../api/types';
import { Icon } from '../../components/Icon';
import { Empty, Failure, Loading } from '../../components/States';
import { useKeys } from '../../keys/keys';
import { LightShape } from '../../light/Light';
import { states, wordOf, type StateName } from '../../light/light';
import { arrange, type TileGroup } from './arrange';
import css from './Board.module.css';
import type { BoardSearch } from './search';
import { Side } from './Side';
import { Tile } from './Tile';
import { Toolbar } from './Toolbar';
import { useGrowing } from './useGrowing';

/** Are we keeping our promises now? */
export function BoardPage() {
  const board = useQuery(boardQuery);
  if (board.data) return <BoardView board={board.data} />;
  return (
    <>
      <title>Board · signalbox</title>
      <h1 className={board.isError ? '' : 'vh'}>Board</h1>
      {board.isError ? (
        <Failure error={board.error} what="The board" retry={() => void board.refetch()} />
      ) : (
        <Loading what="the board" rows={4} height={180} />
      )}
    </>
  );
}

function BoardView({ board }: { board: Board }) {
  const search = useSearch({ from: '/shell/' });
  const navigate = useNavigate({ from: '/' });
  const set = (patch: Partial<Record<keyof BoardSearch, BoardSearch[keyof BoardSearch]>>) =>
    void navigate({ search: (old) => ({ ...old, ...patch }), replace: true, resetScroll: false });
  const filter = useDeferredValue(search);
  const groups = useMemo(() => arrange(board.tiles, filter), [board.tiles, filter]);
  const shown = groups.reduce((n, g) => n + g.tiles.length, 0);
  const drawn = useGrowing(shown);
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: (e) => {
      if (document.activeElement?.closest('[data-tile]')) {
        e.preventDefault();
        step(1);
      }
    },
    ArrowUp: (e) => {
      if (document.activeElement?.closest('[data-tile]')) {
        e.preventDefault();
        step(-1);
      }
    },
    Escape: () => void navigate({ search: search.group ? { group: search.group } : {}, replace: true }),
  });
  /** Follows a tile's plain link within the page; what opens another tab is the browser's. */
  const openTile = (e: React.MouseEvent) => {
    const name = e.target instanceof Element ? e.target.closest<HTMLElement>('a[data-kpi]')?.dataset.kpi : undefined;
    if (name === undefined || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
    e.preventDefault();
    void navigate({ to: '/kpi/$name', params: { name } });
  };
  if (board.total === 0) return <NoKPIs />;
  return (
    <>
      <title>{`${titleMark(board)}Board · signalbox`}</title>
      <header className={css.head}>
        <h1>{board.verdict.sentence}</h1>
        <div className={css.under}>
          <p className={css.detail}>{board.verdict.detail}</p>
          <CountFilters counts={board.counts} active={search.state} onPick={(state) => set({ state })} />
        </div>
      </header>
      <Toolbar board={board} search={search} set={set} shown={shown} />
      <div className={css.columns}>
        <div className={css.groups} onClick={openTile}>
          {groups.map((g, i) => (
            <GroupSection
              key={g.name}
              group={g}
              drawn={Math.max(0, drawn - groups.slice(0, i).reduce((n, x) => n + x.tiles.length, 0))}
            />
          ))}
          {shown === 0 ? (
            <Empty
              title="No KPI passes these filters"
              action={
                <Link to="/" search={search.group ? { group: search.group } : {}}>
                  Clear the filters
                </Link>
              }
            >
              {board.total} KPIs are on the board.
            </Empty>
          ) : null}
        </div>
        <Side board={board} />
      </div>
    </>
  );
}

function titleMark(b: Board): string {
  if (b.counts.red > 0) return `${b.counts.red} breached · `;
  return b.counts.yellow > 0 ? `${b.counts.yellow} at risk · ` : '';
}

/** Moves the focus to the next or previous tile. */
function step(by: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLElement>('[data-tile] h3 a')];
  if (links.length === 0) return;
  const at = links.findIndex((l) => l === document.activeElement);
  const next = at === -1 ? (by === 1 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + by));
  links[next]?.focus({ preventScroll: true });
  links[next]?.closest('[data-tile]')?.scrollIntoView({ block: 'nearest' });
}

function CountFilters({
  counts,
  active,
  onPick,
}: {
  counts: Counts;
  active: StateName | undefined;
  onPick: (s: StateName | undefined) => void;
}) {
  return (
    <ul className={css.counts} aria-label="Filter by state">
      {states.map((s) => (
        <li key={s}>
          <button
            type="button"
            className={css.count}
            aria-pressed={active === s}
            data-zero={counts[s] === 0 || undefined}
            onClick={() => onPick(active === s ? undefined : s)}
          >
            <LightShape state={s} size={20} />
            <strong>{counts[s]}</strong>
            <span>{wordOf(s)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

const GroupSection = memo(function GroupSection({ group, drawn }: { group: TileGroup; drawn: number }) {
  return (
    <section className={css.group} aria-label={group.name}>
      <div className={css.groupHead}>
        <LightShape state={group.state} size={20} title={wordOf(group.state)} />
        <h2>{group.name}</h2>
        <span className="muted small">
          {group.onTarget} of {group.tiles.length} on target
        </span>
      </div>
      <div className={css.grid}>
        {group.tiles.slice(0, drawn).map((t) => (
          <Tile key={t.name} kpi={t} />
        ))}
      </div>
    </section>
  );
});

function NoKPIs() {
  return (
    <>
      <title>Board · signalbox</title>
      <header className={css.head}>
        <h1>Nothing is promised yet</h1>
      </header>
      <Empty
        title="The board shows every KPI with its promise, its light and the reason"
        action={
          <Link to="/welcome" className={css.action}>
            <Icon name="play" />
            Get to a first number
          </Link>
        }
      >
        <p>No KPI is defined. A KPI is a few lines in a policy file: what is counted, what is promised, who owns it.</p>
      </Empty>
    </>
  );
}
