import { Button, TextInput } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import {
  sessionsQuery,
  useChangeUser,
  useCreateUser,
  useEndSessions,
  useRemoveUser,
  type Grant,
  type User,
} from '../../api/people';
import { Dialog } from '../../components/Dialog';
import { Failure, Loading } from '../../components/States';
import { exact } from '../../time/format';
import { useZone } from '../../time/zone';
import { Confirm } from './Confirm';
import { Fault } from './Fault';
import form from './Form.module.css';
import { GrantList, GrantsField } from './Grants';
import { PasswordField } from './PasswordField';
import css from './People.module.css';
import { SessionTable } from './SessionTable';

/** Somebody new, or somebody who is there: name, roles, password, sessions; disable and remove. */
export function PersonDialog({
  user,
  manage,
  own,
  onClose,
}: {
  user: User | undefined;
  manage: boolean;
  /** It is the reader: who may not disable or remove themselves by mistake. */
  own: boolean;
  onClose: () => void;
}) {
  const zone = useZone();
  const [login, setLogin] = useState(user?.login ?? '');
  const [name, setName] = useState(user?.name ?? '');
  const [password, setPassword] = useState('');
  const [grants, setGrants] = useState<Grant[]>(user?.grants ?? [{ role: 'viewer', scope: '' }]);
  const [tried, setTried] = useState(false);
  const [sure, setSure] = useState<'disable' | 'remove' | null>(null);
  const create = useCreateUser();
  const change = useChangeUser();
  const remove = useRemoveUser();
  const byPassword = user?.origin !== 'oidc';
  const submit = (e: React.SyntheticEvent) => {
    e.preventDefault();
    setTried(true);
    if (login.trim() === '' || name.trim() === '' || (!user && password === '')) return;
    const said = { name: name.trim(), grants, password };
    if (user) change.mutate({ id: user.id, ...said }, { onSuccess: onClose });
    else create.mutate({ login: login.trim(), ...said }, { onSuccess: onClose });
  };
  if (!manage && user) {
    return (
      <Dialog title={user.name} onClose={onClose}>
        <div className={form.form}>
          <p className="muted small">
            {user.login}. Created {exact(user.created_at, zone)} by {user.created_by || 'the server'}.
          </p>
          <GrantList grants={user.grants} />
        </div>
      </Dialog>
    );
  }
  if (user && sure) {
    const disable = sure === 'disable';
    return (
      <Confirm
        title={disable ? `Disable ${user.name}?` : `Remove ${user.name}?`}
        action={disable ? 'Disable' : 'Remove for good'}
        busy={change.isPending || remove.isPending}
        error={disable ? change.error : remove.error}
        onConfirm={() =>
          disable
            ? change.mutate({ id: user.id, state: 'disabled' }, { onSuccess: onClose })
            : remove.mutate(user.id, { onSuccess: onClose })
        }
        onClose={() => setSure(null)}
      >
        {disable
          ? 'Their sessions and tokens end at once. They can be enabled again.'
          : 'Their account, sessions and tokens go. What they did stays on the audit trail under their name.'}
      </Confirm>
    );
  }
  return (
    <Dialog title={user ? user.name : 'New person'} size={720} onClose={onClose}>
      <form className={form.form} onSubmit={submit} noValidate>
        <div className={form.pair}>
          <TextInput
            label="Login"
            description={user ? 'It stays as it is.' : 'Such as an e-mail address.'}
            readOnly={user !== undefined}
            value={login}
            onChange={(e) => setLogin(e.currentTarget.value)}
            error={tried && login.trim() === '' ? 'Type a login.' : undefined}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={256}
            required
            {...(user ? {} : { 'data-autofocus': true })}
          />
          <TextInput
            label="Name"
            description="As others read it."
            value={name}
            onChange={(e) => setName(e.currentTarget.value)}
            error={tried && name.trim() === '' ? 'Type a name.' : undefined}
            autoComplete="off"
            maxLength={256}
            required
          />
        </div>
        {byPassword ? (
          <PasswordField
            label={user ? 'New password' : 'Password'}
            description={
              user
                ? 'Only to set a new one: they must change it at their next sign-in.'
                : 'Tell it to them; they choose their own at the first sign-in.'
            }
            value={password}
            onChange={setPassword}
            error={tried && !user && password === '' ? 'Type a password, or generate one.' : undefined}
            fresh
            required={!user}
          />
        ) : (
          <p className="muted small">Signs in by single sign-on; roles may come from there with every sign-in.</p>
        )}
        <GrantsField value={grants} onChange={setGrants} />
        <Fault error={create.error ?? change.error} />
        <div className={form.buttons}>
          {user ? (
            <span className={css.danger}>
              {user.state === 'active' ? (
                <Button disabled={own} onClick={() => setSure('disable')}>
                  Disable
                </Button>
              ) : (
                <Button
                  loading={change.isPending}
                  onClick={() => change.mutate({ id: user.id, state: 'active' }, { onSuccess: onClose })}
                >
                  Enable
                </Button>
              )}
              <Button disabled={own} onClick={() => setSure('remove')}>
                Remove
              </Button>
              {own ? <span className="fine">This is you: another administrator can do it.</span> : null}
            </span>
          ) : null}
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled" loading={create.isPending || change.isPending}>
            {user ? 'Save' : 'Create'}
          </Button>
        </div>
        {user ? <Sessions user={user} /> : null}
      </form>
    </Dialog>
  );
}

function Sessions({ user }: { user: User }) {
  const zone = useZone();
  const sessions = useQuery({ ...sessionsQuery, select: (list) => list.filter((x) => x.user === user.id) });
  const end = useEndSessions();
  return (
    <section aria-label="Open sessions">
      <h3 className={css.sub}>Open sessions</h3>
      <Fault error={end.error} />
      {sessions.data ? (
        <SessionTable sessions={sessions.data} busy={end.isPending} onEnd={(s) => end.mutate([s.id])} />
      ) : sessions.isError ? (
        <Failure error={sessions.error} what="The list of sessions" />
      ) : (
        <Loading what="the sessions" rows={1} height={60} />
      )}
      <p className="fine">
        Created {exact(user.created_at, zone)} by {user.created_by || 'the server'}.
      </p>
    </section>
  );
}
