import type { Matrix as Data } from '../../api/people';
import { Icon } from '../../components/Icon';
import css from './People.module.css';

/** Which role may do what: the server's own table. */
export function Matrix({ matrix }: { matrix: Data }) {
  return (
    <section className="panel" aria-label="What each role may do">
      <dl className={css.roles}>
        {matrix.roles.map((r) => (
          <div key={r.id}>
            <dt>{r.title}</dt>
            <dd>{r.sentence}</dd>
          </div>
        ))}
      </dl>
      <div className={css.matrix} tabIndex={0} role="region" aria-label="Table of roles and actions">
        <table className="table">
          <caption className="vh">Rows are actions, columns are roles.</caption>
          <thead>
            <tr>
              <th scope="col">Action</th>
              {matrix.roles.map((r) => (
                <th key={r.id} scope="col">
                  {r.title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {matrix.actions.map((a) => (
              <tr key={a.id}>
                <th scope="row">
                  {a.title}
                  {a.whole ? <span className="fine"> only without a scope</span> : null}
                </th>
                {matrix.roles.map((r) => (
                  <td key={r.id}>
                    {a.roles.includes(r.id) ? (
                      <span className={css.yes}>
                        <Icon name="check" size={15} />
                        <span>yes</span>
                      </span>
                    ) : (
                      <span className={css.no}>no</span>
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
