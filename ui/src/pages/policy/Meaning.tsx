import { useQuery } from '@tanstack/react-query';
import { feedbackQuery, type Checked, type Finding } from '../../api/govern';
import { LightLabel, LightShape } from '../../light/Light';
import { clock, span } from '../../time/format';
import { useZone } from '../../time/zone';
import css from './Editor.module.css';
import { Band } from './OutcomeChart';
import { count, sentence, whoWords } from './words';

/** The feedback that a change answers. */
export function Answers({ ids, kpi }: { ids: number[]; kpi: string }) {
  const all = useQuery(feedbackQuery(kpi)).data ?? [];
  const shown = all.filter((f) => ids.includes(f.id));
  return (
    <div className={css.notice}>
      <p>
        <strong>Answers {count(ids.length, 'piece', 'pieces')} of feedback.</strong>{' '}
        {shown.map((f) => `${whoWords(f.who)}: “${f.comment}”`).join(' ')}
      </p>
    </div>
  );
}

/** What the document says in words, and how it would have judged. */
export function Meaning({
  check,
  busy,
  error,
  onGoto,
}: {
  check: Checked | undefined;
  busy: boolean;
  error: Error | null;
  onGoto: (f: Finding) => void;
}) {
  const zone = useZone();
  const sentences = check?.changes.flatMap((c) => c.sentences) ?? [];
  const errors = check?.findings.filter((f) => f.severity === 'error').length ?? 0;
  return (
    <section className="panel" aria-labelledby="means" aria-busy={busy}>
      <div className="panel-head">
        <h2 id="means">What it says</h2>
        <span className="fine" aria-live="polite">
          {busy ? 'Reading…' : errors > 0 ? count(errors, 'mistake') : check ? 'Up to date' : ''}
        </span>
      </div>
      <div className={css.stack}>
        {error ? <p className="small muted">{error.message}</p> : null}
        {check && check.findings.length > 0 ? (
          <ul className={css.findings} aria-label="Findings">
            {check.findings.map((f, i) => (
              <li key={i}>
                <LightShape
                  state={f.severity === 'error' ? 'red' : 'yellow'}
                  size={16}
                  title={f.severity === 'error' ? 'Mistake' : 'Warning'}
                />
                <button type="button" onClick={() => onGoto(f)}>
                  {f.line > 0 ? <strong>Line {f.line}: </strong> : null}
                  {f.message}
                </button>
              </li>
            ))}
          </ul>
        ) : null}
        {sentences.length > 0 ? (
          <ul className={css.says}>
            {sentences.map((s, i) => (
              <li key={i}>{sentence(s)}</li>
            ))}
          </ul>
        ) : check && errors === 0 ? (
          <p className="muted small">Nothing would change.</p>
        ) : null}
        {check?.previews.map((p) => (
          <div key={p.kpi} className={css.preview}>
            <h3>The last {span(p.to - p.from)}, judged by this text</h3>
            {p.error ? (
              <p className="small">
                <LightLabel state="grey" word={p.error} size={15} />
              </p>
            ) : (
              <>
                <p>
                  <LightLabel state={p.light} word={p.word} size={16} />
                </p>
                <Band name="Light" spans={p.spans} from={p.from} to={p.to} />
                <p className={css.axis} aria-hidden="true">
                  <span>{clock(p.from, zone)}</span>
                  <span>{clock(p.to, zone)}</span>
                </p>
                <p className="small muted">{p.sentence}</p>
              </>
            )}
          </div>
        ))}
      </div>
    </section>
  );
}
