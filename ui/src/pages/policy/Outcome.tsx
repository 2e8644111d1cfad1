import { Button } from '../../components/kit';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { Comparison, Evidence, Move, Proposal, Side } from '../../api/govern';
import { Pick } from '../../components/Pick';
import { Segments } from '../../components/Segments';
import { Strip } from '../../components/Spark';
import { useKeys } from '../../keys/keys';
import { LightLabel, LightShape } from '../../light/Light';
import { exact } from '../../time/format';
import { useZone } from '../../time/zone';
import { caughtWords, delayWords, minutesWords } from './outcome';
import css from './Outcome.module.css';
import { OutcomeChart } from './OutcomeChart';
import type { ProposalSearch } from './search';
import { isOpen } from './words';
import { PageList } from './OutcomePages';

const lengths = [7, 30, 90] as const;

/** What would have happened: the back-test, its progress, or how to get one. */
export function Outcome({
  proposal: p,
  busy,
  onMove,
}: {
  proposal: Proposal;
  busy: boolean;
  onMove: (m: Move) => void;
}) {
  const search = useSearch({ from: '/shell/policy/proposals/$id' });
  const navigate = useNavigate({ from: '/policy/proposals/$id' });
  const set = (patch: { [K in keyof ProposalSearch]?: ProposalSearch[K] | undefined }) =>
    void navigate({ search: (old) => ({ ...old, ...patch }) as ProposalSearch, replace: true, resetScroll: false });
  const toggle = () => set({ view: search.view === 'table' ? undefined : 'table' });
  useKeys({ t: toggle });
  const judges = p.changes.some((c) => c.judges);
  if (!judges && !p.evidence) {
    return (
      <section className="panel" aria-labelledby="outcome">
        <h2 id="outcome">What would have happened</h2>
        <p className="muted">
          Nothing here can be played over the past:{' '}
          {p.changes.length > 0 ? 'no judgement of a KPI changes' : 'nothing changes'}.
        </p>
      </section>
    );
  }
  const e = p.evidence;
  const results = e?.state === 'done' ? e.results : [];
  const shown = results.find((r) => r.kpi === search.kpi) ?? results[0];
  return (
    <section className="panel" aria-labelledby="outcome">
      <div className="panel-head">
        <h2 id="outcome">What would have happened</h2>
        <Again proposal={p} busy={busy} onMove={onMove} />
      </div>
      {e?.state === 'running' ? (
        <Running evidence={e} busy={busy} onCancel={() => onMove({ do: 'cancel-test' })} />
      ) : null}
      {e === null ? (
        <p className="muted">
          {isOpen(p)
            ? 'Not tested yet. A back-test runs both versions over recorded data and shows who would have been paged.'
            : 'It was not tested.'}
        </p>
      ) : null}
      {e?.state === 'failed' ? (
        <p className={css.note}>
          <LightShape state="red" size={16} />
          <span>The back-test failed. {e.error}</span>
        </p>
      ) : null}
      {e?.state === 'cancelled' ? (
        <p className={css.note}>
          <LightShape state="grey" size={16} />
          <span>The back-test was stopped. Nothing came of it.</span>
        </p>
      ) : null}
      {e?.state === 'done' && !e.current && isOpen(p) ? (
        <p className={css.note}>
          <LightShape state="yellow" size={16} />
          <span>
            This back-test is not of what would be approved now: the text, what is in force, or the day moved on.
          </span>
        </p>
      ) : null}
      {shown ? (
        <>
          {results.length > 1 ? (
            <Pick
              label="KPI"
              value={shown.kpi}
              options={results.map((r) => ({ value: r.kpi, label: r.title }))}
              onChange={(v) => set({ kpi: v, group: undefined })}
            />
          ) : null}
          <Result comparison={shown} />
          <OutcomeChart
            key={shown.kpi}
            comparison={shown}
            table={search.view === 'table'}
            group={search.group ?? 0}
            onGroup={(n) => set({ group: n > 0 ? n : undefined })}
            onToggle={toggle}
          />
        </>
      ) : e?.state === 'done' ? (
        <p className="muted">{e.sentence || 'The back-test found nothing to compare.'}</p>
      ) : null}
    </section>
  );
}

function Again({ proposal: p, busy, onMove }: { proposal: Proposal; busy: boolean; onMove: (m: Move) => void }) {
  const tested = p.evidence ? Math.round((p.evidence.to - p.evidence.from) / 86_400_000) : 30;
  const [days, setDays] = useState<number>(lengths.find((d) => d === tested) ?? 30);
  if (!p.may.includes('test')) return null;
  return (
    <div className={`${css.again} no-print`}>
      <Segments
        label="How far back"
        items={lengths.map((d) => ({ value: String(d), label: `${d}\u2009d`, pressed: d === days }))}
        onPick={(d) => setDays(Number(d))}
      />
      <Button loading={busy} onClick={() => onMove({ do: 'test', days })}>
        {p.evidence ? 'Test again' : 'Run the back-test'}
      </Button>
    </div>
  );
}

