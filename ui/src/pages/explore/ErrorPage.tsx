import { Button } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useMemo, useState } from 'react';
import { changesQuery } from '../../api/changes';
import { errorQuery, type ErrorGroup } from '../../api/errors';
import { useMay } from '../../api/status';
import { Icon } from '../../components/Icon';
import { Segments } from '../../components/Segments';
import { Failure, Loading } from '../../components/States';
import { plain } from '../../format/number';
import { useKeys } from '../../keys/keys';
import { Ago } from '../../time/Ago';
import { exact } from '../../time/format';
import { fixedRange } from '../../time/range';
import { useZone } from '../../time/zone';
import { CountChart, CountTable } from './CountChart';
import css from './Errors.module.css';
import { StateMark } from './ErrorsPage';
import { hourly, originWord, peopleWord, rowsOfGroup } from './errorWords';
import { Frame } from './Frame';
import { Go } from './Go';
import { inkOf } from './LevelMark';
import logs from './Logs.module.css';
import { ofError } from './makeKpi';
import { RangeBar } from './RangeBar';
import { stackOf } from './stack';
import { useSignalState } from './state';
import { useAsked, type Period } from './useAsked';

const MakeKpi = lazy(() => import('./MakeKpi').then((m) => ({ default: m.MakeKpi })));
const minute = 60_000;

/** One error: how often, since which release, for how many, and examples to follow. */
export function ErrorPage() {
  const { id = '', search, set } = useSignalState();
  const period = useAsked('', search.range, set, '24h');
  const found = useQuery(errorQuery(id, period.asked.from, period.asked.to));
  const g = found.data;
  return (
    <>
      <title>{`${g ? `${g.type || 'Error'} in ${g.app.service}` : 'Error'} · signalbox`}</title>
      <Frame
        view="errors"
        title={g ? `${g.type || 'Error'} in ${g.app.service || 'an unnamed service'}` : 'Error'}
        range={search.range}
      />
      {g ? (
        <Group
          group={g}
          period={period}
          range={search.range}
          asTable={search.view === 'table'}
          onView={(v) => set({ view: v === 'table' ? 'table' : undefined })}
        />
      ) : found.isError ? (
        <Failure error={found.error} what="The error" retry={() => void found.refetch()} />
      ) : (
        <Loading what="the error" rows={2} height={180} />
      )}
    </>
  );
}

