import { Button, TextInput } from '../../components/kit';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { signIn } from '../../api/people';
import { meQuery } from '../../api/status';
import { Dialog } from '../../components/Dialog';
import { Icon } from '../../components/Icon';
import { Fault } from '../people/Fault';
import form from '../people/Form.module.css';
import { PasswordField } from '../people/PasswordField';

/** Signs in over the page, so that what was typed behind it stays. */
export function SignInDialog({
  why,
  onDone,
  onClose,
}: {
  why: 'over' | 'soon';
  onDone: () => void;
  onClose: () => void;
}) {
  const client = useQueryClient();
  const provider = client.getQueryData(meQuery.queryKey)?.provider ?? '';
  const [way, setWay] = useState<'password' | 'secret'>('password');
  const [login, setLogin] = useState('');
  const [password, setPassword] = useState('');
  const [secret, setSecret] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);

  const submit = async (e: React.SyntheticEvent) => {
    e.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const me = await signIn(way === 'password' ? { login: login.trim(), password } : { secret: secret.trim() });
      client.setQueryData(meQuery.queryKey, me);
      onDone();
    } catch (x) {
      setError(x instanceof Error ? x : new Error('Signing in failed.'));
      setBusy(false);
    }
  };
  return (
    <Dialog title={why === 'over' ? 'Your session is over' : 'Stay signed in'} size={460} onClose={onClose}>
      <form className={form.form} onSubmit={(e) => void submit(e)} noValidate>
        <p className="muted small">
          {why === 'over'
            ? 'Sign in and go on where you were. Nothing that you have typed is lost.'
            : 'The session cannot be made longer. Sign in again and go on where you were.'}
        </p>
        <Elsewhere provider={provider} onDone={onDone} />
        {way === 'password' ? (
          <>
            <TextInput
              label="Login"
              value={login}
              onChange={(e) => setLogin(e.currentTarget.value)}
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              required
              data-autofocus
            />
            <PasswordField label="Password" value={password} onChange={setPassword} required />
          </>
        ) : (
          <PasswordField
            label="Code or token"
            description="The one-time code of the start link, or a token."
            value={secret}
            onChange={setSecret}
            required
            autoFocus
          />
        )}
        <Fault error={error} />
        <div className={form.buttons}>
          <button
            type="button"
            className={`${form.quiet} ${form.add}`}
            style={{ marginRight: 'auto' }}
            onClick={() => setWay(way === 'password' ? 'secret' : 'password')}
          >
            {way === 'password' ? 'Use a code or a token' : 'Use a password'}
          </button>
          <Button type="submit" variant="filled" loading={busy}>
            Sign in
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Single sign-on happens in another tab; when the person comes back here the page looks whether it worked. */
function Elsewhere({ provider, onDone }: { provider: string; onDone: () => void }) {
  const [gone, setGone] = useState(false);
  const [still, setStill] = useState(false);
  const look = async () => {
    const res = await fetch('/api/signalbox/v1/me', { headers: { Accept: 'application/json' } }).catch(() => undefined);
    if (res?.ok) onDone();
    else setStill(true);
  };
  useEffect(() => {
    if (!gone) return;
    const back = () => void look();
    window.addEventListener('focus', back);
    return () => window.removeEventListener('focus', back);
  });
  return (
    <>
      <Button
        component="a"
        href={provider === '' ? '/login?next=/account' : '/login/oidc?next=/account'}
        target="_blank"
        rel="noopener"
        leftSection={<Icon name="external" />}
        onClick={() => setGone(true)}
      >
        {provider === '' ? 'Sign in on the sign-in page' : `Sign in with ${provider}`}
      </Button>
      {gone ? (
        <p className="small muted" role="status">
          {still ? 'Not signed in yet. ' : 'It opens in another tab. '}
          <button type="button" className={`${form.quiet} ${form.add}`} onClick={() => void look()}>
            I have signed in
          </button>
        </p>
      ) : null}
    </>
  );
}
