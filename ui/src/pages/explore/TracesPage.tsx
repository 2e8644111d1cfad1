import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Button } from '../../components/kit';
import { ApiError } from '../../api/client';
import { tracesQuery, type TraceSummary } from '../../api/traces';
import { Empty, Failure, Loading } from '../../components/States';
import { plain } from '../../format/number';
import { useKeys } from '../../keys/keys';
import { exact } from '../../time/format';
import { useZone } from '../../time/zone';
import { boundTo, bracketsOf, isBoundTo } from './durations';
import { Facets } from './Facets';
import { Frame } from './Frame';
import { Go } from './Go';
import { LevelMark } from './LevelMark';
import { moveLine } from './Lines';
import css from './Logs.module.css';
import own from './Traces.module.css';
import { Over } from './Over';
import { RangeBar } from './RangeBar';
import { lineInstant, lineTime, seconds } from './rowFields';
import { SearchBox } from './SearchBox';
import { useSignalState } from './state';
import { useAsked } from './useAsked';
import { usual } from './usual';

const first = 100;
const most = 500;

/** Which requests were slow or failed, and where did they go? */
export function TracesPage() {
  const { search, set } = useSignalState();
  const zone = useZone();
  const period = useAsked(search.q, search.range, set);
  const { asked, range } = period;
  const limit = search.sort === 'all' ? most : first;
  const found = useQuery(tracesQuery(asked, limit));
  const onSearch = (q: string) => {
    period.refresh();
    set({ q: q || undefined }, true);
  };
  useKeys({
    j: () => moveLine(1),
    k: () => moveLine(-1),
    t: () => set({ view: search.view === 'table' ? undefined : 'table' }),
    Escape: () => set({ q: undefined }),
  });
  const brackets = useMemo(() => bracketsOf(found.data?.traces ?? []), [found.data]);
  const tallest = Math.max(1, ...brackets.map((b) => b.count));
  const wrong = found.error instanceof ApiError && (found.error.status === 422 || found.error.status === 400);
  return (
    <>
      <title>Explore traces · signalbox</title>
      <Frame view="traces" title="Explore traces" range={search.range} />
      <div className={css.ask}>
        <SearchBox
          table="spans"
          asked={asked}
          value={search.q}
          label="Search the traces"
          placeholder={usual.spans.placeholder}
          examples={usual.spans.examples}
          usual={usual.spans.facets}
          error={found.error}
          onRun={onSearch}
        />
        <div className={`${css.tools} no-print`}>
          <RangeBar value={search.range} period={period} />
        </div>
      </div>
      <Over
        table="spans"
        asked={asked}
        by="status"
        unit="spans"
        asTable={search.view === 'table'}
        onView={(v) => set({ view: v === 'table' ? 'table' : undefined })}
        onNarrow={period.narrow}
      />
      <div className={css.columns}>
        {wrong ? (
          <span />
        ) : (
          <Facets
            table="spans"
            asked={asked}
            fields={usual.spans.facets}
            extra={search.facets}
            onSearch={onSearch}
            onExtra={(f) => set({ facet: f })}
          />
        )}
        <section className="panel" aria-label="Traces" aria-busy={found.isPlaceholderData}>
          {found.data ? (
            found.data.traces.length === 0 ? (
              <Empty
                title={search.q === '' ? 'No traces in this range' : 'No traces match'}
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
              <>
                <div className="panel-head">
                  <p className={css.count} role="status">
                    {found.data.cut
                      ? `The newest ${found.data.traces.length} traces`
                      : `${found.data.traces.length} ${found.data.traces.length === 1 ? 'trace' : 'traces'}`}
                  </p>
                  <span className="small muted">How long they took; choose a bracket to see only those</span>
                </div>
                <ul className={own.brackets} aria-label="Durations">
                  {brackets.map((b) => (
                    <li key={b.from}>
                      <button
                        type="button"
                        aria-pressed={isBoundTo(search.q, b)}
                        onClick={() => onSearch(boundTo(search.q, b))}
                      >
                        <b>{b.count}</b>
                        <span className="vh"> took {b.label}</span>
                        <span className={own.stick} style={{ height: `${(b.count / tallest) * 1.75}rem` }} />
                        <span aria-hidden="true">
                          {b.to === Infinity ? `${seconds(b.from)} +` : `< ${seconds(b.to)}`}
                        </span>
                      </button>
                    </li>
                  ))}
                </ul>
                <List traces={found.data.traces} />
                <div className={`${css.tools} no-print`}>
                  {found.data.cut && limit < most ? (
                    <Button onClick={() => set({ sort: 'all' })}>Up to {most}</Button>
                  ) : null}
                  <span className="small muted">
                    As of {exact(period.at, zone)}. {found.data.notes.join(' ')}
                  </span>
                </div>
              </>
            )
          ) : wrong ? (
            <p className="muted">The search has a mistake; it is marked in the box.</p>
          ) : found.isError ? (
            <Failure error={found.error} what="The traces" retry={() => void found.refetch()} />
          ) : (
            <Loading what="the traces" rows={1} height={320} />
          )}
        </section>
      </div>
    </>
  );
}

function List({ traces }: { traces: readonly TraceSummary[] }) {
  const zone = useZone();
  const longest = Math.max(1e-9, ...traces.map((t) => t.duration));
  return (
    <table className={`table ${own.traces}`} aria-label="Traces, newest first">
      <thead>
        <tr>
          <th scope="col">Began with</th>
          <th scope="col">At</th>
          <th scope="col" className="r">
            Services
          </th>
          <th scope="col" className="r">
            Spans
          </th>
          <th scope="col">Errors</th>
          <th scope="col">Duration</th>
        </tr>
      </thead>
      <tbody>
        {traces.map((t) => (
          <tr key={t.trace_id}>
            <th scope="row">
              <Go place={{ view: 'traces', id: t.trace_id }} className={own.root ?? ''} title={t.services.join(', ')}>
                <span data-line={t.trace_id}>{t.service || (t.services[0] ?? 'A trace')}</span>{' '}
                {t.root || 'its beginning has not arrived'}
              </Go>
            </th>
            <td title={lineInstant(t.start / 1000, zone)}>{lineTime(t.start / 1000, zone)}</td>
            <td className="r" data-unit="services">
              {t.services.length}
            </td>
            <td className="r" data-unit="spans">
              {plain(t.spans)}
            </td>
            <td>
              {t.errors > 0 ? (
                <LevelMark value="error" word={`${t.errors} failed`} />
              ) : (
                <span className="muted">none</span>
              )}
            </td>
            <td className={own.long}>
              <span className={own.bar}>
                <span>
                  <i style={{ width: `${(t.duration / longest) * 100}%` }} />
                </span>
                <span>{seconds(t.duration)}</span>
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
