import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { facetsQuery, fieldsQuery, type Table } from '../../api/rows';
import { compact } from '../../format/number';
import { fieldOptions, spotAt, valueOptions, type Option } from '../explore/complete';
import { parse, quote } from '../explore/language';
import css from './SearchField.module.css';

const usual = ['name', 'route', 'service', 'release', 'status', 'kind'];

/**
 * A search for events in a form: names of events complete first, then fields and their values. It is taken with Enter, by
 * choosing, or by leaving the field.
 */
export function SearchField({
  label,
  hideLabel = false,
  value,
  from,
  to,
  table = 'events',
  placeholder,
  error,
  autoFocus = false,
  onChange,
}: {
  label: string;
  hideLabel?: boolean;
  value: string;
  from: number;
  to: number;
  table?: Table;
  placeholder?: string;
  /** What the server says against it. */
  error?: string | undefined;
  autoFocus?: boolean;
  onChange: (v: string) => void;
}) {
  const [text, setText] = useState(value);
  const [seen, setSeen] = useState(value);
  if (seen !== value) {
    setSeen(value);
    setText(value);
  }
  const [caret, setCaret] = useState(value.length);
  const [focused, setFocused] = useState(false);
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const next = useRef<number | null>(null);
  const id = useId();
  const spot = useMemo(() => spotAt(text, caret), [text, caret]);
  const field = spot.field;
  const whole = { q: '', from, to };
  const names = useQuery({
    ...facetsQuery(table, whole, ['name'], 50),
    enabled: focused && open && field === undefined,
  });
  const fields = useQuery({ ...fieldsQuery(table, from, to), enabled: focused && field === undefined });
  const values = useQuery({
    ...facetsQuery(table, whole, field === undefined ? [] : [field], 50),
    enabled: focused && open && field !== undefined,
  });
  const options = useMemo((): Option[] => {
    const count = (n: number) => `${compact(n)} ${table}`;
    if (field !== undefined) {
      return valueOptions(spot, values.data?.[0]?.field === field ? values.data[0].values : [], count);
    }
    const typed = spot.typed.toLowerCase();
    const events = (names.data?.[0]?.field === 'name' ? names.data[0].values : [])
      .filter((v) => v.value !== '' && v.value.toLowerCase().includes(typed))
      .slice(0, 8)
      .map((v): Option => {
        const insert = `name:${quote(v.value)} `;
        return {
          text: v.value,
          detail: count(v.count),
          insert,
          from: spot.from,
          to: spot.to,
          caret: spot.from + insert.length,
        };
      });
    return [...events, ...fieldOptions(spot, fields.data, usual).slice(0, 5)];
  }, [spot, field, names.data, fields.data, values.data, table]);
  const shown = open && focused && options.length > 0;
  const selected = at < 0 ? -1 : Math.min(at, options.length - 1);
  const own = useMemo(() => parse(text).fault, [text]);
  const told = own && !(focused && own.to >= text.length) ? own.message : text === value ? error : undefined;
  useEffect(() => {
    if (autoFocus) input.current?.focus();
  }, [autoFocus]);
  useEffect(() => {
    const el = input.current;
    if (!el || next.current === null) return;
    el.setSelectionRange(next.current, next.current);
    next.current = null;
  }, [text]);

  const take = (v: string) => {
    setOpen(false);
    setAt(-1);
    if (!parse(v).fault && v.trim() !== value) onChange(v.trim());
  };
  const choose = (o: Option) => {
    const out = text.slice(0, o.from) + o.insert + text.slice(o.to).trimStart();
    next.current = o.caret;
    setText(out);
    setCaret(o.caret);
    setAt(-1);
    input.current?.focus();
    if (o.insert.endsWith(':')) setOpen(true);
    else take(out);
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
      if (o) choose(o);
      else take(text);
    } else if (e.key === 'Escape') {
      e.stopPropagation();
      if (shown) setOpen(false);
      else {
        setText(value);
        input.current?.blur();
      }
    }
  };
  return (
    <div className={css.field}>
      <label htmlFor={id} className={hideLabel ? 'vh' : undefined}>
        {label}
      </label>
      <div className={css.box}>
        <input
          ref={input}
          id={id}
          type="text"
          role="combobox"
          aria-expanded={shown}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={shown && selected >= 0 ? `${id}-${selected}` : undefined}
          aria-invalid={told !== undefined || undefined}
          aria-describedby={told === undefined ? undefined : `${id}-fault`}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          placeholder={placeholder}
          value={text}
          onChange={(e) => {
            setText(e.currentTarget.value);
            setCaret(e.currentTarget.selectionStart ?? e.currentTarget.value.length);
            setOpen(true);
            setAt(-1);
          }}
          onSelect={() => setCaret(input.current?.selectionStart ?? text.length)}
          onKeyDown={onKeyDown}
          onFocus={() => {
            setFocused(true);
            if (text === '') setOpen(true);
          }}
          onClick={() => setOpen(true)}
          onBlur={() => {
            setFocused(false);
            setOpen(false);
            take(text);
          }}
        />
        <ul
          id={`${id}-list`}
          role="listbox"
          aria-label={`${label}: completions`}
          className={css.options}
          hidden={!shown}
        >
          {shown
            ? options.map((o, i) => (
                <li
                  key={`${o.text}-${i}`}
                  id={`${id}-${i}`}
                  role="option"
                  aria-selected={i === selected}
                  onPointerDown={(e) => {
                    e.preventDefault();
                    choose(o);
                  }}
                >
                  <code>{o.text}</code>
                  <span>{o.detail}</span>
                </li>
              ))
            : null}
        </ul>
      </div>
      {told === undefined ? null : (
        <p id={`${id}-fault`} className={css.fault} role="alert">
          {told}
        </p>
      )}
    </div>
  );
}
