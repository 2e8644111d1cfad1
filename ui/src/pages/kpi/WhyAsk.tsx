import { Button, TextInput } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { View } from '../../api/types';
import { whyQuery, type Why as Answer, type WhyReason } from '../../api/why';
import { Icon, type IconName } from '../../components/Icon';
import { ReceiptLine } from '../../components/ReceiptLine';
import { Failure, Loading } from '../../components/States';
import { LightLabel } from '../../light/Light';
import { lightOf } from '../../light/light';
import { exact } from '../../time/format';
import { resolveRange } from '../../time/range';
import { useZone, zoneName } from '../../time/zone';
import type { SetSearch } from './KpiPage';
import { groupOf, type KpiSearch } from './search';
import css from './WhyAsk.module.css';
import { WhyPoints } from './WhyPoints';
import { askedOf, inputOf, instantOf } from './WhyTime';

/** Why was somebody paged at an instant, or why not: the question and the chain of stored facts. */
export function WhyAsk({ kpi, search, set }: { kpi: View; search: KpiSearch; set: SetSearch }) {
  const zone = useZone();
  const asked = askedOf(search.why);
  const chosen = search.range?.includes('-') ? resolveRange(search.range, 0) : undefined;
  const start = asked ? ('at' in asked ? asked.at : asked.to) : undefined;
  return (
    <section className="panel" aria-labelledby="why-asked" id="why-page">
      <div className="panel-head">
        <h2 id="why-asked">Why was I paged, or not?</h2>
        <code className="fine">signalbox why {kpi.name} --at 14:05</code>
      </div>
      <Form
        key={`${String(start)} ${zone} ${search.to_whom ?? ''}`}
        start={start}
        receiver={search.to_whom ?? ''}
        onAsk={(at, receiver) => set({ why: String(at), to_whom: receiver || undefined })}
      >
        {chosen ? (
          <Button variant="default" onClick={() => set({ why: `${chosen.from}-${chosen.to}` })}>
            The span on the chart
          </Button>
        ) : null}
        {asked ? (
          <Button variant="subtle" onClick={() => set({ why: undefined, to_whom: undefined })}>
            Clear
          </Button>
        ) : null}
      </Form>
      {asked ? (
        <Asked kpi={kpi} asked={asked} group={groupOf(search.group)} receiver={search.to_whom} set={set} />
      ) : (
        <p className="muted small">
          Choose an instant, or select a span on the chart: the answer comes from the records of that time.
        </p>
      )}
    </section>
  );
}

function Form({
  start,
  receiver,
  onAsk,
  children,
}: {
  start: number | undefined;
  receiver: string;
  onAsk: (at: number, receiver: string) => void;
  children: React.ReactNode;
}) {
  const zone = useZone();
  const [text, setText] = useState(() => (start === undefined ? '' : inputOf(start, zone)));
  const [who, setWho] = useState(receiver);
  const [wrong, setWrong] = useState('');
  return (
    <form
      className={`${css.form} no-print`}
      noValidate
      onSubmit={(e) => {
        e.preventDefault();
        const at = text === '' ? Date.now() : instantOf(text, zone);
        if (at === undefined) setWrong('That is no time: want a day and a clock, such as 21 Nov 2026, 14:05.');
        else if (at > Date.now()) setWrong('That has not come yet: want a time up to now.');
        else {
          setWrong('');
          onAsk(at, who.trim());
        }
      }}
    >
      <TextInput
        type="datetime-local"
        step={1}
        label={`Instant, ${zoneName(zone)} (now when empty)`}
        value={text}
        error={wrong || undefined}
        onChange={(e) => setText(e.currentTarget.value)}
      />
      <TextInput
        label="Receiver or address (anybody when empty)"
        value={who}
        autoComplete="off"
        spellCheck={false}
        onChange={(e) => setWho(e.currentTarget.value)}
      />
      <div className={css.actions}>
        <Button type="submit">Explain</Button>
        {children}
      </div>
    </form>
  );
}

