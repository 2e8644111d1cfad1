import { Button } from '../../components/kit';
import type { Source } from '../../api/types';
import { compact, plain } from '../../format/number';
import { LightShape } from '../../light/Light';
import { Ago } from '../../time/Ago';
import { Refused } from './Refused';
import { rateOf, refusedOf, sent, type Heard, type SignalInfo } from './signals';
import css from './Sources.module.css';
import { nameOf, word } from './words';

const kinds: Record<string, string> = {
  scrape: 'Scraped',
  push: 'Pushes',
  host: 'This machine',
  rule: 'Rules',
};

/** The sources of one signal: how much, how fast, and what was not kept and why. */
export function OfSignal({
  of,
  list,
  heard,
  onTest,
}: {
  of: SignalInfo;
  list: Source[];
  heard: readonly Heard[];
  onTest: (s: SignalInfo) => void;
}) {
  const rows = of.key !== '';
  return (
    <section className="panel" aria-labelledby="signal">
      <div className="panel-head">
        <h2 id="signal">{of.name}</h2>
        <span className="small muted">{rows ? 'counted since the start of the server' : list.length}</span>
      </div>
      {list.length === 0 ? (
        <div className={css.none}>
          <p>No {of.unit} have arrived since the server started.</p>
          <Button variant="filled" onClick={() => onTest(of)}>
            Send a test
          </Button>
        </div>
      ) : (
        <div
          className="scroll-x"
          tabIndex={0}
          role="region"
          aria-label={`Table of sources of ${of.name.toLowerCase()}`}
        >
          <table className={`table stacks ${css.table}`}>
            <thead>
              <tr>
                <th scope="col">Source</th>
                <th scope="col">Kind</th>
                <th scope="col" className="r">
                  Last heard
                </th>
                <th scope="col" className="r">
                  {rows ? 'Stored' : 'Samples'}
                </th>
                <th scope="col" className="r">
                  A second
                </th>
                {rows ? null : (
                  <th scope="col" className="r">
                    Series
                  </th>
                )}
                <th scope="col" className="r">
                  Refused
                </th>
                <th scope="col" className="r">
                  Dropped by privacy
                </th>
                <th scope="col" className="r">
                  Sampled out
                </th>
                <th scope="col">Last error</th>
              </tr>
            </thead>
            <tbody>
              {list.map((s) => {
                const refused = refusedOf(s, of);
                const rate = rateOf(heard, s.id, of);
                return (
                  <tr key={s.id} id={s.health === 'up' ? s.id : undefined}>
                    <th scope="row">
                      <span className={css.name}>
                        <LightShape state={s.health === 'up' ? 'green' : 'grey'} size={15} title={word(s)} />
                        {nameOf(s)}
                      </span>
                      {rows || s.target === '' || s.target === nameOf(s) ? null : (
                        <code className={css.address}>{s.target}</code>
                      )}
                    </th>
                    <td data-name="Kind">{kinds[s.kind] ?? s.kind}</td>
                    <td className="r" data-name="Last heard">
                      {s.last_at > 0 ? <Ago at={s.last_at} /> : 'never'}
                    </td>
                    <td className="r" data-name={rows ? 'Stored' : 'Samples'}>
                      {compact(sent(s, of))}
                    </td>
                    <td className="r" data-name="A second">
                      {rate === undefined ? '—' : plain(rate, rate < 10 ? 1 : 0)}
                    </td>
                    {rows ? null : (
                      <td className="r" data-name="Series">
                        {compact(s.series)}
                      </td>
                    )}
                    <td className={`r ${css.refused}`} data-name="Refused">
                      {refused.length > 0 ? <Refused refused={refused} /> : '0'}
                    </td>
                    <td className="r" data-name="Dropped by privacy">
                      {compact(s.dropped)}
                    </td>
                    <td className="r" data-name="Sampled out">
                      {compact(s.sampled_out)}
                    </td>
                    <td className={css.lastError} data-name="Last error">
                      {s.last_error === '' ? (
                        '—'
                      ) : s.health === 'up' ? (
                        s.last_error
                      ) : (
                        <a href={`#${s.id}`}>See above</a>
                      )}
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
      {rows && list.length > 0 ? (
        <p className={`fine ${css.note}`}>
          Dropped and sampled out are of all signals of a source. Nothing is dropped in silence: what is refused was
          answered so, and the sender may send it again.
        </p>
      ) : null}
    </section>
  );
}
