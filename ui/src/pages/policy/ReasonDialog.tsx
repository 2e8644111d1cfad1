import { Button, Textarea } from '../../components/kit';
import { useState } from 'react';
import { Dialog } from '../../components/Dialog';
import { LightShape } from '../../light/Light';
import form from './Form.module.css';

/** Asks for a few words before something is done; nothing is done without them. */
export function ReasonDialog({
  title,
  about,
  label,
  action,
  busy,
  error,
  start = '',
  onDone,
  onClose,
}: {
  title: string;
  about: string;
  label: string;
  action: string;
  busy: boolean;
  error: Error | null;
  start?: string;
  onDone: (reason: string) => void;
  onClose: () => void;
}) {
  const [reason, setReason] = useState(start);
  const [tried, setTried] = useState(false);
  const submit = (e: React.SyntheticEvent) => {
    e.preventDefault();
    setTried(true);
    if (reason.trim() !== '') onDone(reason.trim());
  };
  return (
    <Dialog title={title} size={520} onClose={onClose}>
      <form className={form.form} onSubmit={submit} noValidate>
        <p className="muted small">{about}</p>
        <Textarea
          label={label}
          value={reason}
          onChange={(e) => setReason(e.currentTarget.value)}
          rows={3}
          required
          data-autofocus
          error={tried && reason.trim() === '' ? 'Say it in a few words.' : undefined}
        />
        {error ? (
          <p className={form.fault} role="alert">
            <LightShape state="red" size={16} />
            <span>{error.message}</span>
          </p>
        ) : null}
        <div className={form.buttons}>
          <Button onClick={onClose}>Back</Button>
          <Button type="submit" variant="filled" loading={busy}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
