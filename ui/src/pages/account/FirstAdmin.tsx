import { Button, TextInput } from '../../components/kit';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { signIn, useCreateUser } from '../../api/people';
import { meQuery } from '../../api/status';
import { Fault } from '../people/Fault';
import form from '../people/Form.module.css';
import { PasswordField } from '../people/PasswordField';
import css from './Account.module.css';

/** The very first account: an administrator, who is then signed in with it. */
export function FirstAdmin() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [login, setLogin] = useState('');
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const save = useCreateUser();
  const submit = async (e: React.SyntheticEvent) => {
    e.preventDefault();
    setTried(true);
    setError(null);
    if (login.trim() === '' || name.trim() === '' || password === '') return;
    setBusy(true);
    try {
      await save.mutateAsync({
        login: login.trim(),
        name: name.trim(),
        password,
        grants: [{ role: 'admin', scope: '' }],
        keep: true,
      });
      const me = await signIn({ login: login.trim(), password });
      client.setQueryData(meQuery.queryKey, me);
      void client.invalidateQueries();
      await navigate({ to: '/people' });
    } catch (x) {
      setError(x instanceof Error ? x : new Error('The account was not created.'));
      setBusy(false);
    }
  };
  return (
    <section className={`panel ${css.first}`} aria-labelledby="first">
      <h1 id="first">Create your administrator account</h1>
      <p className="muted">
        You are signed in with the start link, which is nobody in particular: it may set up the server but never approve
        a change. With an account of your own the audit trail knows who did what, and you can invite others.
      </p>
      <form className={form.form} onSubmit={(e) => void submit(e)} noValidate>
        <TextInput
          label="Login"
          description="Such as your e-mail address."
          value={login}
          onChange={(e) => setLogin(e.currentTarget.value)}
          error={tried && login.trim() === '' ? 'Type the login that you will sign in with.' : undefined}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={256}
          required
        />
        <TextInput
          label="Name"
          description="As others read it beside what you have done."
          value={name}
          onChange={(e) => setName(e.currentTarget.value)}
          error={tried && name.trim() === '' ? 'Type your name.' : undefined}
          autoComplete="name"
          maxLength={256}
          required
        />
        <PasswordField
          label="Password"
          value={password}
          onChange={setPassword}
          error={tried && password === '' ? 'Type a password, or generate one.' : undefined}
          fresh
          required
        />
        <Fault error={error} />
        <div className={form.buttons}>
          <Button type="submit" variant="filled" loading={busy}>
            Create the account and sign in
          </Button>
        </div>
      </form>
    </section>
  );
}
