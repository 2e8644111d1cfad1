import { Button } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { aroundQuery, type Row } from '../../api/rows';
import { Icon } from '../../components/Icon';
import { Failure, Loading } from '../../components/States';
import { fixedRange } from '../../time/range';
import { useZone, zoneName } from '../../time/zone';
import { Go } from './Go';
import { add, condition } from './language';
import { LevelMark, outcome } from './LevelMark';
import css from './Lines.module.css';
import { fieldsOf, headline, lineInstant, lineTime, seconds } from './rowFields';

const minute = 60_000;

/** Everything that a row says, what can be asked next, and where else its ids lead. */
export function Detail({
  row,
  q,
  around,
  onSearch,
  onAround,
}: {
  row: Row;
  q: string;
  around: boolean;
  onSearch: (q: string) => void;
  onAround?: (on: boolean) => void;
}) {
  const zone = useZone();
  const near = fixedRange(row.time - 15 * minute, row.time + 15 * minute);
  const fields = fieldsOf(row);
  return (
    <div className={css.full}>
      <p className={css.goto}>
        {row.trace_id ? (
          <Go
            look="first"
            aria-keyshortcuts="T"
            place={{ view: 'traces', id: row.trace_id, search: { span: row.span_id } }}
          >
            Open its trace
          </Go>
        ) : null}
        {onAround && row.service ? (
          <Button aria-pressed={around} aria-keyshortcuts="C" onClick={() => onAround(!around)}>
            {around ? 'Hide the lines around it' : 'Lines around it'}
          </Button>
        ) : null}
        {row.session ? <Joined by="session" id={row.session} word="Its session" range={near} /> : null}
        {row.business_id ? <Joined by="business_id" id={row.business_id} word={row.business_id} range={near} /> : null}
        {row.user ? <Joined by="user" id={row.user} word="This person" range={near} /> : null}
        <CopyButton text={JSON.stringify(row, null, 2)} word="Copy as JSON" />
      </p>
      {row.body && row.body !== headline(row) ? (
        <pre className={css.body} tabIndex={0} aria-label="Whole message">
          {row.body}
        </pre>
      ) : null}
      {around ? <Around row={row} /> : null}
      <dl className={css.fields} aria-label="Fields of this line">
        <div>
          <dt>time</dt>
          <dd>
            {lineInstant(row.time, zone)} {zoneName(zone, new Date(row.time))}
          </dd>
        </div>
        {fields.map((f, i) => (
          <div key={`${f.name}${i}`}>
            <dt title={f.from === 'resource' ? 'Shared by all rows of its sender' : undefined}>{f.name}</dt>
            <dd>
              {f.name === 'level' ? (
                <LevelMark value={f.value} />
              ) : f.name === 'status' ? (
                <LevelMark value={f.value} word={outcome(f.value)} />
              ) : f.name === 'duration' ? (
                seconds(Number(f.value))
              ) : (
                f.value
              )}
            </dd>
            <dd className={css.acts}>
              <button
                type="button"
                aria-label={`Only ${f.name} ${f.value}`}
                title="Only this"
                onClick={() => onSearch(add(q, f.name, f.value))}
              >
                +
              </button>
              <button
                type="button"
                aria-label={`Without ${f.name} ${f.value}`}
                title="Without this"
                onClick={() => onSearch(add(q, f.name, f.value, true))}
              >
                −
              </button>
              <CopyIcon text={f.value} name={f.name} />
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Joined({
  by,
  id,
  word,
  range,
}: {
  by: 'session' | 'business_id' | 'user';
  id: string;
  word: string;
  range: string;
}) {
  return (
    <Go look="button" place={{ view: 'related', search: { [by]: id, range } }}>
      {word}
    </Go>
  );
}

/** A button that copies a text and says so. */
export function CopyButton({ text, word }: { text: string; word: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <Button
      leftSection={<Icon name={copied ? 'check' : 'copy'} size={14} />}
      onBlur={() => setCopied(false)}
      onClick={() => {
        void navigator.clipboard
          .writeText(text)
          .then(() => setCopied(true))
          .catch(() => undefined);
      }}
    >
      <span aria-live="polite">{copied ? 'Copied' : word}</span>
    </Button>
  );
}

function CopyIcon({ text, name }: { text: string; name: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <button
      type="button"
      aria-label={copied ? `Copied ${name}` : `Copy ${name}`}
      title="Copy"
      onBlur={() => setCopied(false)}
      onClick={() => {
        void navigator.clipboard
          .writeText(text)
          .then(() => setCopied(true))
          .catch(() => undefined);
      }}
    >
      <Icon name={copied ? 'check' : 'copy'} size={13} />
    </button>
  );
}

const few = 20;

/** What the same service said before and after a line. */
function Around({ row }: { row: Row }) {
  const zone = useZone();
  const [before, setBefore] = useState(few);
  const [after, setAfter] = useState(few);
  const found = useQuery(aroundQuery(row.time, condition('service', row.service ?? ''), before, after + 1));
  if (found.isError)
    return <Failure error={found.error} what="The lines around it" retry={() => void found.refetch()} />;
  if (!found.data) return <Loading what="the lines around it" rows={1} height={160} />;
  const same = (r: Row) => r.time === row.time && r.body === row.body && r.span_id === row.span_id;
  const here = found.data.after.findIndex(same);
  const lines = [...found.data.before, ...found.data.after];
  const mine = here < 0 ? -1 : found.data.before.length + here;
  return (
    <section className={css.around} aria-label={`Lines of ${row.service ?? ''} around it`}>
      <p className="small muted">
        {found.data.before.length} lines of {row.service} before it, {Math.max(0, found.data.after.length - 1)} after
        it, whatever the search says.{' '}
        {found.data.before.length >= before && before < 200 ? (
          <Button size="compact-xs" onClick={() => setBefore(Math.min(200, before + few))}>
            {few} more before
          </Button>
        ) : null}
      </p>
      <ol>
        {lines.map((r, i) => (
          <li key={i} data-here={i === mine || undefined} aria-current={i === mine || undefined}>
            <code>{lineTime(r.time, zone)}</code>
            <LevelMark value={r.level} />
            <code>
              {headline(r)}
              {i === mine ? <span className="vh"> (the line itself)</span> : null}
            </code>
          </li>
        ))}
      </ol>
      {found.data.after.length > after && after < 199 ? (
        <Button size="compact-xs" onClick={() => setAfter(Math.min(199, after + few))}>
          {few} more after
        </Button>
      ) : null}
    </section>
  );
}
