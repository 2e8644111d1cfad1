import { Button } from '../../components/kit';
import type { Source } from '../../api/types';
import { plain } from '../../format/number';
import { Ago } from '../../time/Ago';
import { rateOfAll, signals, sourcesOf, type Heard, type Signal, type SignalInfo } from './signals';
import css from './Sources.module.css';

/** The four signals side by side: how much arrives, from how many, and the way to try it. */
export function SignalCards({
  heard,
  list,
  of,
  onPick,
  onTest,
}: {
  heard: readonly Heard[];
  list: Source[];
  of: SignalInfo;
  onPick: (v: Signal) => void;
  onTest: (s: SignalInfo) => void;
}) {
  return (
    <ul className={css.signals} aria-label="Signals">
      {signals.map((s) => {
        const own = sourcesOf(list, s);
        const last = Math.max(0, ...own.map((x) => x.last_at));
        const rate = rateOfAll(heard, s);
        return (
          <li key={s.value} data-pressed={s.value === of.value || undefined} data-empty={own.length === 0 || undefined}>
            <button
              type="button"
              className={css.signal}
              aria-pressed={s.value === of.value}
              onClick={() => onPick(s.value)}
            >
              {s.name}
            </button>
            <p className={css.count}>
              {own.length === 0 ? 'None yet' : `${own.length} ${own.length === 1 ? 'source' : 'sources'}`}
            </p>
            <p className="small muted">
              {own.length === 0 ? (
                'no source sends it'
              ) : (
                <>
                  {rate === undefined ? 'measuring the rate' : `${plain(rate, rate < 10 ? 1 : 0)} ${s.unit} a second`}
                  {last > 0 ? (
                    <>
                      , the newest <Ago at={last} />
                    </>
                  ) : null}
                </>
              )}
            </p>
            <Button size="xs" className={css.send} onClick={() => onTest(s)} aria-label={`Send a test: ${s.name}`}>
              Send a test
            </Button>
          </li>
        );
      })}
    </ul>
  );
}
