import type { Certificate, PrivacyRequest } from '../../api/privacy';
import { compact } from '../../format/number';
import type { StateName } from '../../light/light';

// Requests of data subjects as people read them.

/** What was asked for. */
export function kindWord(kind: string): string {
  return kind === 'erase' ? 'Erasure' : 'Export';
}

/** Shape and word of a request's state. */
export function stateOf(r: Pick<PrivacyRequest, 'state' | 'parts' | 'parts_done'>): { state: StateName; word: string } {
  if (r.state === 'done') return { state: 'green', word: 'Done' };
  if (r.state === 'failed') return { state: 'red', word: 'Failed' };
  const n = r.parts > 0 ? `, ${r.parts_done} of ${r.parts} parts` : '';
  return { state: 'paused', word: `Running${n}` };
}

/** Who asked: the name, or the id where there is none. */
export function whoOf(by: { id: string; name?: string }): string {
  return [by.name, by.id].find((x) => x) ?? 'nobody';
}

/** All rows of a certificate. */
export function rowsOf(c: Certificate): string {
  return compact(Object.values(c.rows).reduce((a, b) => a + b, 0));
}

/** What is wrong with what was typed about a person; undefined when it can be asked. */
export function wrongWith(id: string, again: string, reason: string): string | undefined {
  if (id.trim() === '') return 'State the id by which your applications know the person.';
  if (id !== again) return 'The two ids are not the same.';
  if (reason.trim() === '') return 'State why, such as the number of the person’s letter.';
  if (id.length > 2 && reason.toLowerCase().includes(id.toLowerCase())) {
    return 'The reason holds the id. It stands in the audit trail for good: name a letter or a case instead.';
  }
  return undefined;
}

/** What happens to what arrives, where no policy says otherwise; first what it is, then what becomes of it. */
export const defaults: readonly [string, string][] = [
  [
    'Ids of people',
    'user and enduser ids, user names, logins and anonymous ids become pseudonyms by a key that is kept apart',
  ],
  ['Network addresses', 'lose their end: the last of four parts, or all but the first 48 bits'],
  ['Addresses of pages', 'keep their path; their query and fragment are dropped'],
  [
    'Cookies, passwords, tokens, social security numbers',
    'attributes with such a name are dropped, whatever a policy says',
  ],
  [
    'Texts and other values',
    'are searched for mail addresses, card and social security numbers, and credentials; what is found is replaced by the word for it',
  ],
];
