import type { Source } from '../../api/types';

// What a source and its state are called.

export function nameOf(s: Source): string {
  return s.kind === 'host' ? 'This machine' : s.job || s.id;
}

export function word(s: Source): string {
  return s.health === 'down' ? 'Down' : s.health === 'late' ? 'Late' : s.health === 'up' ? 'On time' : 'Not heard yet';
}
