import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { servicesQuery, type MapEdge, type ServiceMap } from '../../api/traces';
import { Segments } from '../../components/Segments';
import { Empty, Failure, Loading } from '../../components/States';
import { useKeys } from '../../keys/keys';
import { exact } from '../../time/format';
import { useZone } from '../../time/zone';
import { errorWord, failing, graphEdge, graphNode, rateWord, tracesOf } from './flow';
import { Frame } from './Frame';
import { Go } from './Go';
import { LevelMark } from './LevelMark';
import { moveLine } from './Lines';
import css from './Logs.module.css';
import own from './Services.module.css';
import { RangeBar } from './RangeBar';
import { seconds } from './rowFields';
import { SearchBox } from './SearchBox';
import { ServiceGraph } from './ServiceGraph';
import { useSignalState } from './state';
import { useAsked } from './useAsked';
import { usual } from './usual';

const examples = ['env:prod', 'agency:IRS', 'service:intake'];

/** Who calls whom, how often, how well and how fast? */
export function ServicesPage() {
  const { search, set } = useSignalState();
  const period = useAsked(search.q, search.range, set);
  const map = useQuery(servicesQuery(period.asked));
  const asTable = search.view === 'table';
  const toTable = () => set({ view: asTable ? undefined : 'table' });
  useKeys({ t: toTable, j: () => moveLine(1), k: () => moveLine(-1), Escape: () => set({ q: undefined }) });
  return (
    <>
      <title>Service map · signalbox</title>
      <Frame view="services" title="Service map" range={search.range} />
      <div className={css.ask}>
        <SearchBox
          table="spans"
          asked={period.asked}
          value={search.q}
          label="Narrow the map"
          placeholder="Only calls that match: field:value. Empty shows all."
          examples={examples}
          usual={usual.spans.facets}
          error={map.error}
          onRun={(q) => {
            period.refresh();
            set({ q: q || undefined }, true);
          }}
        />
        <div className={`${css.tools} no-print`}>
          <RangeBar value={search.range} period={period} />
        </div>
      </div>
      {map.data ? (
        map.data.nodes.length === 0 ? (
          <Empty title="No calls in this range" action={<a href="/sources">Look at the sources</a>}>
            <p>The map is made of spans. Send traces by OTLP, or look at a longer range.</p>
          </Empty>
        ) : (
          <Both map={map.data} range={search.range} asTable={asTable} onView={toTable} busy={map.isPlaceholderData} />
        )
      ) : map.isError ? (
        <Failure error={map.error} what="The service map" retry={() => void map.refetch()} />
      ) : (
        <Loading what="the service map" rows={1} height={360} />
      )}
    </>
  );
}

function Both({
  map,
  range,
  asTable,
  onView,
  busy,
}: {
  map: ServiceMap;
  range: string;
  asTable: boolean;
  onView: () => void;
  busy: boolean;
}) {
  const zone = useZone();
  const nodes = useMemo(() => map.nodes.map((n) => graphNode(n, range)), [map, range]);
  const edges = useMemo(() => map.edges.map((e) => graphEdge(e, map.nodes, range)), [map, range]);
  const bad = map.edges.filter(failing).length;
  const sentence = `${map.nodes.length} services and what they call, ${map.edges.length} connections, ${
    bad === 0 ? 'none of them failing' : `${bad} with 1 % errors or more`
  }`;
  return (
    <section className="panel" aria-label="Service map" aria-busy={busy}>
      <div className="panel-head">
        <p className={css.count} role="status">
          {sentence}
        </p>
        <div className={own.desk}>
          <Segments
            label="Show as"
            items={[
              { value: 'map', label: 'Map', pressed: !asTable },
              { value: 'table', label: 'Table', pressed: asTable, title: 'Table (T)' },
            ]}
            onPick={onView}
          />
        </div>
      </div>
      <div className={own.both} data-table={asTable || undefined}>
        <div className={own.map}>
          <ServiceGraph nodes={nodes} edges={edges} sentence={`${sentence}. The table says the same.`} />
        </div>
        <div className={own.list}>
          <Connections map={map} range={range} />
        </div>
      </div>
      <p className="fine">
        {exact(map.from, zone)} to {exact(map.to, zone)}
        {map.standing ? ', from counts that are kept as spans arrive.' : ', counted from the spans.'} ◆ marks the share
        of calls that failed, from 1 % on; other figures are calls. A dashed box sends no spans of its own.{' '}
        {map.notes.join(' ')}
      </p>
    </section>
  );
}

function Connections({ map, range }: { map: ServiceMap; range: string }) {
  const name = (id: string) => map.nodes.find((n) => n.id === id)?.name ?? id;
  const worst = [...map.edges].sort((a, b) => (b.error_share ?? 0) - (a.error_share ?? 0) || b.rate - a.rate);
  const kind: Record<string, string> = { call: 'calls', message: 'sends to', query: 'queries' };
  const row = (e: MapEdge) => (
    <tr key={`${e.from} ${e.to} ${e.kind}`}>
      <th scope="row">
        <Go place={tracesOf(e, map.nodes, range)} title="Their traces">
          <span data-line={`${e.from} ${e.to}`}>
            {name(e.from)} {kind[e.kind] ?? 'to'} {name(e.to)}
          </span>
        </Go>
      </th>
      <td className="r">{rateWord(e.rate)}</td>
      <td className="r">
        {failing(e) ? <LevelMark value="error" word={errorWord(e.error_share)} /> : errorWord(e.error_share)}
      </td>
      <td className="r">{seconds(e.p50)}</td>
      <td className="r">{seconds(e.p95)}</td>
    </tr>
  );
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label="Connections">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Connection, worst first</th>
            <th scope="col" className="r">
              Rate
            </th>
            <th scope="col" className="r">
              Errors
            </th>
            <th scope="col" className="r">
              Median
            </th>
            <th scope="col" className="r">
              p95
            </th>
          </tr>
        </thead>
        <tbody>{worst.map(row)}</tbody>
      </table>
    </div>
  );
}
