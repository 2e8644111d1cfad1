import { Modal } from './kit';
import css from './Dialog.module.css';

/** A dialog: focus stays inside, Escape closes, the page behind does not move. */
export function Dialog({
  title,
  size,
  onClose,
  children,
}: {
  title: string;
  size?: number | string;
  onClose: () => void;
  children: React.ReactNode;
}) {
  return (
    <Modal.Root
      opened
      onClose={onClose}
      size={size ?? 640}
      lockScroll={false}
      radius={10}
      transitionProps={{ duration: 0 }}
      classNames={{ content: css.content ?? '' }}
    >
      <Modal.Overlay backgroundOpacity={0.5} />
      <Modal.Content>
        <div className={css.head}>
          <Modal.Title className={css.title ?? ''}>{title}</Modal.Title>
          <Modal.CloseButton aria-label="Close" />
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
