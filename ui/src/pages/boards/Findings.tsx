import { LightShape } from '../../light/Light';
import css from './Boards.module.css';

/** What the server finds in the draft's document, by line. */
export function Findings({ list }: { list: readonly { line: number; message: string; severity: string }[] }) {
  if (list.length === 0) return null;
  return (
    <ul className={css.findings} aria-label="Findings">
      {list.map((f, i) => (
        <li key={i}>
          <LightShape state={f.severity === 'warning' ? 'yellow' : 'red'} size={16} />
          <span>
            Line {f.line}: {f.message}
          </span>
        </li>
      ))}
    </ul>
  );
}
