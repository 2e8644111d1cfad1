/** Labels as small chips: name and value, the value in front of the eye. */
export function LabelSet({ labels, skip = [] }: { labels: Record<string, string>; skip?: string[] }) {
  const entries = Object.entries(labels).filter(([k]) => !skip.includes(k));
  if (entries.length === 0) return null;
  return (
    <span className="row" style={{ gap: '0.25rem' }}>
      {entries.map(([k, v]) => (
        <span key={k} className="chip">
          {k} <b>{v}</b>
        </span>
      ))}
    </span>
  );
}
