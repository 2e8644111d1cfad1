import { one } from '../../api/search';

export type PeopleSearch = {
  /** The part that is open; people unless told. */
  tab?: 'roles' | 'tokens';
  /** The person whose form is open; "new" for somebody new. */
  person?: string;
};

/** Narrows the people page's part of the URL. */
export function peopleSearch(raw: Record<string, unknown>): PeopleSearch {
  const out: PeopleSearch = {};
  if (raw.tab === 'roles' || raw.tab === 'tokens') out.tab = raw.tab;
  const person = one(raw.person);
  if (person) out.person = person;
  return out;
}
