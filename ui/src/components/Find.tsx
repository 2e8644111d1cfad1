export function Find({ onClose }: { onClose: () => void }) {
  return <button onClick={onClose}>x</button>;
}
