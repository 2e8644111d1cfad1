import { LightLabel, LightShape } from '../../light/Light';
import type { Said } from './words';

/** A state's shape and word. */
export function StateMark({ said, size = 15 }: { said: Said; size?: number }) {
  return <LightLabel state={said.tone} word={said.word} size={size} />;
}

/** A shape alone, beside words that say it. */
export function Shape({ said, size = 18 }: { said: Said; size?: number }) {
  return <LightShape state={said.tone} size={size} />;
}
