import type { Matrix as Data } from '../../api/people';
import { Icon } from '../../components/Icon';
import css from './People.module.css';
import { roleSentence } from './roles';

/** Which role may do what: the server's own table. */
export function Matrix({ matrix }: { matrix: Data }) {
  return (
    <section className="panel" aria-label="What each role may do">
      <dl className={css.roles}>
        {matrix.roles.map((r) => (
          <div key={r.id}>
            <dt>{r.title}</dt>
            <dd>{roleSentence(r.id)}</dd>
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
              <tr key={a.action}>
                <th scope="row">
                  {a.title}
                  <span className="fine">
                    {a.whole ? ' only without a scope' : ''}
                    {a.kinds.length === 1 && a.kinds[0] === 'person' ? ' people only, no token' : ''}
                  </span>
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
