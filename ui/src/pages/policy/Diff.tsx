import type { DiffLine } from '../../api/govern';
import { diffWords } from './diff';
import css from './Diff.module.css';

const marks: Record<DiffLine['kind'], string> = { same: '', add: '+', remove: '−', gap: '' };
const spoken: Record<DiffLine['kind'], string> = { same: '', add: 'Added: ', remove: 'Removed: ', gap: '' };

/** Lines that were taken away and lines that came, with sign, number and tint. */
export function Diff({ lines, label }: { lines: readonly DiffLine[]; label: string }) {
  if (lines.every((l) => l.kind === 'gap')) return <p className="muted small">{diffWords(lines)}.</p>;
  return (
    <div className={css.diff} role="region" aria-label={`${label}: ${diffWords(lines)}`} tabIndex={0}>
      <table>
        <caption className="vh">{diffWords(lines)}</caption>
        <thead className="vh">
          <tr>
            <th scope="col">Line</th>
            <th scope="col">Sign</th>
            <th scope="col">Text</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((l, i) =>
            l.kind === 'gap' ? (
              <tr key={i} className={css.gap}>
                <td colSpan={3}>
                  <span aria-hidden="true">⋯</span>
                  <span className="vh">Lines that did not change</span>
                </td>
              </tr>
            ) : (
              <tr key={i} className={css[l.kind]}>
                <td className={css.line}>{l.kind === 'remove' ? l.old_line : l.new_line || l.old_line}</td>
                <td className={css.sign} aria-hidden="true">
                  {marks[l.kind]}
                </td>
                <td className={css.text}>
                  {spoken[l.kind] ? <span className="vh">{spoken[l.kind]}</span> : null}
                  {l.text === '' ? '\u00a0' : l.text}
                </td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}
