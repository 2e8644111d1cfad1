import { Modal } from '@mantine/core';

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
    <Modal
      opened
      onClose={onClose}
      title={title}
      size={size ?? 640}
      radius={10}
      lockScroll={false}
      transitionProps={{ duration: 0 }}
      overlayProps={{ backgroundOpacity: 0.5 }}
      closeButtonProps={{ 'aria-label': 'Close' }}
      styles={{
        title: { fontSize: '1rem', fontWeight: 600 },
        content: { background: 'var(--surface)', border: '1px solid var(--line)' },
        header: { background: 'var(--surface)' },
      }}
    >
      {children}
    </Modal>
  );
}