function Asked({
  kpi,
  asked,
  group,
  receiver,
  set,
}: {
  kpi: View;
  asked: NonNullable<ReturnType<typeof askedOf>>;
  group: Record<string, string> | undefined;
  receiver: string | undefined;
  set: SetSearch;
}) {
  const q = useQuery(whyQuery(kpi.name, { ...asked, ...(group ? { group } : {}), ...(receiver ? { receiver } : {}) }));
  if (q.isError) return <Failure error={q.error} what="The answer" retry={() => void q.refetch()} />;
  if (!q.data) return <Loading what="the answer" rows={1} height={120} />;
  return <Told kpi={kpi.name} answer={q.data} set={set} />;
}

/** The sentence, the chain, and the facts behind it. */
function Told({ kpi, answer: a, set }: { kpi: string; answer: Answer; set: SetSearch }) {
  const zone = useZone();
  return (
    <div className={css.answer}>
      <p className={css.sentence} role="status" data-paged={a.paged || undefined}>
        {a.sentence}
      </p>
      <p className="small muted">
        {a.light === 'none' ? 'Not judged' : <LightLabel state={lightOf(a.light)} size={14} word={a.word} />}
        {a.group_text ? <> · {a.group_text}</> : null} · {exact(a.at, zone)}
      </p>
      <ol className={css.chain}>
        {a.reasons.map((r, i) => (
          <li key={i} data-effect={r.effect}>
            <span className={css.mark}>
              <Icon name={icons[r.effect]} size={14} />
              <span className="vh">{words[r.effect]}: </span>
            </span>
            <span>
              {r.sentence} <Where kpi={kpi} reason={r} set={set} />
            </span>
          </li>
        ))}
      </ol>
      {a.others.length > 0 ? (
        <p className="small">Then also not on target: {a.others.map((o) => `${o.text} (${o.word})`).join(', ')}.</p>
      ) : null}
      {a.points.length > 0 ? (
        <details>
          <summary className="small">The datapoints that the rule looked at</summary>
          <WhyPoints points={a.points} caption="Datapoints that the rule looked at, oldest first" />
        </details>
      ) : null}
      {a.receipts.length > 0 ? (
        <>
          <h3 id="why-receipts" tabIndex={-1}>
            Messages of this alert
          </h3>
          <ul className="list">
            {a.receipts.map((r) => (
              <ReceiptLine key={r.id} receipt={r} about={r.message_id ? <code>{r.message_id}</code> : undefined} />
            ))}
          </ul>
        </>
      ) : null}
    </div>
  );
}

const words: Record<WhyReason['effect'], string> = {
  leads: 'Leads on',
  stops: 'Stopped here',
  told: 'Told',
  fact: 'Fact',
  unknown: 'Not known',
};

const icons: Record<WhyReason['effect'], IconName> = {
  leads: 'down',
  stops: 'bell-off',
  told: 'mail',
  fact: 'clock',
  unknown: 'help',
};

/** The way to the stored fact behind a reason. */
function Where({ kpi, reason, set }: { kpi: string; reason: WhyReason; set: SetSearch }) {
  const l = reason.link;
  if (!l) return null;
  switch (l.kind) {
    case 'decision':
      return (
        <a href={`#decision-${l.id}`} onClick={() => set({ decision: l.id })}>
          Decision record
        </a>
      );
    case 'revision':
      return (
        <Link to="/policy/$kind/$name" params={{ kind: 'KPI', name: kpi }}>
          Revision {l.id}
        </Link>
      );
    case 'policy': {
      const [kind = '', name = ''] = l.id.split('/');
      return (
        <Link to="/policy/$kind/$name" params={{ kind, name }}>
          Policy {name}
        </Link>
      );
    }
    case 'silence':
      return <Link to="/alerts">See silences</Link>;
    default:
      return <a href="#why-receipts">Receipt</a>;
  }
}