function Running({ evidence: e, busy, onCancel }: { evidence: Evidence; busy: boolean; onCancel: () => void }) {
  const days = Math.max(1, Math.round((e.to - e.from) / 86_400_000));
  const percent = Math.round(e.progress * 100);
  return (
    <div className={css.running}>
      <div className={css.progress}>
        <label htmlFor="progress">
          Playing {days} {days === 1 ? 'day' : 'days'} through both versions
        </label>
        <progress id="progress" max={100} value={percent} />
        <span className="fine" role="status">
          {percent} %
        </span>
      </div>
      <Button onClick={onCancel} loading={busy}>
        Stop
      </Button>
    </div>
  );
}

type Row = { name: string; cell: (s: Side) => React.ReactNode };

const rows: Row[] = [
  { name: 'Pages', cell: (s) => s.page_count.toLocaleString('en') },
  { name: 'At night', cell: (s) => s.night_count.toLocaleString('en') },
  { name: 'Real incidents caught', cell: caughtWords },
  { name: 'First alert', cell: (s) => delayWords(s.first_alert) },
  { name: 'Breached', cell: (s) => minutesWords(s.minutes.red) },
  { name: 'At risk', cell: (s) => minutesWords(s.minutes.yellow) },
  { name: 'No data', cell: (s) => minutesWords(s.minutes.grey) },
];

function Result({ comparison: c }: { comparison: Comparison }) {
  const zone = useZone();
  const sides = [c.now, c.proposed].filter((s) => s !== null);
  const name = (s: Side) => (s === c.now ? 'Now' : 'Proposed');
  const detail = (s: Side) => {
    const at = s.threshold ? ` ${s.threshold.replaceAll(' ', '\u00a0')}` : '';
    return s === c.now ? `revision ${s.revision}${at === '' ? '' : ','}${at}` : at.trim();
  };
  const days = Math.max(1, Math.round((c.to - c.from) / 86_400_000));
  const limited = sides.map((s) => s.limited).find((l) => l !== '');
  return (
    <>
      <p className="muted">
        {sides.length > 1 ? 'Both versions run' : c.now ? 'The version in force, run' : 'The new version, run'} over the
        last {days} {days === 1 ? 'day' : 'days'} of recorded data, to {exact(c.to, zone)}.
      </p>
      {limited ? (
        <p className={css.note}>
          <LightShape state="grey" size={16} />
          <span>{limited}</span>
        </p>
      ) : null}
      <div
        className={`${css.desk} scroll-x`}
        tabIndex={0}
        role="region"
        aria-label="What would have happened, as a table"
      >
        <table className={css.table}>
          <thead>
            <tr>
              <td />
              {rows.map((r) => (
                <th key={r.name} scope="col" className={css.r}>
                  {r.name}
                </th>
              ))}
              <th scope="col">Last 30 days</th>
            </tr>
          </thead>
          <tbody>
            {sides.map((s) => (
              <tr key={name(s)}>
                <th scope="row">
                  <strong>{name(s)}</strong>
                  <span className={css.detail}>{detail(s)}</span>
                </th>
                {rows.map((r) => (
                  <td key={r.name} className={css.r}>
                    {r.cell(s)}
                  </td>
                ))}
                <td className={css.strip}>
                  <Strip days={s.strip} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <table className={`${css.table} ${css.phone}`}>
        <thead>
          <tr>
            <td />
            {sides.map((s) => (
              <th key={name(s)} scope="col" className={css.r}>
                <strong>{name(s)}</strong>
                <br />
                {s.threshold}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((r) => (
            <tr key={r.name}>
              <th scope="row">{r.name}</th>
              {sides.map((s) => (
                <td key={name(s)} className={css.r}>
                  {r.cell(s)}
                </td>
              ))}
            </tr>
          ))}
          <tr>
            <th scope="row">Last 30 days</th>
            {sides.map((s) => (
              <td key={name(s)} className={css.strip}>
                <Strip days={s.strip} />
              </td>
            ))}
          </tr>
          <tr>
            <th scope="row">At the end</th>
            {sides.map((s) => (
              <td key={name(s)} className={css.r}>
                <LightLabel state={s.light} size={13} />
              </td>
            ))}
          </tr>
        </tbody>
      </table>
      <p className={css.sentence}>{c.sentence}</p>
      <PageList comparison={c} />
    </>
  );
}
