// Roles as people read them.

const roles: Record<string, string> = {
  viewer: 'Viewer',
  developer: 'Application developer',
  analyst: 'Operations analyst',
  owner: 'Product owner',
  auditor: 'Auditor',
  admin: 'Administrator',
};

const sentences: Record<string, string> = {
  viewer: 'Looks at KPIs, alerts and policies, and says what they think of them.',
  developer: 'Sends data, asks questions of it, proposes changes.',
  analyst: 'Runs the place: silences, approves, changes in an emergency.',
  owner: 'Answers for promises: proposes, reviews and approves them.',
  auditor: 'Reads everything, also the audit trail, and changes nothing.',
  admin: 'Everything, also people and roles.',
};

export const roleIds = Object.keys(roles);

/** What a role is for, in a sentence; empty for one that is not known here. */
export function roleSentence(role: string): string {
  return sentences[role] ?? '';
}

/** A role's name. */
export function roleWord(role: string): string {
  return roles[role] ?? role;
}
