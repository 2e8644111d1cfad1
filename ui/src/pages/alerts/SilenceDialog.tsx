import { Button, Textarea } from '../../components/kit';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useId, useMemo, useState } from 'react';
import { alertsQuery, previewQuery, useCreateSilence } from '../../api/alerts';
import type { Matcher, Silence } from '../../api/types';
import { Dialog } from '../../components/Dialog';
import { Icon } from '../../components/Icon';
import { Segments } from '../../components/Segments';
import { LightShape } from '../../light/Light';
import { exact, lengthWords } from '../../time/format';
import { useZone } from '../../time/zone';
import { faultOf, matcherText, opOf, withOp, type Op } from './matcher';
import css from './SilenceDialog.module.css';

const lengths = [
  ['30m', 30 * 60_000],
  ['2h', 2 * 3_600_000],
  ['8h', 8 * 3_600_000],
  ['1d', 86_400_000],
  ['7d', 7 * 86_400_000],
] as const;

type Props = {
  start: Matcher[];
  /** What the silence is about, in words, when it was opened from somewhere. */
  about?: string;
  /** The silence that is changed; absent for a new one. */
  silence?: Silence | undefined;
  onClose: () => void;
};

/** Mutes for a time what matches; shows what that would be before it is done. */
export function SilenceDialog({ start, about, silence, onClose }: Props) {
  const zone = useZone();
  const [matchers, setMatchers] = useState<Matcher[]>(silence?.matchers ?? start);
  const [length, setLength] = useState<number>(2 * 3_600_000);
  const [comment, setComment] = useState(silence?.comment ?? '');
  const [tried, setTried] = useState(false);
  const create = useCreateSilence();
  const fault = faultOf(matchers);
  const [settled] = useDebouncedValue(matchers, 250);
  const preview = useQuery({ ...previewQuery(settled), enabled: faultOf(settled) === '' });
  const [opened] = useState(() => Date.now());
  const ends = opened + length;

  const submit = (e: React.SyntheticEvent) => {
    e.preventDefault();
    setTried(true);
    if (fault !== '' || comment.trim() === '') return;
    const now = Date.now();
    create.mutate(
      {
        ...(silence ? { id: silence.id } : {}),
        matchers,
        starts_at: silence ? silence.starts_at : now,
        ends_at: now + length,
        comment: comment.trim(),
      },
      { onSuccess: onClose },
    );
  };

  return (
    <Dialog title={silence ? 'Change the silence' : about ? `Silence ${about}` : 'New silence'} onClose={onClose}>
      <form className={css.form} onSubmit={submit} noValidate>
        <p className="muted small">
          While it is silent nobody is paged for what matches. Data is still recorded, lights still change, and the
          board marks it as paused.
        </p>
        <Matchers value={matchers} onChange={setMatchers} />
        {fault !== '' && (tried || matchers.length === 0) ? (
          <p className={css.fault} role="alert">
            {fault}
          </p>
        ) : null}
        <div className={css.field}>
          <span className={css.label}>For how long</span>
          <Segments
            label="For how long"
            items={lengths.map(([value, ms]) => ({ value, label: lengthWords(ms), pressed: ms === length }))}
            onPick={(v) => setLength(lengths.find(([x]) => x === v)?.[1] ?? length)}
          />
          <span className="fine">until {exact(ends, zone)}</span>
        </div>
        <Textarea
          label="Why"
          description="The next person reads this when they wonder why nobody was paged."
          value={comment}
          onChange={(e) => setComment(e.currentTarget.value)}
          rows={2}
          required
          data-autofocus
          error={tried && comment.trim() === '' ? 'Say why, in a few words.' : undefined}
        />
        <div className={css.preview} role="status">
          {fault !== '' ? (
            <span className="muted">What it would mute shows here.</span>
          ) : preview.data ? (
            <>
              <strong>
                {preview.data.matches === 0
                  ? 'No active alert matches now; it mutes what comes.'
                  : `Mutes ${preview.data.matches} active ${preview.data.matches === 1 ? 'alert' : 'alerts'} now`}
              </strong>
              <ul>
                {preview.data.alerts.slice(0, 5).map((a) => (
                  <li key={a.fingerprint}>
                    <LightShape state={a.state === 'suppressed' ? 'paused' : 'red'} size={15} />
                    <span>{a.annotations.summary ?? a.labels.alertname}</span>
                  </li>
                ))}
                {preview.data.matches > 5 ? <li className="muted">and {preview.data.matches - 5} more</li> : null}
              </ul>
            </>
          ) : preview.isError ? (
            <span className={css.fault}>{preview.error.message}</span>
          ) : (
            <span className="muted">Looking what it would mute</span>
          )}
        </div>
        {create.isError ? (
          <p className={css.fault} role="alert">
            {create.error.message}
          </p>
        ) : null}
        <div className={css.buttons}>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" loading={create.isPending}>
            Silence for {lengthWords(length)}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Matchers({ value, onChange }: { value: Matcher[]; onChange: (m: Matcher[]) => void }) {
  const list = useId();
  const alerts = useQuery(alertsQuery).data?.active;
  const known = useMemo(() => {
    const out = new Map<string, Set<string>>();
    for (const a of alerts ?? []) {
      for (const [k, v] of Object.entries(a.labels)) {
        const set = out.get(k) ?? new Set();
        set.add(v);
        out.set(k, set);
      }
    }
    return out;
  }, [alerts]);
  const set = (i: number, m: Matcher) => onChange(value.map((x, j) => (j === i ? m : x)));
  return (
    <fieldset className={css.matchers}>
      <legend className={css.label}>What is silenced</legend>
      <datalist id={`${list}names`}>
        {[...known.keys()].sort().map((k) => (
          <option key={k} value={k} />
        ))}
      </datalist>
      {value.map((m, i) => (
        <div key={i} className={css.matcher}>
          <input
            aria-label={`Label ${i + 1}`}
            list={`${list}names`}
            value={m.name}
            placeholder="label"
            onChange={(e) => set(i, { ...m, name: e.currentTarget.value })}
          />
          <select
            aria-label={`Comparison ${i + 1}`}
            value={opOf(m)}
            onChange={(e) => set(i, withOp(m, e.currentTarget.value as Op))}
          >
            <option value="=">is</option>
            <option value="!=">is not</option>
            <option value="=~">matches</option>
            <option value="!~">does not match</option>
          </select>
          <input
            aria-label={`Value ${i + 1}`}
            list={`${list}v${i}`}
            value={m.value}
            placeholder="value"
            onChange={(e) => set(i, { ...m, value: e.currentTarget.value })}
          />
          <datalist id={`${list}v${i}`}>
            {[...(known.get(m.name) ?? [])].sort().map((v) => (
              <option key={v} value={v} />
            ))}
          </datalist>
          <button
            type="button"
            className={css.remove}
            aria-label={`Remove ${matcherText(m)}`}
            onClick={() => onChange(value.filter((_, j) => j !== i))}
          >
            <Icon name="x" size={14} />
          </button>
        </div>
      ))}
      <button
        type="button"
        className={css.add}
        onClick={() => onChange([...value, { name: '', value: '', is_regex: false, is_equal: true }])}
      >
        <Icon name="plus" size={14} /> Add a label
      </button>
    </fieldset>
  );
}
