import { Button, Textarea, TextInput } from '../../components/kit';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { asksConfirm, type Proposal } from '../../api/govern';
import { meQuery } from '../../api/status';
import { Dialog } from '../../components/Dialog';
import { LightShape } from '../../light/Light';
import form from './Form.module.css';
import { sentence } from './words';

/** The last look before a yes: what is approved, a word about it, and the password where the server asks who is there. */
export function ApproveDialog({
  proposal: p,
  busy,
  error,
  onApprove,
  onClose,
}: {
  proposal: Proposal;
  busy: boolean;
  error: Error | null;
  onApprove: (comment: string, password?: string) => void;
  onClose: () => void;
}) {
  const [comment, setComment] = useState('');
  const [password, setPassword] = useState('');
  const [tried, setTried] = useState(false);
  const me = useQuery(meQuery).data;
  const confirm = asksConfirm(p.may_no.approve) || asksConfirm(error?.message);
  const submit = (e: React.SyntheticEvent) => {
    e.preventDefault();
    setTried(true);
    if (confirm && password === '') return;
    onApprove(comment.trim(), confirm ? password : undefined);
  };
  return (
    <Dialog title="Approve proposal" size={560} onClose={onClose}>
      <form className={form.form} onSubmit={submit} noValidate>
        <div>
          <p>You approve exactly this:</p>
          <ul className={form.sentences}>
            {p.changes.slice(0, 8).flatMap((c) =>
              c.sentences.map((s, i) => (
                <li key={`${c.kind}/${c.name}/${i}`}>
                  <strong>{c.title}.</strong> {sentence(s)}
                </li>
              )),
            )}
            {p.changes.length > 8 ? <li>and {p.changes.length - 8} more policies</li> : null}
          </ul>
        </div>
        <Textarea
          label="A word about it"
          description="Optional. It stands in the discussion and on the audit trail."
          value={comment}
          rows={2}
          onChange={(e) => setComment(e.currentTarget.value)}
        />
        {confirm ? (
          <div className={form.confirm}>
            <p className="small">
              <strong>Confirm that it is you.</strong> Approving asks for a recent personal sign-in.
            </p>
            <input
              type="text"
              className="vh"
              tabIndex={-1}
              aria-hidden="true"
              autoComplete="username"
              readOnly
              value={me?.login ?? ''}
            />
            <TextInput
              label="Your password"
              type="password"
              autoComplete="current-password"
              value={password}
              onChange={(e) => setPassword(e.currentTarget.value)}
              required
              data-autofocus
              error={tried && password === '' ? 'Type your password.' : undefined}
            />
            {me?.provider ? (
              <p className="small">
                No password here?{' '}
                <a href={`/login/oidc?confirm=1&next=${encodeURIComponent(`/policy/proposals/${p.id}`)}`}>
                  Confirm with {me.provider}
                </a>{' '}
                and come back.
              </p>
            ) : null}
          </div>
        ) : null}
        {error && !asksConfirm(error.message) ? (
          <p className={form.fault} role="alert">
            <LightShape state="red" size={16} />
            <span>{error.message}</span>
          </p>
        ) : null}
        <div className={form.buttons}>
          <Button onClick={onClose}>Not now</Button>
          <Button type="submit" variant="filled" loading={busy}>
            {confirm ? 'Confirm and approve' : 'Approve'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
