import { Button } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import {
  rolesQuery,
  sessionsQuery,
  tokensQuery,
  useEndSessions,
  useRevokeToken,
  type Me,
  type Token,
} from '../../api/people';
import { meQuery } from '../../api/status';
import { Icon } from '../../components/Icon';
import { Failure, Loading } from '../../components/States';
import { exact } from '../../time/format';
import { useZone } from '../../time/zone';
import { Confirm } from '../people/Confirm';
import { Fault } from '../people/Fault';
import { GrantList } from '../people/Grants';
import { SessionTable } from '../people/SessionTable';
import { TokenTable } from '../people/TokenTable';
import css from './Account.module.css';
import { ChangePassword } from './ChangePassword';
import { FirstAdmin } from './FirstAdmin';
import { NewToken } from './NewToken';

/** Who am I here, and what may I do? */
export function AccountPage() {
  const me = useQuery(meQuery);
  return (
    <>
      <title>Account · signalbox</title>
      {me.data ? (
        <AccountView me={me.data} />
      ) : (
        <>
          <h1 className={css.title}>Account</h1>
          {me.isError ? (
            <Failure error={me.error} what="The account" retry={() => void me.refetch()} />
          ) : (
            <Loading what="the account" rows={2} height={140} />
          )}
        </>
      )}
    </>
  );
}

const kinds: Record<Me['kind'], string> = {
  person: 'A person with an account of their own.',
  token: 'A token, not a person.',
  start: 'The start link or the administrator token: not a person, so it may do everything but approve.',
  loopback: 'Whoever is on this machine, without a sign-in.',
  system: 'The server itself.',
};

function AccountView({ me }: { me: Me }) {
  const zone = useZone();
  if (me.first) return <FirstAdmin />;
  const person = me.kind === 'person';
  return (
    <>
      <header className={css.head}>
        <h1>{me.name}</h1>
        <p className="muted">
          {kinds[me.kind]}
          {me.signed_in_at > 0 ? ` Signed in ${exact(me.signed_in_at, zone)}.` : ''}
          {me.expires_at > 0
            ? ` This session ends ${exact(me.ends_at > 0 ? me.ends_at : me.expires_at, zone)} at the latest.`
            : ''}
        </p>
      </header>
      {me.must_change ? (
        <div className={css.must} role="alert">
          <Icon name="key" />
          <strong>Choose a password of your own before you go on: somebody else has set the one you have.</strong>
        </div>
      ) : null}
      <div className={css.columns}>
        <div className="stack">
          {person && me.must_change ? <ChangePassword must /> : null}
          {me.must_change ? null : (
            <>
              <section className="panel" aria-labelledby="roles">
                <h2 id="roles">Roles</h2>
                <GrantList grants={me.grants} />
              </section>
              <Sessions me={me} />
              <Tokens me={me} />
            </>
          )}
        </div>
        {me.must_change ? null : (
          <div className="stack">
            {person ? <ChangePassword /> : null}
            <Allowed me={me} />
          </div>
        )}
      </div>
    </>
  );
}

function Sessions({ me }: { me: Me }) {
  const sessions = useQuery({ ...sessionsQuery, select: (list) => list.filter((s) => s.current || s.user === me.id) });
  const end = useEndSessions();
  const others = (sessions.data ?? []).filter((s) => !s.current);
  return (
    <section className="panel" aria-labelledby="sessions">
      <div className="panel-head">
        <h2 id="sessions">Where you are signed in</h2>
        {others.length > 1 ? (
          <Button loading={end.isPending} onClick={() => end.mutate(others.map((s) => s.id))}>
            End all others
          </Button>
        ) : null}
      </div>
      <Fault error={end.error} />
      {sessions.data ? (
        <SessionTable sessions={sessions.data} busy={end.isPending} onEnd={(s) => end.mutate([s.id])} />
      ) : sessions.isError ? (
        <Failure error={sessions.error} what="The list of sessions" retry={() => void sessions.refetch()} />
      ) : (
        <Loading what="the sessions" rows={1} height={80} />
      )}
    </section>
  );
}

function Tokens({ me }: { me: Me }) {
  const tokens = useQuery(tokensQuery);
  const revoke = useRevokeToken();
  const [making, setMaking] = useState(false);
  const [ending, setEnding] = useState<Token | null>(null);
  const mine = (tokens.data ?? []).filter((t) => t.owner === me.id);
  return (
    <section className="panel" aria-labelledby="tokens">
      <div className="panel-head">
        <h2 id="tokens">API tokens</h2>
        <Button leftSection={<Icon name="plus" />} onClick={() => setMaking(true)}>
          New token
        </Button>
      </div>
      {tokens.data ? (
        mine.length === 0 ? (
          <p className="muted small">
            None yet. A token lets a program send data or ask questions in your place, with fewer roles than you have
            and until a day that you choose.
          </p>
        ) : (
          <TokenTable tokens={mine} onRevoke={setEnding} />
        )
      ) : tokens.isError ? (
        <Failure error={tokens.error} what="The list of tokens" retry={() => void tokens.refetch()} />
      ) : (
        <Loading what="the tokens" rows={1} height={80} />
      )}
      {making ? <NewToken me={me} onClose={() => setMaking(false)} /> : null}
      {ending ? (
        <Confirm
          title={`Revoke ${ending.name}?`}
          action="Revoke the token"
          busy={revoke.isPending}
          error={revoke.error}
          onConfirm={() => revoke.mutate(ending.id, { onSuccess: () => setEnding(null) })}
          onClose={() => setEnding(null)}
        >
          Whatever uses it is refused at once. It cannot be given back; make a new one instead.
        </Confirm>
      ) : null}
    </section>
  );
}

/** What the server lets this sign-in do, in the words of the matrix. */
function Allowed({ me }: { me: Me }) {
  const matrix = useQuery(rolesQuery).data;
  const word = (a: string) => matrix?.actions.find((x) => x.action === a)?.title ?? a.replaceAll('_', ' ');
  const not = matrix?.actions.filter((a) => !me.actions.includes(a.action)) ?? [];
  return (
    <section className="panel" aria-labelledby="allowed">
      <h2 id="allowed">What you may do</h2>
      {me.actions.length === 0 ? <p className="muted small">Nothing: ask an administrator for a role.</p> : null}
      <ul className={css.allowed}>
        {me.actions.map((a) => (
          <li key={a}>
            <Icon name="check" size={15} />
            {word(a)}
          </li>
        ))}
      </ul>
      {not.length > 0 ? (
        <details className={css.not}>
          <summary>{not.length} things you may not do</summary>
          <ul className={css.allowed}>
            {not.map((a) => (
              <li key={a.action} className="muted">
                <Icon name="x" size={15} />
                {a.title}
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </section>
  );
}
