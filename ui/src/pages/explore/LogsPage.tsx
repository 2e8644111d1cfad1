import { Button } from '../../components/kit';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { lazy, Suspense, useMemo, useState } from 'react';
import { ApiError } from '../../api/client';
import { countQuery, rowsQuery, type Row } from '../../api/rows';
import { Icon } from '../../components/Icon';
import { Segments } from '../../components/Segments';
import { Empty, Failure, Loading } from '../../components/States';
import { plain } from '../../format/number';
import { useKeys } from '../../keys/keys';
import { exact } from '../../time/format';
import { useZone } from '../../time/zone';
import { useMay } from '../../api/status';
import { Detail } from './Detail';
import { Facets } from './Facets';
import { Frame } from './Frame';
import { parse } from './language';
import { focusedLine, Lines, moveLine } from './Lines';
import { LiveLines } from './LiveLines';
import css from './Logs.module.css';
import { Over } from './Over';
import { RangeBar } from './RangeBar';
import { keysOf } from './rowFields';
import { SearchBox } from './SearchBox';
import { selectorOf, wholeOf } from './selector';
import { useSignalState } from './state';
import { useAsked } from './useAsked';
import { usual } from './usual';
import { Columns } from './Columns';
import { Elsewhere } from './Elsewhere';
import { Download } from './Download';

const MakeKpi = lazy(() => import('./MakeKpi').then((m) => ({ default: m.MakeKpi })));

const nothing: Row[] = [];

