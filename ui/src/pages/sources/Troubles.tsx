import { useQuery } from '@tanstack/react-query';
import { statusQuery, useMay } from '../../api/status';
import { LightShape } from '../../light/Light';
import css from './Sources.module.css';
import { troublesOf } from './trouble';

/** What is wrong with what the server keeps, in red, with what to do; for those who may know how the server is. */
export function Troubles() {
  const may = useMay('read_server') === true;
  const status = useQuery({ ...statusQuery, enabled: may, refetchInterval: 30_000 }).data;
  const list = troublesOf(status);
  if (list.length === 0) return null;
  return (
    <section className={css.troubles} aria-label="What is wrong with the server">
      {list.map((t) => (
        <div key={t.said} className={css.trouble} role="alert">
          <LightShape state="red" size={20} />
          <div>
            <h2>{t.title}</h2>
            <p className={css.error}>{t.said}</p>
            <p className={css.hint}>
              <strong>What to do:</strong> {t.todo}
            </p>
          </div>
        </div>
      ))}
    </section>
  );
}
