import { Button } from '../../components/kit';
import { useState } from 'react';
import { useChangePassword } from '../../api/people';
import { Fault } from '../people/Fault';
import form from '../people/Form.module.css';
import { PasswordField } from '../people/PasswordField';

/** Changes one's own password; the server says what is too weak. */
export function ChangePassword({ must = false }: { must?: boolean }) {
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState('');
  const [tried, setTried] = useState(false);
  const change = useChangePassword();
  const submit = (e: React.SyntheticEvent) => {
    e.preventDefault();
    setTried(true);
    if (old === '' || fresh === '') return;
    change.mutate(
      { old, new: fresh },
      {
        onSuccess: () => {
          setOld('');
          setFresh('');
          setTried(false);
        },
      },
    );
  };
  return (
    <section className="panel" aria-labelledby="password">
      <h2 id="password">{must ? 'Your new password' : 'Password'}</h2>
      <form className={form.form} style={{ marginTop: '0.5rem' }} onSubmit={submit} noValidate>
        <PasswordField
          label={must ? 'The password you were given' : 'Present password'}
          value={old}
          onChange={setOld}
          error={tried && old === '' ? 'Type the password you have now.' : undefined}
          required
        />
        <PasswordField
          label="New password"
          value={fresh}
          onChange={setFresh}
          error={tried && fresh === '' ? 'Type a new password, or generate one.' : undefined}
          fresh
          required
        />
        <Fault error={change.error} />
        <div className={form.buttons}>
          <span role="status" className="small muted" style={{ marginRight: 'auto', alignSelf: 'center' }}>
            {change.isSuccess ? 'The password is changed.' : ''}
          </span>
          <Button type="submit" variant={must ? 'filled' : 'default'} loading={change.isPending}>
            Change the password
          </Button>
        </div>
      </form>
    </section>
  );
}
