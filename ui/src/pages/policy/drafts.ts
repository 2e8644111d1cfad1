// What a person types into the editor or a comment is kept in this browser until it is sent or thrown away, so that an
// expired session, a reload or a closed tab loses nothing.

export type Draft = {
  text: string;
  title: string;
  reason: string;
  /** As typed into the field, in the reader's zone; empty: at the next period. */
  effective: string;
  emergency: boolean;
  /** Hash of what the edit began from. */
  base: string;
  at: number;
};

const prefix = 'signalbox.draft.';
const keepMs = 14 * 86_400_000;

function store(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

/** Keeps a draft; a browser that refuses storage keeps it in the page alone. */
export function writeDraft(key: string, d: Draft): void {
  try {
    store()?.setItem(prefix + key, JSON.stringify(d));
  } catch {
    // Full or forbidden: the text still stands in the editor.
  }
}

/** The draft of a key, unless it is older than two weeks or unreadable. */
export function readDraft(key: string, now = Date.now()): Draft | undefined {
  const raw = store()?.getItem(prefix + key);
  if (!raw) return undefined;
  try {
    const d = JSON.parse(raw) as Partial<Draft>;
    if (typeof d.text !== 'string' || typeof d.at !== 'number' || now - d.at > keepMs) return undefined;
    return {
      text: d.text,
      title: typeof d.title === 'string' ? d.title : '',
      reason: typeof d.reason === 'string' ? d.reason : '',
      effective: typeof d.effective === 'string' ? d.effective : '',
      emergency: d.emergency === true,
      base: typeof d.base === 'string' ? d.base : '',
      at: d.at,
    };
  } catch {
    return undefined;
  }
}

/** Forgets what was typed. */
export function clearDraft(key: string): void {
  store()?.removeItem(prefix + key);
}

/** Keeps a few words, such as a comment that is not sent yet. */
export function writeNote(key: string, text: string): void {
  if (text === '') clearDraft(key);
  else writeDraft(key, { text, title: '', reason: '', effective: '', emergency: false, base: '', at: Date.now() });
}

/** The words that were kept; empty when there are none. */
export function readNote(key: string): string {
  return readDraft(key)?.text ?? '';
}
