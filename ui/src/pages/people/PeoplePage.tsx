import { Button } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { rolesQuery, tokensQuery, useRevokeToken, usersQuery, type Token, type User } from '../../api/people';
import { meQuery } from '../../api/status';
import { Icon } from '../../components/Icon';
import { Segments } from '../../components/Segments';
import { Empty, Failure, Loading } from '../../components/States';
import { useKeys } from '../../keys/keys';
import { LightLabel } from '../../light/Light';
import { Ago } from '../../time/Ago';
import { Confirm } from './Confirm';
import { GrantList } from './Grants';
import { Matrix } from './Matrix';
import css from './People.module.css';
import type { PeopleSearch } from './search';
import tables from './Tables.module.css';
import { TokenTable } from './TokenTable';

const PersonDialog = lazy(() => import('./PersonDialog').then((m) => ({ default: m.PersonDialog })));

/** Who may see and do what? */
export function PeoplePage() {
  const search = useSearch({ from: '/shell/people' });
  const navigate = useNavigate({ from: '/people' });
  const users = useQuery(usersQuery);
  const me = useQuery(meQuery).data;
  const manage = me?.actions.includes('manage_people') ?? false;
  const set = (patch: { [K in keyof PeopleSearch]?: PeopleSearch[K] | undefined }) =>
    void navigate({ search: (old) => ({ ...old, ...patch }) as PeopleSearch, replace: true, resetScroll: false });
  const tab = search.tab ?? 'people';
  useKeys({ n: () => (manage ? set({ person: 'new' }) : undefined) });
  const open = search.person === 'new' ? undefined : users.data?.find((u) => u.id === search.person);
  return (
    <>
      <title>People and roles · signalbox</title>
      <header className={css.head}>
        <div>
          <h1>{users.data ? headline(users.data) : 'People and roles'}</h1>
          <p className="muted">
            {manage ? 'Every change here is on the audit trail.' : 'An administrator can change this.'}
          </p>
        </div>
        {manage ? (
          <Button
            variant="filled"
            leftSection={<Icon name="plus" />}
            aria-keyshortcuts="n"
            onClick={() => set({ person: 'new' })}
          >
            New person
          </Button>
        ) : null}
      </header>
      <div className={css.tabs}>
        <Segments
          label="Show"
          items={[
            { value: 'people', label: 'People', pressed: tab === 'people' },
            { value: 'roles', label: 'What each role may do', pressed: tab === 'roles' },
            { value: 'tokens', label: 'Tokens of all', pressed: tab === 'tokens' },
          ]}
          onPick={(v) => set({ tab: v === 'people' ? undefined : v })}
        />
      </div>
      {tab === 'people' ? (
        users.data ? (
          users.data.length === 0 ? (
            <Empty title="Nobody has an account yet">
              <p>
                This page lists everybody with their roles and what they may see. The first account is an
                administrator’s: create it with “New person”.
              </p>
            </Empty>
          ) : (
            <Users users={users.data} manage={manage} onOpen={(u) => set({ person: u.id })} />
          )
        ) : users.isError ? (
          <Failure error={users.error} what="The list of people" retry={() => void users.refetch()} />
        ) : (
          <Loading what="the people" rows={1} height={240} />
        )
      ) : tab === 'roles' ? (
        <Roles />
      ) : (
        <Tokens manage={manage} />
      )}
      {search.person && (search.person === 'new' || open) && me ? (
        <Suspense fallback={null}>
          <PersonDialog
            key={search.person}
            user={open}
            manage={manage}
            own={open?.id === me.id}
            onClose={() => set({ person: undefined })}
          />
        </Suspense>
      ) : null}
    </>
  );
}

function headline(users: User[]): string {
  const active = users.filter((u) => u.state === 'active').length;
  const admins = users.filter((u) => u.state === 'active' && u.grants.some((g) => g.role === 'admin')).length;
  if (active === 0) return 'Nobody can sign in with an account yet';
  const people = active === 1 ? '1 person can sign in' : `${active} people can sign in`;
  return `${people}, ${admins === 1 ? '1 of them an administrator' : `${admins} of them administrators`}`;
}

function Users({ users, manage, onOpen }: { users: User[]; manage: boolean; onOpen: (u: User) => void }) {
  return (
    <section className="panel" aria-label="People">
      <table className={`table ${tables.cards}`}>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            <th scope="col">Roles and what they see</th>
            <th scope="col">Signs in by</th>
            <th scope="col">Last sign-in</th>
            <th scope="col">
              <span className="vh">What to do</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {users.map((u) => (
            <tr key={u.id} data-off={u.state !== 'active' || undefined}>
              <th scope="row">
                {u.name}
                <span className={css.login}>{u.login}</span>
              </th>
              <td data-label="State">
                {u.state === 'active' ? (
                  <LightLabel state="green" word="Active" size={14} />
                ) : (
                  <LightLabel state="paused" word="Disabled" size={14} />
                )}
                {u.must_change_password ? <span className={css.login}>must change the password</span> : null}
              </td>
              <td data-label="Roles">
                <GrantList grants={u.grants} />
              </td>
              <td data-label="Signs in by">{u.origin === 'oidc' ? 'single sign-on' : 'password'}</td>
              <td data-label="Last sign-in">{u.signed_in_at > 0 ? <Ago at={u.signed_in_at} /> : 'never'}</td>
              <td className="r">
                <Button size="compact-xs" onClick={() => onOpen(u)}>
                  {manage ? 'Change' : 'Look'}
                  <span className="vh"> {u.name}</span>
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Roles() {
  const matrix = useQuery(rolesQuery);
  if (matrix.data) return <Matrix matrix={matrix.data} />;
  if (matrix.isError) return <Failure error={matrix.error} what="The matrix" retry={() => void matrix.refetch()} />;
  return <Loading what="the matrix" rows={1} height={240} />;
}

function Tokens({ manage }: { manage: boolean }) {
  const tokens = useQuery(tokensQuery);
  const revoke = useRevokeToken();
  const [ending, setEnding] = useState<Token | null>(null);
  if (tokens.isError) return <Failure error={tokens.error} what="The tokens" retry={() => void tokens.refetch()} />;
  if (!tokens.data) return <Loading what="the tokens" rows={1} height={160} />;
  if (tokens.data.length === 0) {
    return (
      <Empty title="No token exists">
        <p>Programs sign in with tokens. Everybody makes their own under Account, with no more roles than they have.</p>
      </Empty>
    );
  }
  return (
    <section className="panel" aria-label="Tokens">
      <TokenTable tokens={tokens.data} owners onRevoke={manage ? setEnding : undefined} />
      {ending ? (
        <Confirm
          title={`Revoke ${ending.name} of ${ending.owner_login}?`}
          action="Revoke the token"
          busy={revoke.isPending}
          error={revoke.error}
          onConfirm={() => revoke.mutate(ending.id, { onSuccess: () => setEnding(null) })}
          onClose={() => setEnding(null)}
        >
          Whatever uses it is refused at once. It cannot be given back.
        </Confirm>
      ) : null}
    </section>
  );
}
