import { useId } from 'react';
import { Icon } from './Icon';
import css from './Pick.module.css';

type Option = { value: string; label: string };

/** A quiet choice in a toolbar: the browser's own list behind a label in words. */
export function Pick({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: string;
  options: readonly Option[];
  onChange: (v: string) => void;
}) {
  const id = useId();
  const shown = options.some((o) => o.value === value) ? options : [{ value, label: value }, ...options];
  return (
    <span className={css.pick} data-set={value !== '' || undefined}>
      <label htmlFor={id}>{label}</label>
      <span className={css.field}>
        <select id={id} value={value} onChange={(e) => onChange(e.currentTarget.value)}>
          {shown.map((o) => (
            <option key={o.value} value={o.value}>
              {o.label}
            </option>
          ))}
        </select>
        <Icon name="down" size={13} />
      </span>
    </span>
  );
}
