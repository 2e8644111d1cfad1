import { Checkbox } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { fieldsQuery, type Asked } from '../../api/rows';
import css from './Logs.module.css';

/** Which fields stand beside the message. */
export function Columns({
  table,
  asked,
  cols,
  onChange,
}: {
  table: 'logs' | 'events';
  asked: Asked;
  cols: readonly string[];
  onChange: (cols: string[]) => void;
}) {
  const known = useQuery(fieldsQuery(table, asked.from, asked.to)).data;
  const names = [
    ...new Set([
      ...cols,
      ...(known?.fields.map((f) => f.name).filter((n) => !['time', 'body', 'weight'].includes(n)) ?? []),
      ...(known?.attributes.slice(0, 30) ?? []),
    ]),
  ];
  return (
    <fieldset className={css.cols} style={{ border: 0, margin: 0 }}>
      <legend className="vh">Columns beside time and message</legend>
      {names.map((n) => (
        <Checkbox
          key={n}
          label={n}
          checked={cols.includes(n)}
          onChange={(e) => onChange(e.currentTarget.checked ? [...cols, n] : cols.filter((c) => c !== n))}
        />
      ))}
    </fieldset>
  );
}
