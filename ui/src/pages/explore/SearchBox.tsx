import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { ApiError } from '../../api/client';
import { facetsQuery, fieldsQuery, type Asked, type Table } from '../../api/rows';
import { Icon } from '../../components/Icon';
import { compact } from '../../format/number';
import { useKeys } from '../../keys/keys';
import { fieldOptions, spotAt, valueOptions, type Option } from './complete';
import { parse, replaceField, type Fault } from './language';
import css from './SearchBox.module.css';

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
  const [text, setText] = useState(value);
  const [seen, setSeen] = useState(value);
  if (seen !== value) {
    setSeen(value);
    setText(value);
  }
  const [caret, setCaret] = useState(value.length);
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const [tried, setTried] = useState(false);
  const [focused, setFocused] = useState(false);
  const [scroll, setScroll] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const next = useRef<number | null>(null);
  const id = useId();

  const spot = useMemo(() => spotAt(text, caret), [text, caret]);
  const known = useQuery({ ...fieldsQuery(table, asked.from, asked.to), enabled: focused });
  const field = spot.field;
  const rest = useMemo(() => (field === undefined ? '' : replaceField(value, field, null)), [value, field]);
  const values = useQuery({
    ...facetsQuery(table, { ...asked, q: rest }, field === undefined ? [] : [field], 50),
    enabled: focused && open && field !== undefined,
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
  const shown = open && focused && options.length > 0;
  const selected = at < 0 ? -1 : Math.min(at, options.length - 1);

  const own = useMemo(() => parse(text).fault, [text]);
  const typing = focused && own !== undefined && own.to >= text.length;
  const fault = own ?? (text === value ? faultOf(props.error, text) : undefined);
  const told = fault !== undefined && (tried || !typing);

  useEffect(() => {
    const el = input.current;
    if (!el || next.current === null) return;
    el.setSelectionRange(next.current, next.current);
    next.current = null;
  }, [text]);
  useKeys({
    i: (e) => {
      e.preventDefault();
      input.current?.focus();
    },
  });

  const run = (q = text) => {
    setOpen(false);
    setAt(-1);
    setTried(true);
    if (!parse(q).fault) onRun(q.trim());
  };
  const pick = (o: Option) => {
    const out = text.slice(0, o.from) + o.insert + text.slice(o.to).trimStart();
    next.current = o.caret;
    setText(out);
    setCaret(o.caret);
    setAt(-1);
    setOpen(true);
    input.current?.focus();
  };
  const onKeyDown = (e: React.KeyboardEvent) => {
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') {
      e.preventDefault();
      if (!shown) {
        setOpen(true);
        setAt(0);
        return;
      }
      const n = options.length;
      setAt(e.key === 'ArrowDown' ? (selected + 1) % n : (selected <= 0 ? n : selected) - 1);
    } else if (e.key === 'Enter') {
      e.preventDefault();
      const o = shown && selected >= 0 ? options[selected] : undefined;
      if (o) pick(o);
      else run();
    } else if (e.key === 'Escape') {
      e.stopPropagation();
      if (shown) setOpen(false);
      else input.current?.blur();
    } else if (e.key === ' ' && e.ctrlKey) {
      e.preventDefault();
      setOpen(true);
    }
  };
  const track = () => {
    const el = input.current;
    if (!el) return;
    setCaret(el.selectionStart ?? el.value.length);
    setScroll(el.scrollLeft);
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
            <input
              ref={input}
              type="text"
              role="combobox"
              aria-label={label}
              aria-expanded={shown}
              aria-controls={`${id}-list`}
              aria-autocomplete="list"
              aria-activedescendant={shown && selected >= 0 ? `${id}-${selected}` : undefined}
              aria-invalid={told || undefined}
              aria-describedby={told ? `${id}-fault` : undefined}
              aria-keyshortcuts="I"
              autoComplete="off"
              autoCapitalize="off"
              spellCheck={false}
              placeholder={props.placeholder}
              value={text}
              onChange={(e) => {
                setText(e.currentTarget.value);
                setCaret(e.currentTarget.selectionStart ?? e.currentTarget.value.length);
                setOpen(true);
                setAt(-1);
                setTried(false);
              }}
              onKeyDown={onKeyDown}
              onSelect={track}
              onScroll={track}
              onFocus={() => setFocused(true)}
              onBlur={() => {
                setFocused(false);
                setOpen(false);
              }}
            />
          </div>
          {text === '' ? null : (
            <button
              type="button"
              className={css.clear}
              aria-label="Clear the search"
              onClick={() => {
                setText('');
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
        <ul
          id={`${id}-list`}
          role="listbox"
          aria-label="Completions"
          className={shown ? css.options : 'vh'}
          hidden={!shown}
        >
          {shown
            ? options.map((o, i) => (
                <li
                  key={o.text}
                  id={`${id}-${i}`}
                  role="option"
                  aria-selected={i === selected}
                  onPointerDown={(e) => {
                    e.preventDefault();
                    pick(o);
                  }}
                >
                  <code>{o.text}</code>
                  <span>{o.detail}</span>
                </li>
              ))
            : null}
        </ul>
      </form>
      {fault && told ? (
        <p id={`${id}-fault`} className={css.fault} role="alert">
          <b>{fault.from < text.length ? `At character ${fault.from + 1}:` : 'At the end:'}</b> {fault.message}
        </p>
      ) : null}
      {text === '' && value === '' ? (
        <p className={css.tries}>
          <span>Such as</span>
          {examples.map((e) => (
            <button
              key={e}
              type="button"
              onClick={() => {
                setText(e);
                run(e);
              }}
            >
              <code>{e}</code>
            </button>
          ))}
        </p>
      ) : null}
    </search>
  );
}
