import { Button } from '../../components/kit';
import type { Token } from '../../api/people';
import { LightLabel } from '../../light/Light';
import type { StateName } from '../../light/light';
import { Ago } from '../../time/Ago';
import { when } from '../../time/format';
import { useNow } from '../../time/useNow';
import { useZone } from '../../time/zone';
import { GrantList } from './Grants';
import css from './Tables.module.css';

const states: Record<string, [StateName, string]> = {
  active: ['green', 'Active'],
  expired: ['grey', 'Expired'],
  dead: ['paused', 'Owner disabled'],
};

/** API tokens, with their owner where they are of several people. */
export function TokenTable({
  tokens,
  owners = false,
  onRevoke,
}: {
  tokens: Token[];
  owners?: boolean;
  onRevoke?: ((t: Token) => void) | undefined;
}) {
  const zone = useZone();
  const now = useNow(60_000);
  return (
    <table className={`table ${css.cards}`}>
      <thead>
        <tr>
          <th scope="col">Token</th>
          {owners ? <th scope="col">Owner</th> : null}
          <th scope="col">State</th>
          <th scope="col">May</th>
          <th scope="col">Ends</th>
          <th scope="col">Last used</th>
          <th scope="col">
            <span className="vh">What to do</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {tokens.map((t) => {
          const [state, word] = states[t.state] ?? (['grey', t.state] as const);
          return (
            <tr key={t.id} data-off={t.state !== 'active' || undefined}>
              <th scope="row">
                {t.name}
                <code className="muted"> {t.hint}…</code>
                {t.agent ? <span className="chip">agent</span> : null}
                {t.pushes_as ? <span className="chip">source {t.pushes_as}</span> : null}
              </th>
              {owners ? <td data-label="Owner">{t.owner_login}</td> : null}
              <td data-label="State">
                <LightLabel state={state} word={word} size={14} />
              </td>
              <td data-label="May">
                <GrantList grants={t.grants} />
              </td>
              <td data-label="Ends">{t.expires_at > 0 ? when(t.expires_at, now, zone) : 'never'}</td>
              <td data-label="Last used">{t.used_at > 0 ? <Ago at={t.used_at} /> : 'never'}</td>
              <td className="r">
                {onRevoke && t.state === 'active' ? (
                  <Button size="compact-xs" onClick={() => onRevoke(t)}>
                    Revoke<span className="vh"> {t.name}</span>
                  </Button>
                ) : null}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
