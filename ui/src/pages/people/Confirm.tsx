import { Button } from '../../components/kit';
import { Dialog } from '../../components/Dialog';
import { Fault } from './Fault';
import css from './Form.module.css';

/** Asks once more before something that cannot be taken back. */
export function Confirm({
  title,
  action,
  error,
  busy,
  onConfirm,
  onClose,
  children,
}: {
  title: string;
  action: string;
  error: Error | null;
  busy: boolean;
  onConfirm: () => void;
  onClose: () => void;
  children: React.ReactNode;
}) {
  return (
    <Dialog title={title} size={480} onClose={onClose}>
      <div className={css.form}>
        <div>{children}</div>
        <Fault error={error} />
        <div className={css.buttons}>
          <Button onClick={onClose} data-autofocus>
            Keep it
          </Button>
          <Button variant="filled" loading={busy} onClick={onConfirm}>
            {action}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
