import { useEffect, useRef } from 'react';
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
        <Head title={title} />
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

/** Title and close button; the button takes the focus where what it was meant for cannot yet, such as one that waits for an answer. */
function Head({ title }: { title: string }) {
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const timer = setTimeout(() => {
      const dialog = close.current?.closest('[role="dialog"]');
      if (dialog && !dialog.contains(document.activeElement)) close.current?.focus({ preventScroll: true });
    });
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className={css.head}>
      <Modal.Title className={css.title ?? ''}>{title}</Modal.Title>
      <Modal.CloseButton ref={close} aria-label="Close" />
    </div>
  );
}
