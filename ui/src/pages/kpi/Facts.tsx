import type { View } from '../../api/types';
import { plain, share } from '../../format/number';
import { lightOf } from '../../light/light';
import { Ago } from '../../time/Ago';
import { lengthWords } from '../../time/format';
import css from './Facts.module.css';

/** Four facts: the number now, the promise, what is left of the budget, and how fast it goes. */
export function Facts({ kpi }: { kpi: View }) {
  const burn = worstBurn(kpi);
  return (
    <section className={css.facts} aria-label="Facts">
      <Fact
        label={`Last ${kpi.window_text.replace(/^1 /, '')}`}
        value={kpi.display.value}
        unit={kpi.display.unit}
        tone={kpi.light}
      >
        {kpi.value === null ? kpi.reason : kpi.counts ? kpi.counts : kpi.indicator.kind.replace('_', ' ')}
      </Fact>
      <Fact label="Promise" value={kpi.promise || 'None'}>
        {[
          kpi.thresholds.yellow ? `at risk ${kpi.thresholds.yellow.display}` : '',
          kpi.thresholds.for_text,
          kpi.objective ? `objective ${kpi.objective.display}` : '',
        ]
          .filter(Boolean)
          .join(' · ')}
      </Fact>
      {kpi.budget ? (
        <Fact
          label={`Error budget, ${kpi.budget.window}`}
          value={kpi.budget.display.value}
          unit={kpi.budget.display.unit}
          tone={kpi.budget.remaining !== null && kpi.budget.remaining <= 0 ? 'red' : undefined}
          bar={kpi.budget.remaining}
        >
          {kpi.budget.sentence}
          {kpi.budget.partial ? `; ${share(kpi.budget.observed ?? 0)} of the window observed so far` : ''}
        </Fact>
      ) : (
        <Fact label="Coverage" value={kpi.coverage === null ? '—' : plain(Math.round(kpi.coverage * 100))} unit="%">
          {kpi.coverage === null ? 'nothing has reported' : 'of the series that usually report'}
        </Fact>
      )}
      {burn ? (
        <Fact label="Burning" value={plain(burn.long_rate, 1)} unit="× allowed" tone={burn.burning ? 'red' : undefined}>
          {`${lengthWords(burn.long_ms)} window; pages at ${plain(burn.factor)}\u2009×`}
        </Fact>
      ) : (
        <Fact label={`${kpi.word} for`} value={kpi.since > 0 ? <Ago at={kpi.since} bare /> : '—'}>
          {kpi.since > 0 ? kpi.groups_text || `judged every ${lengthWords(kpi.period_ms)}` : 'not judged yet'}
        </Fact>
      )}
    </section>
  );
}

/** The fastest burn of the paging pairs. */
function worstBurn(kpi: View) {
  const known = (kpi.budget?.burns ?? []).filter((b) => b.long_rate !== null && b.severity === 'page');
  return known.sort((a, b) => (b.long_rate ?? 0) - (a.long_rate ?? 0))[0];
}

function Fact({
  label,
  value,
  unit,
  tone,
  bar,
  children,
}: {
  label: string;
  value: React.ReactNode;
  unit?: string;
  tone?: string | undefined;
  bar?: number | null;
  children: React.ReactNode;
}) {
  const left = bar === null || bar === undefined ? null : Math.max(0, Math.min(1, bar));
  return (
    <div className={css.fact}>
      <p className={css.label}>{label}</p>
      <p className={css.value} data-tone={tone === undefined ? undefined : lightOf(tone)}>
        {value}
        {unit ? <span className={css.unit}> {unit}</span> : null}
      </p>
      {left === null ? null : (
        <div className={css.bar} data-spent={left === 0 || undefined} aria-hidden="true">
          <div style={{ width: `${left * 100}%` }} />
        </div>
      )}
      <p className={css.text}>{children}</p>
    </div>
  );
}