function Group({
  group: g,
  period,
  range,
  asTable,
  onView,
}: {
  group: ErrorGroup;
  period: Period;
  range: string;
  asTable: boolean;
  onView: (v: 'chart' | 'table') => void;
}) {
  const zone = useZone();
  const [making, setMaking] = useState(false);
  const propose = useMay('propose') ?? false;
  const { from, to } = period.asked;
  const changes = useQuery(changesQuery(from, to)).data ?? [];
  const marks = changes.filter((c) => {
    const service = c.labels?.service;
    return ['D', 'F', 'C'].includes(c.letter) && (service === undefined || service === g.app.service);
  });
  const stack = useMemo(() => stackOf(hourly(g, from, to), inkOf), [g, from, to]);
  const selectors = ofError({ origin: g.origin, service: g.app.service, type: g.type, route: g.route });
  useKeys({ t: () => onView(asTable ? 'chart' : 'table') });
  const word = () => 'errors';
  return (
    <>
      <pre className={css.message} aria-label="Message">
        {g.message}
      </pre>
      <dl className={`panel ${css.facts}`}>
        <div>
          <dt>State</dt>
          <dd>
            <StateMark state={g.state} />
            {g.regressed_at > 0 ? <small>back since {exact(g.regressed_at, zone)}</small> : null}
          </dd>
        </div>
        <div>
          <dt>In this range</dt>
          <dd>
            {plain(g.count)} <small>{plain(g.all)} ever since the first</small>
          </dd>
        </div>
        <div>
          <dt>People affected</dt>
          <dd>
            {peopleWord(g.people)}
            <small>{g.people < 0 ? 'too few to be told without pointing at them' : 'ever since the first'}</small>
          </dd>
        </div>
        <div>
          <dt>First seen</dt>
          <dd>
            <Ago at={g.first} />
            <small>{exact(g.first, zone)}</small>
          </dd>
        </div>
        <div>
          <dt>Last seen</dt>
          <dd>
            <Ago at={g.last} />
            <small>{exact(g.last, zone)}</small>
          </dd>
        </div>
        <div>
          <dt>Where</dt>
          <dd style={{ fontSize: '0.875rem', lineHeight: '1.5rem' }}>
            {g.app.service} {g.route}
            <small>
              {originWord(g.origin)}
              {g.app.env ? `, ${g.app.env}` : ''}
              {g.releases.length > 0 ? `, release ${g.releases.slice(0, 3).join(', ')}` : ''}
            </small>
          </dd>
        </div>
      </dl>
      <div className={`${css.filters} no-print`}>
        <Go look="first" place={rowsOfGroup(g, range)}>
          All of its {originWord(g.origin)}
        </Go>
        {propose ? (
          <Button onClick={() => setMaking(true)} leftSection={<Icon name="policy" size={14} />}>
            Make this a KPI
          </Button>
        ) : null}
        <span className="grow" />
        <RangeBar value={range} period={period} fallback="24h" />
      </div>
      <section className={`panel ${logs.over}`} aria-labelledby="over">
        <div className="panel-head">
          <h2 id="over">Over time</h2>
          <Segments
            label="Show as"
            items={[
              { value: 'chart', label: 'Chart', pressed: !asTable },
              { value: 'table', label: 'Table', pressed: asTable, title: 'Table (T)' },
            ]}
            onPick={onView}
          />
        </div>
        {asTable ? (
          <CountTable stack={stack} unit="errors" word={word} onNarrow={period.narrow} />
        ) : (
          <CountChart stack={stack} unit="errors" word={word} height={120} marks={marks} onNarrow={period.narrow} />
        )}
        {marks.length > 0 ? (
          <ul className={css.marks} aria-label="Changes in this range">
            {marks.slice(-8).map((m) => (
              <li key={m.id}>
                <span className={css.letter} aria-hidden="true">
                  {m.letter}
                </span>{' '}
                {m.title}, {exact(m.at, zone)}
              </li>
            ))}
          </ul>
        ) : null}
      </section>
      <Examples group={g} />
      {making ? (
        <Suspense fallback={null}>
          <MakeKpi
            title={`${g.type || 'Errors'} in ${g.app.service}`}
            of={selectors.bad}
            total={selectors.total}
            what={originWord(g.origin)}
            onClose={() => setMaking(false)}
          />
        </Suspense>
      ) : null}
    </>
  );
}

function Examples({ group: g }: { group: ErrorGroup }) {
  const zone = useZone();
  return (
    <section className="panel" aria-labelledby="examples">
      <h2 id="examples">Newest examples</h2>
      {g.samples.length === 0 ? (
        <p className="muted">No example is kept any more.</p>
      ) : (
        <table className="table">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Release</th>
              <th scope="col">Look at</th>
            </tr>
          </thead>
          <tbody>
            {g.samples.map((s) => (
              <tr key={`${s.at}${s.span_id}`}>
                <th scope="row">{exact(s.at, zone)}</th>
                <td>{s.release || '—'}</td>
                <td>
                  <span className="row">
                    {s.trace_id ? (
                      <Go place={{ view: 'traces', id: s.trace_id, search: { span: s.span_id || undefined } }}>
                        <span data-line={s.trace_id}>Its trace</span>
                      </Go>
                    ) : null}
                    <Go place={rowsOfGroup(g, fixedRange(s.at - minute, s.at + minute))}>
                      {g.origin === 'span' ? 'Traces then' : 'The lines then'}
                    </Go>
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
