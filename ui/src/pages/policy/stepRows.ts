/** Moves the focus to the first link of the next or previous row that is marked with data-row. */
export function stepRows(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')];
  if (rows.length === 0) return;
  const at = rows.findIndex((r) => r.contains(document.activeElement));
  const next = at === -1 ? (by === 1 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + by));
  rows[next]?.querySelector<HTMLElement>('a')?.focus({ preventScroll: true });
  rows[next]?.scrollIntoView({ block: 'nearest' });
}
