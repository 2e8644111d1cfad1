import type { Source } from '../../api/types';
import { LabelSet } from '../../components/LabelSet';
import { compact } from '../../format/number';
import { LightLabel, LightShape } from '../../light/Light';
import { Ago } from '../../time/Ago';
import { span } from '../../time/format';
import { Refused } from './Refused';
import css from './Sources.module.css';
import { nameOf, word } from './words';

/** A source that is late or down, with its last error and what to do. */
export function Late({ source: s }: { source: Source }) {
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
