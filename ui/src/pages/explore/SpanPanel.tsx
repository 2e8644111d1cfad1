import { useEffect, useRef } from 'react';
import type { Trace } from '../../api/traces';
import { Icon } from '../../components/Icon';
import { plain } from '../../format/number';
import { fixedRange } from '../../time/range';
import { useZone } from '../../time/zone';
import { Go } from './Go';
import { condition } from './language';
import { LevelMark, outcome } from './LevelMark';
import { lineInstant, lineTime, seconds } from './rowFields';
import { SpanMetrics } from './SpanMetrics';
import css from './Trace.module.css';
import { detailOf, oddities, type SpanRow } from './waterfall';

const minute = 60_000;

/** Everything about one span, and where it leads. */
export function SpanPanel({ trace, row, onClose }: { trace: Trace; row: SpanRow; onClose: () => void }) {
  const zone = useZone();
  const s = row.span;
  const at = s.start / 1000;
  const near = fixedRange(at - 15 * minute, at + 15 * minute);
  const detail = detailOf(s.detail);
  const logs = trace.logs.filter((l) => l.span_id === s.span_id);
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    head.current?.scrollIntoView({ block: 'nearest' });
  }, [row.key]);
  const pairs: [string, React.ReactNode][] = [
    ['Outcome', <LevelMark key="o" value={s.status === 'error' ? 'error' : s.status} word={outcome(s.status)} />],
    ['Began', `${lineInstant(at, zone)}, ${seconds((s.start - trace.start) / 1e6)} after the trace`],
    ['Took', `${seconds(s.duration)}, of that ${seconds(s.self)} by itself`],
  ];
  if (s.critical) {
    pairs.push([
      'Critical path',
      `${seconds(s.on_path)} of ${seconds(trace.duration)}, ${plain((s.on_path / Math.max(trace.duration, 1e-9)) * 100, 0)}\u2009%`,
    ]);
  }
  if (s.kind) pairs.push(['Kind', s.kind]);
  if (s.route) pairs.push(['Route', s.route]);
  if (s.error_type) pairs.push(['Error', s.error_type]);
  if (s.message) pairs.push(['Message', s.message]);
  for (const o of oddities(s)) pairs.push(['Note', o]);
  pairs.push(['Span', <code key="i">{s.span_id}</code>]);
  return (
    <aside className={`panel ${css.panel}`} aria-labelledby="span">
      <div className={css.top}>
        <h2 id="span" ref={head}>
          {s.service}: {s.name}
        </h2>
        <button type="button" className={css.shut} aria-label="Close the span" onClick={onClose}>
          <Icon name="x" />
        </button>
      </div>
      <dl className={css.pairs}>
        {pairs.map(([k, v], i) => (
          <div key={`${k}${i}`}>
            <dt>{k}</dt>
            <dd>{v}</dd>
          </div>
        ))}
      </dl>
      <section aria-label="Logs of this span">
        <h3>
          {logs.length === 0
            ? 'No log line of this span'
            : logs.length === 1
              ? '1 log line of this span'
              : `${logs.length} log lines of this span`}
        </h3>
        <ul className={css.lines}>
          {logs.slice(0, 20).map((l, i) => (
            <li key={i}>
              <LevelMark value={l.level} />
              <code>{l.body}</code>
            </li>
          ))}
        </ul>
        <p className="small">
          <Go place={{ view: 'logs', search: { q: condition('trace_id', trace.trace_id), range: near } }}>
            All logs of the trace
          </Go>
          {' · '}
          <Go place={{ view: 'logs', search: { q: condition('service', s.service), range: near } }}>
            Logs of {s.service} then
          </Go>
        </p>
      </section>
      {detail.events.length + detail.links.length > 0 ? (
        <section aria-label="Events of this span">
          <h3>Events</h3>
          <ul className={css.lines}>
            {detail.events.map((e, i) => (
              <li key={i}>
                <span className="muted">{lineTime(e.time / 1000, zone)}</span>
                <span>
                  <strong>{e.name}</strong>
                  {Object.entries(e.attributes).map(([k, v]) => (
                    <code key={k}>
                      {'\n'}
                      {k} {v}
                    </code>
                  ))}
                </span>
              </li>
            ))}
            {detail.links.map((l) => (
              <li key={l.trace_id + l.span_id}>
                <span className="muted">link</span>
                <Go place={{ view: 'traces', id: l.trace_id, search: { span: l.span_id } }}>
                  <code>{l.trace_id}</code>
                </Go>
              </li>
            ))}
          </ul>
          {detail.cut > 0 ? <p className="fine">{detail.cut} more were cut off when it came in.</p> : null}
        </section>
      ) : null}
      {Object.keys(s.attributes).length > 0 ? (
        <section aria-label="Attributes">
          <h3>Attributes</h3>
          <dl className={css.pairs}>
            {Object.entries(s.attributes)
              .sort(([a], [b]) => a.localeCompare(b))
              .map(([k, v]) => (
                <div key={k}>
                  <dt>{k}</dt>
                  <dd>{v}</dd>
                  <dd>
                    <Go
                      place={{ view: 'traces', search: { q: condition(k, v), range: near } }}
                      aria-label={`Traces with ${k} ${v}`}
                      title="Traces with this"
                    >
                      <Icon name="search" size={13} />
                    </Go>
                  </dd>
                </div>
              ))}
          </dl>
        </section>
      ) : null}
      <SpanMetrics service={s.service} trace={trace.trace_id} at={at} />
    </aside>
  );
}
