import { Button } from '../../components/kit';
import { Icon } from '../../components/Icon';
import { Segments } from '../../components/Segments';
import { clockSeconds, exact } from '../../time/format';
import { useZone } from '../../time/zone';
import css from './Frame.module.css';
import type { Period } from './useAsked';

const ranges = ['15m', '1h', '6h', '24h', '7d'] as const;

/** The time range of a page of Explore, and the way to ask again. */
export function RangeBar({ value, period, fallback = '1h' }: { value: string; period: Period; fallback?: string }) {
  const zone = useZone();
  const { range } = period;
  return (
    <>
      {range.live ? null : (
        <span className={css.fixed}>
          {exact(range.from, zone).replace(/ \S+$/, '')} to {clockSeconds(range.to, zone)}
          <button type="button" aria-label="Back to the newest" onClick={() => period.pick(fallback)}>
            <Icon name="x" size={13} />
          </button>
        </span>
      )}
      <Segments
        label="Range"
        items={ranges.map((r) => ({
          value: r,
          label: r.replace(/(\d+)/, '$1\u2009'),
          pressed: (value || fallback) === r,
        }))}
        onPick={period.pick}
      />
      <span className={css.shift}>
        <button type="button" aria-label="Earlier" aria-keyshortcuts="[" onClick={period.earlier}>
          <Icon name="left" size={15} />
        </button>
        <button type="button" aria-label="Later" aria-keyshortcuts="]" disabled={range.live} onClick={period.later}>
          <Icon name="right" size={15} />
        </button>
      </span>
      <Button
        aria-keyshortcuts="R"
        onClick={period.refresh}
        title={`Asked at ${exact(period.at, zone)}`}
        leftSection={<Icon name="history" size={14} />}
      >
        Refresh
      </Button>
    </>
  );
}
