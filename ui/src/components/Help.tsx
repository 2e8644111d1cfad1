export function Help({ onClose }: { onClose: () => void }) {
  return <button onClick={onClose}>x</button>;
}
