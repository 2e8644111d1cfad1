import { compact } from '../../format/number';

/** What was refused, by reason. */
export function Refused({ refused }: { refused: [string, number][] }) {
  return <>{refused.map(([reason, n]) => `${compact(n)} ${reason.replaceAll('_', ' ')}`).join(', ')}</>;
}
