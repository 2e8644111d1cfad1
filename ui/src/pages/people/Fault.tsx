import { LightShape } from '../../light/Light';
import css from './Form.module.css';

/** The server's sentence about what was refused, where it happened. */
export function Fault({ error }: { error: Error | null | string }) {
  const text = typeof error === 'string' ? error : error?.message;
  if (!text) return null;
  return (
    <p className={css.fault} role="alert">
      <LightShape state="red" size={16} />
      <span>{text}</span>
    </p>
  );
}
