import type { DiffLine } from '../../api/govern';

const around = 3;

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** The lines of two texts as a readable diff with three lines around each change; what is left out is a gap. */
export function diffTexts(before: string, after: string): DiffLine[] {
  const a = linesOf(before);
  const b = linesOf(after);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const all: DiffLine[] = [];
  const same = (i: number, j: number) => all.push({ kind: 'same', old_line: i + 1, new_line: j + 1, text: a[i] ?? '' });
  for (let i = 0; i < head; i++) same(i, i);
  middle(a, b, head, a.length - tail, b.length - tail, all);
  for (let k = tail; k > 0; k--) same(a.length - k, b.length - k);
  return withGaps(all);
}

/** The longest common lines between two bounds; what is only on one side is removed or added. */
function middle(a: string[], b: string[], from: number, endA: number, endB: number, out: DiffLine[]): void {
  const n = endA - from;
  const m = endB - from;
  const t = Array.from({ length: n + 1 }, () => new Uint32Array(m + 1));
  for (let i = n - 1; i >= 0; i--) {
    for (let j = m - 1; j >= 0; j--) {
      const row = t[i];
      if (!row) continue;
      row[j] =
        a[from + i] === b[from + j] ? (t[i + 1]?.[j + 1] ?? 0) + 1 : Math.max(t[i + 1]?.[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  let i = 0;
  let j = 0;
  while (i < n || j < m) {
    if (i < n && j < m && a[from + i] === b[from + j]) {
      out.push({ kind: 'same', old_line: from + i + 1, new_line: from + j + 1, text: a[from + i] ?? '' });
      i++;
      j++;
    } else if (i < n && (j >= m || (t[i + 1]?.[j] ?? 0) >= (t[i]?.[j + 1] ?? 0))) {
      out.push({ kind: 'remove', old_line: from + i + 1, new_line: 0, text: a[from + i] ?? '' });
      i++;
    } else {
      out.push({ kind: 'add', old_line: 0, new_line: from + j + 1, text: b[from + j] ?? '' });
      j++;
    }
  }
}

function withGaps(all: DiffLine[]): DiffLine[] {
  const keep = new Uint8Array(all.length);
  all.forEach((l, n) => {
    if (l.kind === 'same') return;
    for (let k = Math.max(0, n - around); k <= Math.min(all.length - 1, n + around); k++) keep[k] = 1;
  });
  const out: DiffLine[] = [];
  all.forEach((l, n) => {
    if (keep[n] === 1) out.push(l);
    else if (out.at(-1)?.kind !== 'gap') out.push({ kind: 'gap', old_line: 0, new_line: 0, text: '' });
  });
  return out;
}

/** "2 lines added, 1 removed", or that nothing differs. */
export function diffWords(lines: readonly DiffLine[]): string {
  const added = lines.filter((l) => l.kind === 'add').length;
  const removed = lines.filter((l) => l.kind === 'remove').length;
  if (added + removed === 0) return 'No line differs';
  const parts = [];
  if (added > 0) parts.push(`${added} ${added === 1 ? 'line' : 'lines'} added`);
  if (removed > 0)
    parts.push(`${removed} ${removed === 1 && added === 0 ? 'line ' : added === 0 ? 'lines ' : ''}removed`);
  return parts.join(', ');
}
