import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { rolesQuery, type Grant } from '../../api/people';
import { Icon } from '../../components/Icon';
import css from './Form.module.css';
import { roleIds, roleSentence, roleWord } from './roles';
import { scopeFault, scopeWords } from './words';

/** Roles with their scopes, as a form. */
export function GrantsField({
  value,
  onChange,
  legend = 'Roles',
  only,
}: {
  value: Grant[];
  onChange: (g: Grant[]) => void;
  legend?: string;
  /** The roles that can be chosen; all unless told. */
  only?: string[];
}) {
  const id = useId();
  const known = useQuery(rolesQuery).data?.roles;
  const ids = only ?? known?.map((r) => r.id) ?? roleIds;
  const set = (i: number, g: Grant) => onChange(value.map((x, j) => (j === i ? g : x)));
  return (
    <fieldset className={css.set}>
      <legend className={css.label}>{legend}</legend>
      {value.map((g, i) => {
        const fault = scopeFault(g.scope);
        const sentence = roleSentence(g.role);
        return (
          <div key={i} className={css.grant}>
            <select
              aria-label={`Role ${i + 1}`}
              value={g.role}
              onChange={(e) => set(i, { ...g, role: e.currentTarget.value })}
            >
              {[...new Set([...ids, g.role])].map((r) => (
                <option key={r} value={r}>
                  {known?.find((k) => k.id === r)?.title ?? roleWord(r)}
                </option>
              ))}
            </select>
            <input
              aria-label={`Scope ${i + 1}`}
              aria-describedby={`${id}${i}`}
              aria-invalid={fault !== ''}
              value={g.scope}
              placeholder={'everything, or agency="IRS"'}
              spellCheck={false}
              autoCapitalize="none"
              autoComplete="off"
              onChange={(e) => set(i, { ...g, scope: e.currentTarget.value })}
            />
            <button
              type="button"
              className={css.quiet}
              aria-label={`Remove role ${i + 1}, ${roleWord(g.role)}`}
              onClick={() => onChange(value.filter((_, j) => j !== i))}
            >
              <Icon name="x" size={14} />
            </button>
            <p id={`${id}${i}`} className={fault === '' ? css.hint : css.fault}>
              {fault === ''
                ? `Sees ${g.scope.trim() === '' ? '' : 'only where '}${scopeWords(g.scope)}. ${sentence}`
                : fault}
            </p>
          </div>
        );
      })}
      <button
        type="button"
        className={`${css.quiet} ${css.add}`}
        onClick={() => onChange([...value, { role: ids[0] ?? 'viewer', scope: '' }])}
      >
        <Icon name="plus" size={14} /> Add a role
      </button>
    </fieldset>
  );
}

/** Roles with their scopes, in words. */
export function GrantList({ grants }: { grants: Grant[] }) {
  const known = useQuery(rolesQuery).data?.roles;
  if (grants.length === 0) return <span className="muted">no role</span>;
  return (
    <ul>
      {grants.map((g, i) => (
        <li key={i}>
          <strong>{known?.find((r) => r.id === g.role)?.title ?? roleWord(g.role)}</strong>
          {g.scope.trim() === '' ? ', everything' : `, where ${scopeWords(g.scope)}`}
        </li>
      ))}
    </ul>
  );
}