/** What did the programs say, and what did people do? */
export function LogsPage() {
  const { search, set } = useSignalState();
  const navigate = useNavigate();
  const zone = useZone();
  const table = search.table;
  const own = usual[table];
  const period = useAsked(search.q, search.range, set);
  const { asked, range } = period;
  const list = useInfiniteQuery(rowsQuery(table, asked));
  const count = useQuery(countQuery(table, asked));
  const [making, setMaking] = useState(false);
  const [choosing, setChoosing] = useState(false);
  const propose = useMay('propose') ?? false;

  const rows = useMemo(() => list.data?.pages.flatMap((p) => p.rows) ?? nothing, [list.data]);
  const keys = useMemo(() => keysOf(rows), [rows]);
  const cols = search.cols.length > 0 ? search.cols : own.cols;
  const onSearch = (q: string) => {
    period.refresh();
    set({ q: q || undefined, row: undefined, around: undefined }, true);
  };
  const openRow = (key: string) => set({ row: key || undefined, around: undefined });
  const at = (key: string | undefined): Row | undefined => (key === undefined ? undefined : rows[keys.indexOf(key)]);
  const under = () => focusedLine() ?? (search.row || undefined);
  const toTable = () => set({ view: search.view === 'table' ? undefined : 'table' });

  useKeys({
    j: () => moveLine(1),
    k: () => moveLine(-1),
    c: () => {
      const key = under();
      if (table === 'logs' && at(key)?.service) {
        set({ row: key, around: search.around && key === search.row ? undefined : 'on' });
      }
    },
    t: () => {
      const row = at(under());
      if (row?.trace_id) {
        void navigate({
          to: '/explore/$view/$id',
          params: { view: 'traces', id: row.trace_id },
          search: row.span_id ? { span: row.span_id } : {},
        });
      } else toTable();
    },
    l: () => set({ live: search.live ? undefined : 'on' }),
    Escape: () => (search.row ? openRow('') : set({ q: undefined })),
  });

  const chosen = useMemo(() => selectorOf(table, parse(search.q).expr), [table, search.q]);
  const detail = (row: Row) => (
    <Detail
      row={row}
      q={search.q}
      around={search.around}
      onSearch={onSearch}
      {...(table === 'logs' ? { onAround: (on: boolean) => set({ around: on ? 'on' : undefined }) } : {})}
    />
  );
  const wrong = list.error instanceof ApiError && (list.error.status === 422 || list.error.status === 400);
  return (
    <>
      <title>{table === 'logs' ? 'Explore logs · signalbox' : 'Explore events · signalbox'}</title>
      <Frame view="logs" title={table === 'logs' ? 'Explore logs' : 'Explore events'} range={search.range} />
      <div className={css.ask}>
        <SearchBox
          key={table}
          table={table}
          asked={asked}
          value={search.q}
          label={table === 'logs' ? 'Search the logs' : 'Search the events'}
          placeholder={own.placeholder}
          examples={own.examples}
          usual={own.facets}
          error={list.error}
          onRun={onSearch}
        />
        <div className={`${css.tools} no-print`}>
          <Segments
            label="Table"
            items={[
              { value: 'logs', label: 'Logs', pressed: table === 'logs' },
              { value: 'events', label: 'Events', pressed: table === 'events' },
            ]}
            onPick={(v) =>
              set({ table: v === 'events' ? 'events' : undefined, row: undefined, col: undefined, facet: undefined })
            }
          />
          <RangeBar value={search.range} period={period} />
        </div>
      </div>
      <Over
        table={table}
        asked={asked}
        by={own.by}
        unit={own.unit}
        asTable={search.view === 'table'}
        onView={(v) => set({ view: v === 'table' ? 'table' : undefined })}
        onNarrow={period.narrow}
      />
      <div className={css.columns}>
        {wrong ? (
          <span />
        ) : (
          <Facets
            table={table}
            asked={asked}
            fields={own.facets}
            extra={search.facets}
            onSearch={onSearch}
            onExtra={(f) => set({ facet: f })}
          />
        )}
        <section className="panel" aria-label={own.unit === 'lines' ? 'Lines' : 'Events'}>
          <div className="panel-head">
            <p className={css.count} role="status">
              {count.data
                ? `${plain(count.data.count)} ${count.data.count === 1 ? own.unit.slice(0, -1) : own.unit}`
                : '\u00a0'}
              {count.data && count.data.rows < count.data.count ? (
                <span className="small muted"> (sampled: {plain(count.data.rows)} kept)</span>
              ) : null}
            </p>
            <div className={`${css.tools} no-print`}>
              <Button
                aria-pressed={search.live}
                aria-keyshortcuts="L"
                leftSection={<Icon name="play" size={13} />}
                onClick={() => set({ live: search.live ? undefined : 'on' })}
              >
                {search.live ? 'End the live tail' : 'Live tail'}
              </Button>
              <Button aria-pressed={search.wrap} onClick={() => set({ wrap: search.wrap ? undefined : 'on' })}>
                Wrap
              </Button>
              <Button
                aria-expanded={choosing}
                onClick={() => setChoosing(!choosing)}
                leftSection={<Icon name="table" size={14} />}
              >
                Columns
              </Button>
              <Download asked={asked} table={table} />
              {propose ? (
                <Button onClick={() => setMaking(true)} leftSection={<Icon name="policy" size={14} />}>
                  Make this a KPI
                </Button>
              ) : null}
            </div>
          </div>
          {choosing ? (
            <Columns
              table={table}
              asked={asked}
              cols={cols}
              onChange={(c) => set({ col: same(c, own.cols) ? undefined : c })}
            />
          ) : null}
          {search.live ? (
            <LiveLines
              table={table}
              q={search.q}
              cols={cols}
              wrap={search.wrap}
              unit={own.unit}
              open={search.row}
              onOpen={openRow}
            >
              {detail}
            </LiveLines>
          ) : wrong ? (
            <p className="muted">The search has a mistake; it is marked in the box.</p>
          ) : list.isError && rows.length === 0 ? (
            <Failure error={list.error} what={`The ${own.unit}`} retry={() => void list.refetch()} />
          ) : !list.data ? (
            <Loading what={`the ${own.unit}`} rows={1} height={320} />
          ) : (
            <>
              {search.row && !keys.includes(search.row) ? (
                <Elsewhere table={table} open={search.row} cols={cols} wrap={search.wrap} onOpen={openRow}>
                  {detail}
                </Elsewhere>
              ) : null}
              {rows.length === 0 ? (
                <Empty
                  title={search.q === '' ? `No ${own.unit} in this range` : `No ${own.unit} match`}
                  action={
                    search.q === '' ? (
                      <a href="/sources">Look at the sources</a>
                    ) : (
                      <Button onClick={() => onSearch('')}>Clear the search</Button>
                    )
                  }
                >
                  Between {exact(range.from, zone)} and {exact(range.to, zone)}. A longer range may have some.
                </Empty>
              ) : (
                <Lines
                  rows={rows}
                  cols={cols}
                  wrap={search.wrap}
                  open={search.row}
                  busy={list.isPlaceholderData}
                  label={table === 'logs' ? 'Log lines, newest first' : 'Events, newest first'}
                  onOpen={openRow}
                >
                  {detail}
                </Lines>
              )}
              <div className={`${css.tools} no-print`}>
                {list.hasNextPage ? (
                  <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                    100 older ones
                  </Button>
                ) : null}
                {rows.length > 0 ? (
                  <span className="small muted">
                    {plain(rows.length)} shown, as of {exact(period.at, zone)}
                  </span>
                ) : null}
              </div>
            </>
          )}
        </section>
      </div>
      {making ? (
        <Suspense fallback={null}>
          <MakeKpi
            title={
              search.q === ''
                ? `All ${own.unit}`
                : `${own.unit === 'lines' ? 'Log lines' : 'Events'}: ${search.q}`.slice(0, 80)
            }
            of={chosen.text}
            total={wholeOf(table, chosen)}
            what={own.unit}
            left={chosen.left}
            onClose={() => setMaking(false)}
          />
        </Suspense>
      ) : null}
    </>
  );
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.join('\n') === b.join('\n');
}
