import { useQuery } from '@tanstack/react-query';
import { useMemo, useRef, useState } from 'react';
import { ApiError } from '../../api/client';
import { facetsQuery, fieldsQuery, type Asked, type Table } from '../../api/rows';
import { Icon } from '../../components/Icon';
import { compact } from '../../format/number';
import { useKeys } from '../../keys/keys';
import { fieldOptions, valueOptions, type Option } from './complete';
import { parse, replaceField, type Fault } from './language';
import css from './SearchBox.module.css';
import { Completions, SearchInput } from './SearchInput';
import { useTyping, withOption } from './useTyping';

type Props = {
  table: Table;
  asked: Asked;
  value: string;
  label: string;
  placeholder: string;
  examples: readonly string[];
  usual: readonly string[];
  /** What the server says against the search that was asked. */
  error?: unknown;
  onRun: (q: string) => void;
};

/** Where the server found a mistake, if it says so; else the whole text. */
function faultOf(error: unknown, text: string): Fault | undefined {
  if (!(error instanceof ApiError) || (error.status !== 400 && error.status !== 422)) return undefined;
  const at = /character (\d+)/.exec(error.message)?.[1];
  const from = at === undefined ? 0 : Math.min(text.length, Math.max(0, Number(at) - 1));
  return { from, to: at === undefined ? text.length : from + 1, message: error.message };
}

/** One box for the search: fields and values complete, mistakes are marked at their place, examples help to begin. */
export function SearchBox(props: Props) {
  const { table, asked, value, label, usual, examples, onRun } = props;
  const typing = useTyping(value);
  const { text, spot, focused } = typing;
  const [tried, setTried] = useState(false);
  const [scroll, setScroll] = useState(0);
  const input = useRef<HTMLInputElement>(null);

  const known = useQuery({ ...fieldsQuery(table, asked.from, asked.to), enabled: focused });
  const field = spot.field;
  const rest = useMemo(() => (field === undefined ? '' : replaceField(value, field, null)), [value, field]);
  const values = useQuery({
    ...facetsQuery(table, { ...asked, q: rest }, field === undefined ? [] : [field], 50),
    enabled: focused && typing.open && field !== undefined,
  });
  const options: Option[] = useMemo(
    () =>
      field === undefined
        ? fieldOptions(spot, known.data, usual)
        : valueOptions(
            spot,
            values.data?.[0]?.field === field ? values.data[0].values : [],
            (n) => `${compact(n)} rows`,
          ),
    [spot, field, known.data, values.data, usual],
  );

  const own = useMemo(() => parse(text).fault, [text]);
  const unfinished = focused && own !== undefined && own.to >= text.length;
  const fault = own ?? (text === value ? faultOf(props.error, text) : undefined);
  const told = fault !== undefined && (tried || !unfinished);

  useKeys({
    i: (e) => {
      e.preventDefault();
      input.current?.focus();
    },
  });

  const run = (q = text) => {
    typing.change({ text: q, open: false, at: -1 });
    setTried(true);
    if (!parse(q).fault) onRun(q.trim());
  };
  const pick = (o: Option) => {
    typing.change({ text: withOption(text, o), caret: o.caret, goal: o.caret, at: -1, open: true });
  };

  return (
    <search className={css.box}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          run();
        }}
      >
        <div className={css.field} data-bad={told || undefined}>
          <span className={css.icon}>
            <Icon name="search" size={15} />
          </span>
          <div className={css.pane}>
            <div className={css.mirror} aria-hidden="true">
              <span style={{ transform: `translateX(${-scroll}px)` }}>
                {fault && told ? (
                  <>
                    {text.slice(0, fault.from)}
                    <mark>{text.slice(fault.from, fault.to).padEnd(1, '\u00a0')}</mark>
                  </>
                ) : null}
              </span>
            </div>
            <SearchInput
              typing={typing}
              options={options}
              box={input}
              aria-label={label}
              aria-invalid={told || undefined}
              aria-describedby={told ? `${typing.id}-fault` : undefined}
              aria-keyshortcuts="I"
              placeholder={props.placeholder}
              onTake={() => run()}
              onPick={pick}
              onLeave={() => input.current?.blur()}
              onTrack={(el) => setScroll(el.scrollLeft)}
              onInput={() => setTried(false)}
              onFocus={() => typing.change({ focused: true })}
              onBlur={() => typing.change({ focused: false, open: false })}
            />
          </div>
          {text === '' ? null : (
            <button
              type="button"
              className={css.clear}
              aria-label="Clear the search"
              onClick={() => {
                run('');
                input.current?.focus();
              }}
            >
              <Icon name="x" size={14} />
            </button>
          )}
          <button type="submit" className={css.run}>
            Search
          </button>
        </div>
        <Completions typing={typing} options={options} label="Completions" onPick={pick} />
      </form>
      {fault && told ? (
        <p id={`${typing.id}-fault`} className={css.fault} role="alert">
          <b>{fault.from < text.length ? `At character ${fault.from + 1}:` : 'At the end:'}</b> {fault.message}
        </p>
      ) : null}
      {text === '' && value === '' ? (
        <p className={css.tries}>
          <span>Such as</span>
          {examples.map((e) => (
            <button key={e} type="button" onClick={() => run(e)}>
              <code>{e}</code>
            </button>
          ))}
        </p>
      ) : null}
    </search>
  );
}
