import { Button, Textarea, TextInput } from '../../components/kit';
import { useState } from 'react';
import { usePropose, type Proposed } from '../../api/boards';
import { Dialog } from '../../components/Dialog';
import { LightShape } from '../../light/Light';
import { Fault } from '../people/Fault';
import form from '../people/Form.module.css';

/** Says why, then proposes documents; where no approval is asked for they are in force at once. */
export function ProposeDialog({
  start,
  texts,
  onDone,
  onClose,
}: {
  start: string;
  texts: string[];
  onDone: (p: Proposed) => void;
  onClose: () => void;
}) {
  const [title, setTitle] = useState(start);
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const propose = usePropose();
  const submit = (e: React.SyntheticEvent) => {
    e.preventDefault();
    setTried(true);
    if (title.trim() === '' || reason.trim() === '') return;
    propose.mutate(
      { title: title.trim(), reason: reason.trim(), documents: texts.map((text) => ({ text })) },
      { onSuccess: onDone },
    );
  };
  return (
    <Dialog title="Propose the change" size={520} onClose={onClose}>
      <form className={form.form} onSubmit={submit} noValidate>
        <TextInput
          label="Title"
          value={title}
          onChange={(e) => setTitle(e.currentTarget.value)}
          error={tried && title.trim() === '' ? 'Say what changes.' : undefined}
          maxLength={200}
          required
        />
        <Textarea
          label="Why"
          description="Whoever approves it reads this, and whoever looks it up later."
          value={reason}
          onChange={(e) => setReason(e.currentTarget.value)}
          error={tried && reason.trim() === '' ? 'Say why, in a few words.' : undefined}
          rows={3}
          maxLength={4000}
          required
          data-autofocus
        />
        <Fault error={propose.error} />
        <div className={form.buttons}>
          <Button onClick={onClose}>Go on editing</Button>
          <Button type="submit" variant="filled" loading={propose.isPending}>
            Propose
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** What became of a proposal, with the way to it. */
export function ProposedNote({ proposed: p }: { proposed: Proposed }) {
  const applied = p.state === 'applied';
  return (
    <p className={form.secret} role="status" data-applied={applied || undefined}>
      <span className="row">
        <LightShape state={applied ? 'green' : 'paused'} size={18} />
        <span>
          <strong>{applied ? 'In force.' : 'Proposed.'}</strong>{' '}
          {applied ? 'No approval was asked for.' : 'The board changes when it is approved.'}{' '}
          <a href={`/policy/proposals/${p.id}`}>Proposal {p.id}</a>
        </span>
      </span>
    </p>
  );
}
