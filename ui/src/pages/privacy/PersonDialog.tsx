import { Button, Textarea, TextInput } from '../../components/kit';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { erase, exportOf } from '../../api/privacy';
import { Dialog } from '../../components/Dialog';
import { LightShape } from '../../light/Light';
import css from './Privacy.module.css';
import { wrongWith } from './words';

/**
 * Asks whose data is meant: the id twice, and why. What is typed lives in this dialog alone and goes with it; no field has a
 * name, so that no browser offers to keep it.
 */
export function PersonDialog({
  kind,
  onClose,
  onBegun,
}: {
  kind: 'erase' | 'export';
  onClose: () => void;
  onBegun: (request: number) => void;
}) {
  const client = useQueryClient();
  const [id, setId] = useState('');
  const [again, setAgain] = useState('');
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const [done, setDone] = useState(false);
  const erasing = kind === 'erase';
  const wrong = wrongWith(id, again, reason);
  const told = tried && wrong ? wrong : error;
  const forget = () => {
    setId('');
    setAgain('');
  };
  const submit = async () => {
    setTried(true);
    if (wrong || busy) return;
    setBusy(true);
    setError('');
    try {
      if (erasing) {
        const request = await erase(id, reason.trim());
        forget();
        onBegun(request.id);
      } else {
        save(await exportOf(id, reason.trim()), `person-${new Date().toISOString().slice(0, 10)}.zip`);
        forget();
        setDone(true);
      }
      await client.invalidateQueries({ queryKey: ['privacy'] });
    } catch (e) {
      setError(e instanceof Error ? e.message : 'It could not be done.');
    } finally {
      setBusy(false);
    }
  };
  const hidden = { autoComplete: 'off', autoCapitalize: 'off', spellCheck: false, 'data-1p-ignore': true } as const;
  return (
    <Dialog title={erasing ? 'Erase a person' : 'Export a person’s data'} size={560} onClose={onClose}>
      {done ? (
        <div className={css.form}>
          <p role="status" className={css.done}>
            <LightShape state="green" size={18} />
            <span>The file has been handed to this browser. Keep it as carefully as the person would.</span>
          </p>
          <div className={css.buttons}>
            <Button variant="filled" data-autofocus onClick={onClose}>
              Close
            </Button>
          </div>
        </div>
      ) : (
        <form
          className={css.form}
          noValidate
          autoComplete="off"
          onSubmit={(e) => {
            e.preventDefault();
            void submit();
          }}
        >
          <div className={css.warning} data-tone={erasing ? 'red' : undefined} role="note">
            {erasing ? (
              <>
                <strong>This cannot be taken back.</strong> Every log line, span and event of the person is removed from
                this server, down to the bytes on disk. Exports that have left already are not reached; the certificate
                lists them.
              </>
            ) : (
              <>
                <strong>You take personal data out of the house.</strong> The file holds every log line, span and event
                of the person. That you did is recorded.
              </>
            )}
          </div>
          <TextInput
            {...hidden}
            label="Id of the person"
            description="As your applications send it, letter by letter."
            required
            data-autofocus
            value={id}
            onChange={(e) => setId(e.currentTarget.value)}
          />
          <TextInput
            {...hidden}
            label="The id once more"
            required
            error={tried && id !== again ? 'The two ids are not the same.' : undefined}
            value={again}
            onChange={(e) => setAgain(e.currentTarget.value)}
          />
          <Textarea
            {...hidden}
            label="Why"
            description="Such as the number of the letter. Not the id, not a name: it is kept in the audit trail."
            required
            rows={2}
            maxLength={500}
            value={reason}
            onChange={(e) => setReason(e.currentTarget.value)}
          />
          {told ? (
            <p className={css.fault} role="alert">
              {told}
            </p>
          ) : null}
          <div className={css.buttons}>
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" variant="filled" className={erasing ? (css.erase ?? '') : ''} loading={busy}>
              {erasing ? 'Erase for good' : 'Export'}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

function save(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const a = document.createElement('a');
  a.href = url;
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
