import { useQuery } from '@tanstack/react-query';
import { sourcesQuery } from '../../api/sources';
import type { Source } from '../../api/types';
import { LabelSet } from '../../components/LabelSet';
import { Empty, Failure, Loading } from '../../components/States';
import { compact } from '../../format/number';
import { LightLabel, LightShape } from '../../light/Light';
import { Ago } from '../../time/Ago';
import { span } from '../../time/format';
import { Choices } from '../welcome/Choices';
import css from './Sources.module.css';

const kinds: Record<string, string> = {
  scrape: 'Scraped',
  push: 'Pushes',
  host: 'This machine',
  rule: 'Rules',
};

/** Is data arriving? */
export function SourcesPage() {
  const q = useQuery(sourcesQuery);
  const list = q.data?.sources ?? [];
  const late = list.filter((s) => s.health !== 'up');
  const fine = list.filter((s) => s.health === 'up');
  return (
    <>
      <title>Sources · signalbox</title>
      <header className={css.head}>
        <h1>{q.data ? headline(list, late) : 'Sources'}</h1>
        {q.data && list.length > 0 ? (
          <p className="muted">
            {compact(list.reduce((n, s) => n + s.series, 0))} series. A source that is late makes every KPI that it
            feeds grey, never green.
          </p>
        ) : null}
      </header>
      {q.data ? (
        list.length === 0 ? (
          <>
            <Empty title="Nothing sends data yet">
              <p>
                This page lists every place that samples come from: late ones first, with the last error and the line
                that mends it. Choose where the first number comes from:
              </p>
            </Empty>
            <div className={css.choices}>
              <Choices />
            </div>
          </>
        ) : (
          <div className="stack">
            {late.map((s) => (
              <Late key={s.id} source={s} />
            ))}
            <Fine sources={fine} />
          </div>
        )
      ) : q.isError ? (
        <Failure error={q.error} what="The sources" retry={() => void q.refetch()} />
      ) : (
        <Loading what="the sources" rows={3} height={90} />
      )}
    </>
  );
}

function headline(all: Source[], late: Source[]): string {
  if (all.length === 0) return 'No data arrives yet';
  if (late.length === 0) return all.length === 1 ? 'The source is on time' : `All ${all.length} sources are on time`;
  return `${late.length} of ${all.length} sources ${late.length === 1 ? 'is' : 'are'} late or down`;
}

function nameOf(s: Source): string {
  return s.kind === 'host' ? 'This machine' : s.job || s.id;
}

function word(s: Source): string {
  return s.health === 'down' ? 'Down' : s.health === 'late' ? 'Late' : s.health === 'up' ? 'On time' : 'Not heard yet';
}

function Late({ source: s }: { source: Source }) {
  const refused = Object.entries(s.refused).filter(([, n]) => n > 0);
  return (
    <section className={css.late} id={s.id} aria-label={`${nameOf(s)}, ${word(s)}`}>
      <div className={css.lateHead}>
        <LightShape state="grey" size={20} />
        <h2>{nameOf(s)}</h2>
        <LightLabel state="grey" size={14} word={word(s)} />
        {s.target ? <code className={css.target}>{s.target}</code> : null}
      </div>
      {s.last_error ? <p className={css.error}>{s.last_error}</p> : null}
      {s.hint ? (
        <p className={css.hint}>
          <strong>What to do:</strong> {s.hint}
        </p>
      ) : null}
      <dl className={css.facts}>
        <div>
          <dt>Last heard</dt>
          <dd>{s.last_at > 0 ? <Ago at={s.last_at} /> : 'never'}</dd>
        </div>
        <div>
          <dt>Expected every</dt>
          <dd>{s.interval_ms > 0 ? span(s.interval_ms) : '—'}</dd>
        </div>
        <div>
          <dt>Samples</dt>
          <dd>{compact(s.samples)}</dd>
        </div>
        <div>
          <dt>Series</dt>
          <dd>{compact(s.series)}</dd>
        </div>
        {refused.length > 0 ? (
          <div>
            <dt>Refused</dt>
            <dd>
              <Refused refused={refused} />
            </dd>
          </div>
        ) : null}
      </dl>
      <LabelSet labels={s.labels} skip={['job', 'instance']} />
    </section>
  );
}

function Refused({ refused }: { refused: [string, number][] }) {
  return <>{refused.map(([reason, n]) => `${compact(n)} ${reason.replaceAll('_', ' ')}`).join(', ')}</>;
}

function Fine({ sources }: { sources: Source[] }) {
  if (sources.length === 0) return null;
  return (
    <section className="panel" aria-labelledby="fine">
      <div className="panel-head">
        <h2 id="fine">On time</h2>
        <span className="small muted">{sources.length}</span>
      </div>
      <div className="scroll-x" tabIndex={0} role="region" aria-label="Table of sources on time">
        <table className={`table ${css.table}`}>
          <thead>
            <tr>
              <th scope="col">Source</th>
              <th scope="col">Kind</th>
              <th scope="col">Address</th>
              <th scope="col" className="r">
                Last heard
              </th>
              <th scope="col" className="r">
                Every
              </th>
              <th scope="col" className="r">
                Samples
              </th>
              <th scope="col" className="r">
                Series
              </th>
              <th scope="col" className="r">
                Took
              </th>
              <th scope="col" className="r">
                Refused
              </th>
            </tr>
          </thead>
          <tbody>
            {sources.map((s) => {
              const refused = Object.entries(s.refused).filter(([, n]) => n > 0);
              return (
                <tr key={s.id} id={s.id}>
                  <th scope="row">
                    <span className={css.name}>
                      <LightShape state="green" size={15} title="On time" />
                      {nameOf(s)}
                    </span>
                  </th>
                  <td>{kinds[s.kind] ?? s.kind}</td>
                  <td>
                    <code>{s.target || '—'}</code>
                  </td>
                  <td className="r">{s.last_at > 0 ? <Ago at={s.last_at} /> : 'never'}</td>
                  <td className="r">{s.interval_ms > 0 ? span(s.interval_ms) : '—'}</td>
                  <td className="r">{compact(s.samples)}</td>
                  <td className="r">{compact(s.series)}</td>
                  <td className="r">{s.duration_ms > 0 ? `${s.duration_ms}\u2009ms` : '—'}</td>
                  <td className="r">{refused.length > 0 ? <Refused refused={refused} /> : '0'}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
