import { Button } from '../../components/kit';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useMemo, useState } from 'react';
import { Icon } from '../../components/Icon';
import { Pick } from '../../components/Pick';
import { Segments } from '../../components/Segments';
import { useKeys } from '../../keys/keys';
import { fixedRange, formatLength, parseLength, resolveRange, shiftRange } from '../../time/range';
import { useNow } from '../../time/useNow';
import css from './Explore.module.css';
import { Exemplars } from './Exemplars';
import { Frame } from './Frame';
import { stepFor } from './plan';
import type { ExploreSearch } from './search';
import { Suggestions } from './Suggestions';
import { Tables } from './Tables';
import { Graph } from './Graph';

const Editor = lazy(() => import('./Editor').then((m) => ({ default: m.Editor })));

const ranges = ['15m', '1h', '6h', '24h', '7d'] as const;

/** What do the raw signals say? */
export function ExplorePage() {
  const search = useSearch({ from: '/shell/explore/metrics' });
  const navigate = useNavigate({ from: '/explore/metrics' });
  const [drafts, setDrafts] = useState<string[]>(search.q ?? ['']);
  const asked = useMemo(() => (search.q ?? []).filter((q) => q.trim() !== ''), [search.q]);
  // A link or the back button may bring other queries than those that were typed here.
  const [seen, setSeen] = useState(search.q);
  if (seen !== search.q) {
    setSeen(search.q);
    if (search.q && search.q.join('\n') !== drafts.filter((d) => d.trim() !== '').join('\n')) setDrafts(search.q);
  }

  const set = (patch: { [K in keyof ExploreSearch]?: ExploreSearch[K] | undefined }, replace = true) =>
    void navigate({ search: (old) => ({ ...old, ...patch }) as ExploreSearch, replace, resetScroll: false });
  const run = (list: string[] = drafts) => {
    const q = list.map((d) => d.trim()).filter((d) => d !== '');
    set({ q: q.length > 0 ? q : undefined }, false);
  };
  const start = (q: string) => {
    setDrafts([q]);
    run([q]);
  };

  const length = useMemo(() => {
    const r = resolveRange(search.range, 0, '1h');
    return r.to - r.from;
  }, [search.range]);
  const step = stepFor(length, search.step ? parseLength(search.step) : null);
  const now = useNow(Math.max(step, 5_000));
  const range = useMemo(() => resolveRange(search.range, now, '1h'), [search.range, now]);
  useKeys({
    t: () => set({ view: search.view === 'table' ? undefined : 'table' }),
    '[': () => set({ range: shiftRange(range, -1, now) }),
    ']': () => set({ range: shiftRange(range, 1, now) }),
  });

  return (
    <>
      <title>Explore metrics · signalbox</title>
      <Frame view="metrics" title="Explore metrics" range={search.range} />
      <form
        className={css.queries}
        onSubmit={(e) => {
          e.preventDefault();
          run();
        }}
      >
        {drafts.map((d, i) => (
          <div key={i} className={css.query}>
            <span className={css.letter} aria-hidden="true">
              {String.fromCharCode(65 + i)}
            </span>
            <div className="grow">
              <Suspense
                fallback={
                  <input
                    className={css.plainEditor}
                    aria-label={`Query ${String.fromCharCode(65 + i)}`}
                    value={d}
                    onChange={(e) => setDrafts(drafts.map((x, j) => (j === i ? e.currentTarget.value : x)))}
                  />
                }
              >
                <Editor
                  value={d}
                  label={`Query ${String.fromCharCode(65 + i)}`}
                  onChange={(v) => setDrafts((old) => old.map((x, j) => (j === i ? v : x)))}
                  onRun={() => run()}
                />
              </Suspense>
            </div>
            {drafts.length > 1 ? (
              <button
                type="button"
                className={css.remove}
                aria-label={`Remove query ${String.fromCharCode(65 + i)}`}
                onClick={() => {
                  const rest = drafts.filter((_, j) => j !== i);
                  setDrafts(rest);
                  run(rest);
                }}
              >
                <Icon name="x" size={14} />
              </button>
            ) : null}
          </div>
        ))}
        <div className={css.bar}>
          <Button type="submit" variant="filled" leftSection={<Icon name="play" size={13} />}>
            Run
          </Button>
          {drafts.length < 10 ? (
            <Button leftSection={<Icon name="plus" size={14} />} onClick={() => setDrafts([...drafts, ''])}>
              Add a query
            </Button>
          ) : null}
          <span className="grow" />
          <Segments
            label="Show as"
            items={[
              { value: 'graph', label: 'Graph', pressed: search.view !== 'table' },
              { value: 'table', label: 'Table', pressed: search.view === 'table' },
            ]}
            onPick={(v) => set({ view: v === 'table' ? 'table' : undefined })}
          />
          <Segments
            label="Range"
            items={ranges.map((r) => ({
              value: r,
              label: r.replace(/(\d+)/, '$1\u2009'),
              pressed: (search.range ?? '1h') === r,
            }))}
            onPick={(r) => set({ range: r === '1h' ? undefined : r })}
          />
          <span className={css.shift}>
            <button
              type="button"
              aria-label="Earlier"
              aria-keyshortcuts="["
              onClick={() => set({ range: shiftRange(range, -1, now) })}
            >
              <Icon name="left" size={15} />
            </button>
            <button
              type="button"
              aria-label="Later"
              aria-keyshortcuts="]"
              disabled={range.live}
              onClick={() => set({ range: shiftRange(range, 1, now) })}
            >
              <Icon name="right" size={15} />
            </button>
          </span>
          <Pick
            label="Step"
            value={search.step ?? ''}
            options={[
              { value: '', label: `auto, ${formatLength(step)}` },
              ...['1s', '5s', '15s', '1m', '5m', '1h'].map((s) => ({ value: s, label: s })),
            ]}
            onChange={(v) => set({ step: v || undefined })}
          />
        </div>
      </form>
      <div className="stack">
        {asked.length === 0 ? (
          <Suggestions onPick={start} />
        ) : search.view === 'table' ? (
          <Tables queries={asked} at={range.to} />
        ) : (
          <Graph
            queries={asked}
            from={range.from}
            to={range.to}
            step={step}
            onZoom={(a, b) => set({ range: fixedRange(a, b) })}
          />
        )}
        {asked.length > 0 ? <Exemplars queries={asked} from={range.from} to={range.to} /> : null}
      </div>
    </>
  );
}
