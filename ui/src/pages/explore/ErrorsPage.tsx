import { useQuery } from '@tanstack/react-query';
import { errorsQuery, type ErrorGroup, type ErrorSort, type ErrorState } from '../../api/errors';
import { Pick } from '../../components/Pick';
import { Segments } from '../../components/Segments';
import { Empty, Failure, Loading } from '../../components/States';
import { plain } from '../../format/number';
import { useKeys } from '../../keys/keys';
import { Ago } from '../../time/Ago';
import { exact } from '../../time/format';
import { useZone } from '../../time/zone';
import css from './Errors.module.css';
import { hourly, originWord, peopleWord, sorts, states } from './errorWords';
import { Frame } from './Frame';
import { Go } from './Go';
import { moveLine } from './Lines';
import logs from './Logs.module.css';
import { RangeBar } from './RangeBar';
import { SearchBox } from './SearchBox';
import { useSignalState } from './state';
import { useAsked } from './useAsked';

const examples = ['service:intake', 'error_type:*Timeout*', 'name:event', 'release:4.18.0'];
const usual = ['service', 'error_type', 'route', 'release', 'env', 'agency', 'name', 'body'];

/** What goes wrong, since when, and for how many? */
export function ErrorsPage() {
  const { search, set } = useSignalState();
  const zone = useZone();
  const period = useAsked(search.q, search.range, set, '24h');
  const sort = sorts.find((s) => s.value === search.sort)?.value ?? 'count';
  const state: ErrorState | '' = states.find((s) => s.value === search.state)?.value ?? '';
  const found = useQuery(errorsQuery({ ...period.asked, sort, state, limit: 200 }));
  useKeys({ j: () => moveLine(1), k: () => moveLine(-1), Escape: () => set({ q: undefined, state: undefined }) });
  const d = found.data;
  return (
    <>
      <title>Errors · signalbox</title>
      <Frame view="errors" title="Errors" range={search.range} />
      <div className={logs.ask}>
        <SearchBox
          table="logs"
          asked={period.asked}
          value={search.q}
          label="Search the errors"
          placeholder="Words of the message, or field:value. Empty shows all."
          examples={examples}
          usual={usual}
          error={found.error}
          onRun={(q) => {
            period.refresh();
            set({ q: q || undefined }, true);
          }}
        />
        <div className={`${logs.tools} no-print`}>
          <RangeBar value={search.range} period={period} fallback="24h" />
        </div>
      </div>
      <div className={`${css.filters} no-print`}>
        <Segments
          label="Which errors"
          items={[
            { value: '', label: 'All', pressed: state === '' },
            ...states.map((s) => ({ value: s.value, label: s.label, pressed: state === s.value })),
          ]}
          onPick={(v) => set({ state: v || undefined })}
        />
        <Pick
          label="Order"
          value={sort}
          options={sorts}
          onChange={(v) => set({ sort: v === 'count' ? undefined : v })}
        />
      </div>
      {d ? (
        <section className="panel" aria-label="Error groups" aria-busy={found.isPlaceholderData}>
          {d.groups.length === 0 ? (
            <Empty title={search.q === '' && state === '' ? 'No errors in this range' : 'No errors match'}>
              <p>
                Between {exact(d.from, zone)} and {exact(d.to, zone)} no log line, span or event told of{' '}
                {search.q === '' && state === '' ? 'one' : 'such an error'}.
              </p>
            </Empty>
          ) : (
            <>
              <div className="panel-head">
                <p className={logs.count} role="status">
                  {plain(d.found)} {d.found === 1 ? 'error' : 'errors'}, {plain(d.total)} times
                </p>
              </div>
              <Groups
                groups={d.groups}
                from={period.asked.from}
                to={period.asked.to}
                sort={sort}
                range={search.range}
              />
            </>
          )}
          {d.beyond > 0 || d.notes.length > 0 ? (
            <p className="fine">
              {d.beyond > 0 ? `${plain(d.beyond)} more belong to kinds that gave way to newer ones. ` : ''}
              {d.notes.join(' ')}
            </p>
          ) : null}
        </section>
      ) : found.isError ? (
        <Failure error={found.error} what="The errors" retry={() => void found.refetch()} />
      ) : (
        <Loading what="the errors" rows={1} height={320} />
      )}
    </>
  );
}

function Groups({
  groups,
  from,
  to,
  sort,
  range,
}: {
  groups: readonly ErrorGroup[];
  from: number;
  to: number;
  sort: ErrorSort;
  range: string;
}) {
  const sorted = (s: ErrorSort) => (s === sort ? ('descending' as const) : undefined);
  return (
    <table className={`table ${css.errors}`} aria-label="Errors">
      <thead>
        <tr>
          <th scope="col">What and where</th>
          <th scope="col">State</th>
          <th scope="col">Over time</th>
          <th scope="col" className="r" aria-sort={sorted('count')}>
            Times
          </th>
          <th scope="col" className="r" aria-sort={sorted('people')}>
            People
          </th>
          <th scope="col" aria-sort={sorted('new')}>
            First
          </th>
          <th scope="col" aria-sort={sorted('last')}>
            Last
          </th>
          <th scope="col">Release</th>
        </tr>
      </thead>
      <tbody>
        {groups.map((g) => (
          <tr key={g.id}>
            <th scope="row">
              <span className={css.what}>
                <Go place={{ view: 'errors', id: g.id, search: { range: range || undefined } }}>
                  <span data-line={g.id} style={{ color: 'inherit', fontSize: 'inherit' }}>
                    {g.type || 'Error'}
                  </span>
                </Go>
                <code>{g.message}</code>
                <span>
                  {g.app.service} {g.route} · from {originWord(g.origin)}
                  {g.app.env ? ` · ${g.app.env}` : ''}
                </span>
              </span>
            </th>
            <td>
              <StateMark state={g.state} />
            </td>
            <td>
              <Trend group={g} from={from} to={to} />
            </td>
            <td className="r" data-unit="times">
              <strong>{plain(g.count)}</strong>
            </td>
            <td className="r" data-unit="people">
              {peopleWord(g.people)}
            </td>
            <td>
              <span className="vh">First </span>
              <Ago at={g.first} />
            </td>
            <td>
              <span className="vh">Last </span>
              <Ago at={g.last} />
            </td>
            <td>{g.releases[0] ?? ''}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** New, back again or known, as a word in a frame of its own. */
export function StateMark({ state }: { state: ErrorState }) {
  return (
    <span className={css.state} data-state={state}>
      {state === 'new' ? '✦ ' : state === 'regressed' ? '↺ ' : ''}
      {states.find((s) => s.value === state)?.label ?? state}
    </span>
  );
}

/** Counts by hour or day as small bars; the numbers stand beside it. */
function Trend({ group, from, to }: { group: ErrorGroup; from: number; to: number }) {
  const counts = hourly(group, from, to).series[0]?.counts ?? [];
  const most = Math.max(1, ...counts);
  const w = 120 / Math.max(1, counts.length);
  return (
    <svg className={css.trend} viewBox="0 0 120 28" preserveAspectRatio="none" aria-hidden="true">
      <line x1="0" x2="120" y1="27.5" y2="27.5" />
      {counts.map((n, i) =>
        n === 0 ? null : (
          <rect
            key={i}
            x={i * w}
            width={Math.max(1, w - 1)}
            y={27 - Math.max(2, (n / most) * 26)}
            height={Math.max(2, (n / most) * 26)}
          />
        ),
      )}
    </svg>
  );
}
