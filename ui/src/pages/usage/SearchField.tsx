import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef } from 'react';
import { facetsQuery, fieldsQuery, type Table } from '../../api/rows';
import { compact } from '../../format/number';
import { fieldOptions, valueOptions, type Option } from '../explore/complete';
import { parse, quote } from '../explore/language';
import { Completions, SearchInput } from '../explore/SearchInput';
import { useTyping, withOption } from '../explore/useTyping';
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
  const typing = useTyping(value);
  const { text, spot, focused, open } = typing;
  const input = useRef<HTMLInputElement>(null);
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
  const own = useMemo(() => parse(text).fault, [text]);
  const told = own && !(focused && own.to >= text.length) ? own.message : text === value ? error : undefined;
  useEffect(() => {
    if (autoFocus) input.current?.focus();
  }, [autoFocus]);

  const take = (v: string) => {
    typing.change({ text: v, open: false, at: -1 });
    if (!parse(v).fault && v.trim() !== value) onChange(v.trim());
  };
  const pick = (o: Option) => {
    const out = withOption(text, o);
    const unfinished = o.insert.endsWith(':');
    typing.change({ text: out, caret: o.caret, goal: o.caret, at: -1, open: unfinished });
    if (!unfinished && !parse(out).fault && out.trim() !== value) onChange(out.trim());
  };
  return (
    <div className={css.field}>
      <label htmlFor={typing.id} className={hideLabel ? 'vh' : undefined}>
        {label}
      </label>
      <div className={css.box}>
        <SearchInput
          typing={typing}
          options={options}
          box={input}
          id={typing.id}
          aria-invalid={told !== undefined || undefined}
          aria-describedby={told === undefined ? undefined : `${typing.id}-fault`}
          placeholder={placeholder}
          onTake={() => take(text)}
          onPick={pick}
          onLeave={() => {
            if (text === value) input.current?.blur();
            else typing.change({ text: value, caret: value.length });
          }}
          onFocus={() => typing.change({ focused: true, ...(text === '' ? { open: true } : {}) })}
          onClick={() => typing.change({ open: true })}
          onBlur={() => {
            typing.change({ focused: false });
            take(text);
          }}
        />
        <Completions typing={typing} options={options} label={`${label}: completions`} onPick={pick} />
      </div>
      {told === undefined ? null : (
        <p id={`${typing.id}-fault`} className={css.fault} role="alert">
          {told}
        </p>
      )}
    </div>
  );
}
