import { Button } from '../../components/kit';
import { useEffect, useRef, useState } from 'react';
import { Icon } from '../../components/Icon';
import { SearchField } from './SearchField';
import { moved, split, without } from './state';
import css from './Usage.module.css';
import type { ViewProps } from './UsagePage';

const most = 10;

/** The steps of a funnel: each a search, moved with buttons or with Alt and the arrows. */
export function Builder({ search, set, from, to }: ViewProps) {
  const { steps, exclude } = search;
  const [adding, setAdding] = useState(false);
  const [said, setSaid] = useState('');
  const list = useRef<HTMLOListElement>(null);
  const focus = useRef<number | null>(null);
  useEffect(() => {
    if (focus.current === null) return;
    list.current?.children[focus.current]?.querySelector('input')?.focus();
    focus.current = null;
  }, [steps]);
  const change = (at: number, text: string) => {
    const next = text === '' ? steps.filter((_, i) => i !== at) : steps.map((s, i) => (i === at ? text : s));
    set({ step: next, ...(text === '' ? { exclude: without(exclude, at, next.length) } : {}) }, true);
  };
  const move = (at: number, by: -1 | 1) => {
    if (at + by < 0 || at + by >= steps.length) return;
    focus.current = at + by;
    set({ step: moved(steps, at, by) }, true);
    setSaid(`Step ${at + 1} is now step ${at + by + 1}`);
  };
  return (
    <>
      <ol className={css.steps} ref={list}>
        {steps.map((s, i) => (
          <li
            key={`${i} ${s}`}
            onKeyDown={(e) => {
              if (!e.altKey || (e.key !== 'ArrowUp' && e.key !== 'ArrowDown')) return;
              e.preventDefault();
              e.stopPropagation();
              move(i, e.key === 'ArrowUp' ? -1 : 1);
            }}
          >
            <div className={css.step}>
              <span className={css.number} aria-hidden="true">
                {i + 1}
              </span>
              <SearchField
                label={`Step ${i + 1}`}
                hideLabel
                value={s}
                from={from}
                to={to}
                onChange={(v) => change(i, v)}
              />
              <span className={css.stepTools}>
                <IconButton label={`Move step ${i + 1} up`} icon="up" off={i === 0} onClick={() => move(i, -1)} />
                <IconButton
                  label={`Move step ${i + 1} down`}
                  icon="down"
                  off={i === steps.length - 1}
                  onClick={() => move(i, 1)}
                />
                <IconButton label={`Take step ${i + 1} away`} icon="x" onClick={() => change(i, '')} />
              </span>
            </div>
            {i < steps.length - 1 ? <Exclusions at={i} search={search} set={set} from={from} to={to} /> : null}
          </li>
        ))}
      </ol>
      {adding || steps.length === 0 ? (
        <div className={css.step}>
          <span className={css.number} aria-hidden="true">
            {steps.length + 1}
          </span>
          <SearchField
            key={steps.length}
            label={`Step ${steps.length + 1}`}
            hideLabel
            value=""
            from={from}
            to={to}
            placeholder="An event, such as name:filing_submitted"
            autoFocus={adding}
            onChange={(v) => {
              setAdding(false);
              set({ step: [...steps, v] }, true);
            }}
          />
          {steps.length > 0 ? (
            <span className={css.stepTools}>
              <IconButton label="Do not add a step" icon="x" onClick={() => setAdding(false)} />
            </span>
          ) : null}
        </div>
      ) : steps.length < most ? (
        <Button leftSection={<Icon name="plus" size={14} />} onClick={() => setAdding(true)}>
          Add a step
        </Button>
      ) : (
        <p className="fine">A funnel has at most {most} steps.</p>
      )}
      <p className="fine">Alt with the arrows moves the step that you are in.</p>
      <p className="vh" role="status">
        {said}
      </p>
    </>
  );
}

function IconButton({
  label,
  icon,
  off = false,
  onClick,
}: {
  label: string;
  icon: 'up' | 'down' | 'x';
  off?: boolean;
  onClick: () => void;
}) {
  return (
    <button type="button" className={css.icon} aria-label={label} title={label} disabled={off} onClick={onClick}>
      <Icon name={icon} size={14} />
    </button>
  );
}

/** What takes people out who do it after this step and before the next. */
function Exclusions({ at, search, set, from, to }: Part & { at: number }) {
  const [adding, setAdding] = useState(false);
  const { exclude } = search;
  const own = exclude.map((x, i) => [i, ...split(x)] as const).filter(([, n]) => n === at + 1);
  const put = (i: number, text: string) => {
    const next = exclude.flatMap((x, k) => (k !== i ? [x] : text === '' ? [] : [`${at + 1}:${text}`]));
    set({ exclude: i < 0 && text !== '' ? [...exclude, `${at + 1}:${text}`] : next }, true);
  };
  return (
    <div className={css.between}>
      {own.map(([i, , text]) => (
        <div key={i} className={css.step}>
          <SearchField
            label={`Not if, after step ${at + 1}`}
            value={text}
            from={from}
            to={to}
            onChange={(v) => put(i, v)}
          />
          <IconButton label="Take the exclusion away" icon="x" onClick={() => put(i, '')} />
        </div>
      ))}
      {adding ? (
        <div className={css.step}>
          <SearchField
            label={`Not if, after step ${at + 1}`}
            value=""
            from={from}
            to={to}
            autoFocus
            placeholder="name:filing_abandoned"
            onChange={(v) => {
              setAdding(false);
              put(-1, v);
            }}
          />
          <IconButton label="Do not add an exclusion" icon="x" onClick={() => setAdding(false)} />
        </div>
      ) : (
        <button type="button" className={css.textual} onClick={() => setAdding(true)}>
          Exclude what comes between
          <span className="vh">
            {' '}
            step {at + 1} and {at + 2}
          </span>
        </button>
      )}
    </div>
  );
}
type Part = { [K in 'search' | 'set' | 'from' | 'to']: ViewProps[K] };
