import { useQuery } from '@tanstack/react-query';
import { decisionQuery, decisionsQuery } from '../../api/kpi';
import type { Band, Decision, View } from '../../api/types';
import { Icon } from '../../components/Icon';
import { LabelSet } from '../../components/LabelSet';
import { ReceiptLine } from '../../components/ReceiptLine';
import { Failure, Loading } from '../../components/States';
import { LightLabel, LightShape } from '../../light/Light';
import { lightOf } from '../../light/light';
import { exact, when } from '../../time/format';
import { useNow } from '../../time/useNow';
import { useZone } from '../../time/zone';
import type { SetSearch } from './KpiPage';
import type { KpiSearch } from './search';
import css from './Why.module.css';
import { WhyAsk } from './WhyAsk';
import { WhyPoints } from './WhyPoints';

/** What happened to the light and to the people: the question about an instant, then the records of every change. */
export function Why(props: { kpi: View; search: KpiSearch; set: SetSearch }) {
  return (
    <>
      <WhyAsk {...props} />
      <Records {...props} />
    </>
  );
}

/** Decision records: each change of the light with the points, the rule and the people told. */
function Records({ kpi, search, set }: { kpi: View; search: KpiSearch; set: SetSearch }) {
  const list = useQuery(decisionsQuery(kpi.name, 20));
  const rows = list.data?.decisions ?? [];
  const elsewhere = search.decision && list.data && !rows.some((d) => d.id === search.decision);
  return (
    <section className="panel" aria-labelledby="why">
      <div className="panel-head">
        <h2 id="why">Why it has this light</h2>
        <code className="fine">signalbox why {kpi.name}</code>
      </div>
      {list.isError ? (
        <Failure error={list.error} what="The decision records" retry={() => void list.refetch()} />
      ) : list.isPending ? (
        <Loading what="the decision records" rows={2} height={44} />
      ) : rows.length === 0 ? (
        <p className="muted small">
          The light has not changed since it was first judged. {kpi.reason}
          {kpi.reason && !kpi.reason.endsWith('.') ? '.' : ''}
        </p>
      ) : (
        <ol className={css.list}>
          {rows.map((d) => (
            <Row key={d.id} decision={d} open={search.decision === d.id} set={set} />
          ))}
        </ol>
      )}
      {elsewhere && search.decision ? <Evidence id={search.decision} set={set} title /> : null}
    </section>
  );
}

function Row({ decision: d, open, set }: { decision: Decision; open: boolean; set: SetSearch }) {
  const zone = useZone();
  const now = useNow(60_000);
  return (
    <li className={css.row} id={`decision-${d.id}`}>
      <button
        type="button"
        className={css.head}
        aria-expanded={open}
        onClick={() => set({ decision: open ? undefined : d.id })}
      >
        <span className={css.lights}>
          <LightShape state={lightOf(d.from)} size={16} title={d.from_word} />
          <Icon name="right" size={12} />
          <LightShape state={lightOf(d.to)} size={16} title={d.to_word} />
        </span>
        <span className={css.sentence}>
          {Object.keys(d.group).length > 0 ? <strong>{Object.values(d.group).join(', ')}: </strong> : null}
          {d.sentence}
        </span>
        <span className="fine">{when(d.end, now, zone)}</span>
        <span className={css.chevron} data-open={open || undefined}>
          <Icon name="down" size={14} />
        </span>
      </button>
      {open ? <Evidence id={d.id} set={set} /> : null}
    </li>
  );
}

/** The record in full, read when it is opened. */
function Evidence({ id, set, title = false }: { id: string; set: SetSearch; title?: boolean }) {
  const zone = useZone();
  const q = useQuery(decisionQuery(id));
  if (q.isError) return <Failure error={q.error} what="The decision record" retry={() => void q.refetch()} />;
  if (!q.data) return <Loading what="the decision record" rows={1} height={120} />;
  const d = q.data;
  return (
    <div className={css.evidence}>
      {title ? <p className={css.sentence}>{d.sentence}</p> : null}
      <dl className={css.facts}>
        <div>
          <dt>Period judged ended</dt>
          <dd>{exact(d.end, zone)}</dd>
        </div>
        <div>
          <dt>Judged</dt>
          <dd>{exact(d.at, zone)}</dd>
        </div>
        <div>
          <dt>Policy</dt>
          <dd>revision {d.revision}</dd>
        </div>
        <div>
          <dt>Cause</dt>
          <dd>{d.cause.replace('_', ' ')}</dd>
        </div>
        {Object.keys(d.group).length > 0 ? (
          <div>
            <dt>Group</dt>
            <dd>
              <LabelSet labels={d.group} />
            </dd>
          </div>
        ) : null}
        <div>
          <dt>Record</dt>
          <dd>
            <code>{d.id}</code>
          </dd>
        </div>
      </dl>
      <div className={css.bands}>
        <BandLine name="Breached" state="red" band={d.red} />
        <BandLine name="At risk" state="yellow" band={d.yellow} />
      </div>
      {d.range.length > 0 ? <WhyPoints points={d.range} caption="Datapoints that were judged, oldest first" /> : null}
      <h3>Who was told</h3>
      {d.receipts.length === 0 ? (
        <p className="muted small">
          Nobody.{' '}
          <a href="#why-page" onClick={() => set({ why: String(d.end) })}>
            Why not?
          </a>
        </p>
      ) : (
        <ul className="list">
          {d.receipts.map((r) => (
            <ReceiptLine key={r.id} receipt={r} />
          ))}
        </ul>
      )}
    </div>
  );
}

const states: Record<string, string> = { ok: 'fine', alarm: 'in alarm', insufficient: 'without enough data' };

function BandLine({ name, state, band }: { name: string; state: 'red' | 'yellow'; band: Band }) {
  if (!band.rule) return null;
  const before = states[band.before] ?? band.before;
  const after = states[band.after] ?? band.after;
  return (
    <p className="small">
      <LightLabel state={state} size={14} word={name} /> rule <code>{band.rule}</code>: {band.breaching} of {band.real}{' '}
      real points breach
      {band.filled > 0 ? `, ${band.filled} missing filled as ${band.treatment.replace('_', ' ')}` : ''}.{' '}
      {before === after ? `It stays ${after}` : `It was ${before} and is ${after}`}
      {band.note ? ` (${band.note})` : ''}.
    </p>
  );
}
