import { Button, TextInput } from '../../components/kit';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Dialog } from '../../components/Dialog';
import form from '../people/Form.module.css';
import { slug } from './text';

/** Begins a board: its title, and the name that its address and file have. */
export function NewBoard({ taken, onClose }: { taken: string[]; onClose: () => void }) {
  const navigate = useNavigate();
  const [title, setTitle] = useState('');
  const [own, setOwn] = useState<string | null>(null);
  const [tried, setTried] = useState(false);
  const name = own ?? slug(title);
  const fault = !/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/.test(name)
    ? 'Use small letters, digits and -, such as filing-season.'
    : taken.includes(name)
      ? `There is a board named ${name} already.`
      : '';
  const submit = (e: React.SyntheticEvent) => {
    e.preventDefault();
    setTried(true);
    if (title.trim() === '' || fault !== '') return;
    void navigate({ to: '/boards/$name', params: { name }, search: { edit: 'new', title: title.trim() } });
  };
  return (
    <Dialog title="New board" size={480} onClose={onClose}>
      <form className={form.form} onSubmit={submit} noValidate>
        <TextInput
          label="Title"
          value={title}
          onChange={(e) => setTitle(e.currentTarget.value)}
          error={tried && title.trim() === '' ? 'Type what people read at its top.' : undefined}
          maxLength={200}
          required
          data-autofocus
        />
        <TextInput
          label="Name"
          description="Part of its address, and of its file."
          value={name}
          onChange={(e) => setOwn(e.currentTarget.value)}
          error={tried && fault !== '' ? fault : undefined}
          spellCheck={false}
          autoCapitalize="none"
          maxLength={120}
          required
        />
        <div className={form.buttons}>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="filled">
            Go on
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
