import { Button } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { ApiError } from '../../api/client';
import { kpiQuery } from '../../api/kpi';
import { useMay } from '../../api/status';
import type { View } from '../../api/types';
import { Icon } from '../../components/Icon';
import { Failure, Loading } from '../../components/States';
import { useKeys } from '../../keys/keys';
import { LightBadge, LightShape } from '../../light/Light';
import { lightOf } from '../../light/light';
import { exact } from '../../time/format';
import { Ago } from '../../time/Ago';
import { resolveRange, shiftRange } from '../../time/range';
import { useZone } from '../../time/zone';
import { Budget } from './Budget';
import { Facts } from './Facts';
import { FeedbackPanel, ProposeChange } from './Feedback';
import { History } from './History';
import css from './Kpi.module.css';
import { Making } from './Making';
import { Pages } from './Pages';
import { Runbook } from './Runbook';
import type { KpiSearch } from './search';
import { Where } from './Where';
import { Why } from './Why';

const Evidence = lazy(() => import('./Evidence').then((m) => ({ default: m.Evidence })));
const SilenceDialog = lazy(() => import('../alerts/SilenceDialog').then((m) => ({ default: m.SilenceDialog })));

export type SetSearch = (patch: { [K in keyof KpiSearch]?: KpiSearch[K] | undefined }) => void;

/** What is wrong with this one, since when, why? */
export function KpiPage() {
  const { name } = useParams({ from: '/shell/kpi/$name' });
  const kpi = useQuery(kpiQuery(name));
  if (kpi.data) return <KpiView key={name} kpi={kpi.data} />;
  const unknown = kpi.error instanceof ApiError && kpi.error.status === 404;
  return (
    <>
      <title>{`${name} · signalbox`}</title>
      <h1 className={css.name}>{name}</h1>
      {unknown ? (
        <p className="muted" style={{ marginTop: '0.75rem' }}>
          {kpi.error?.message} <Link to="/">Go to the board</Link>
        </p>
      ) : kpi.isError ? (
        <Failure error={kpi.error} what="This KPI" retry={() => void kpi.refetch()} />
      ) : (
        <Loading what="the KPI" rows={3} height={140} />
      )}
    </>
  );
}

function KpiView({ kpi }: { kpi: View }) {
  const search = useSearch({ from: '/shell/kpi/$name' });
  const navigate = useNavigate({ from: '/kpi/$name' });
  const [silencing, setSilencing] = useState(false);
  const signals = useMay('read_signals') ?? false;
  const set: SetSearch = (patch) =>
    void navigate({ search: (old) => ({ ...old, ...patch }) as KpiSearch, replace: true, resetScroll: false });
  const toggle = <K extends keyof KpiSearch>(key: K, value: NonNullable<KpiSearch[K]>) =>
    set({ [key]: search[key] === value ? undefined : value });
  const shift = (by: -1 | 1) => {
    const now = Date.now();
    set({ range: shiftRange(resolveRange(search.range, now), by, now) });
  };
  useKeys({
    t: () => toggle('view', 'table'),
    x: () => toggle('compare', 'on'),
    d: () => set({ range: undefined }),
    m: () => set({ range: '28d' }),
    w: () => set({ range: '7d' }),
    e: () => document.querySelector<HTMLElement>('[data-evidence] a')?.focus(),
    '[': () => shift(-1),
    ']': () => shift(1),
    Escape: () => void navigate({ to: '/' }),
  });
  return (
    <>
      <title>{`${kpi.word}: ${kpi.title} · signalbox`}</title>
      <Head kpi={kpi} onSilence={() => setSilencing(true)} />
      <Facts kpi={kpi} />
      <div className={css.columns}>
        <div className="stack">
          <History kpi={kpi} search={search} set={set} />
          <div className={css.pair} data-single={(kpi.by.length === 0) !== (kpi.objective === null) || undefined}>
            {kpi.by.length > 0 ? <Where kpi={kpi} search={search} set={set} /> : null}
            {kpi.objective ? <Budget kpi={kpi} /> : null}
          </div>
          {signals ? (
            <Suspense fallback={<Loading what="the evidence" rows={1} height={220} />}>
              <Evidence kpi={kpi} search={search} set={set} />
            </Suspense>
          ) : null}
          <Why kpi={kpi} search={search} set={set} />
          <Making kpi={kpi} />
        </div>
        <aside className="stack" aria-label="Runbook, pages and feedback">
          <Runbook kpi={kpi} />
          <Pages kpi={kpi} set={set} />
          <FeedbackPanel kpi={kpi.name} />
        </aside>
      </div>
      {silencing ? (
        <Suspense fallback={null}>
          <SilenceDialog
            start={[{ name: 'kpi', value: kpi.name, is_regex: false, is_equal: true }]}
            about={kpi.title}
            onClose={() => setSilencing(false)}
          />
        </Suspense>
      ) : null}
    </>
  );
}

function Head({ kpi, onSilence }: { kpi: View; onSilence: () => void }) {
  const zone = useZone();
  const light = lightOf(kpi.light);
  const may = useMay('write_silences') ?? false;
  return (
    <header className={css.head}>
      <div className={css.headMain}>
        <div className={css.titleRow}>
          <h1>{kpi.title}</h1>
          <LightBadge state={light} word={kpi.word} />
          {kpi.paused ? <LightBadge state="paused" /> : null}
        </div>
        <p className={css.definition}>{kpi.description}</p>
        <p className={css.meta}>
          <span>
            Owner <strong>{kpi.owner || 'nobody yet'}</strong>
          </span>
          <span>
            Policy{' '}
            <Link to="/policy/$kind/$name" params={{ kind: 'KPI', name: kpi.name }}>
              revision {kpi.revision}
            </Link>
          </span>
          <span>
            Window <strong>{kpi.window_text}</strong>
          </span>
          <span>
            Updated <strong>{kpi.period_end > 0 ? <Ago at={kpi.period_end} /> : 'never'}</strong>
          </span>
          {kpi.since > 0 ? (
            <span>
              {kpi.word} since{' '}
              <strong>
                <time dateTime={new Date(kpi.since).toISOString()}>{exact(kpi.since, zone)}</time>
              </strong>
            </span>
          ) : null}
        </p>
      </div>
      <div className={`${css.actions} no-print`}>
        {/^https?:\/\//i.test(kpi.page?.runbook ?? '') ? (
          <Button
            component="a"
            href={kpi.page?.runbook}
            target="_blank"
            rel="noreferrer noopener"
            leftSection={<Icon name="book" />}
          >
            Runbook
          </Button>
        ) : null}
        <Share />
        <ProposeChange kpi={kpi.name} />
        {may ? (
          <Button
            leftSection={<Icon name="bell-off" />}
            variant={light === 'red' ? 'filled' : 'default'}
            onClick={onSilence}
          >
            Silence
          </Button>
        ) : null}
      </div>
      <Notes kpi={kpi} />
    </header>
  );
}

/** What a reader must know before believing the number: why it is as it is, what is missing, what is paused. */
function Notes({ kpi }: { kpi: View }) {
  const zone = useZone();
  const light = lightOf(kpi.light);
  const lines: React.ReactNode[] = [];
  if (light !== 'green' && kpi.reason) {
    lines.push(
      <li key="reason" data-tone={light}>
        <LightShape state={light} size={17} />
        <span>
          <strong>{kpi.reason}</strong>
          {kpi.missing && kpi.detail ? ` ${kpi.detail}` : ''}
        </span>
      </li>,
    );
  }
  if (kpi.paused) {
    lines.push(
      <li key="paused" data-tone="paused">
        <LightShape state="paused" size={17} />
        <span>
          <strong>Paused until {exact(kpi.paused.until, zone)}.</strong> {kpi.paused.comment}
          {kpi.paused.by ? ` By ${kpi.paused.by}.` : ''} Data is still recorded.{' '}
          <Link to="/alerts">See the silence</Link>
        </span>
      </li>,
    );
  }
  kpi.warnings.forEach((w, i) =>
    lines.push(
      <li key={`w${i}`} data-tone="grey">
        <LightShape state="grey" size={17} />
        <span>{w}</span>
      </li>,
    ),
  );
  return lines.length > 0 ? <ul className={css.notes}>{lines}</ul> : null;
}

function Share() {
  const [copied, setCopied] = useState(false);
  return (
    <Button
      leftSection={<Icon name={copied ? 'check' : 'share'} />}
      onClick={() => {
        void navigator.clipboard
          .writeText(window.location.href)
          .then(() => setCopied(true))
          .catch(() => undefined);
      }}
      onBlur={() => setCopied(false)}
    >
      {copied ? 'Link copied' : 'Share'}
    </Button>
  );
}
