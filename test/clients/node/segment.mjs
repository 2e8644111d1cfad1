// Segment's library for Node, told to send to another host. Usage: node segment.mjs HOST:PORT WRITE-KEY HOW-MANY
import { Analytics } from '@segment/analytics-node';

const [host, writeKey, many] = process.argv.slice(2);
const analytics = new Analytics({ host: `http://${host}`, path: '/v1/batch', writeKey, flushAt: 20, maxRetries: 2 });
let wrong = 0;
analytics.on('error', (e) => {
  wrong++;
  console.error(e.code, e.reason?.message ?? e.reason ?? '');
});
const context = { app: { name: 'segment-node', version: '4.2' } };
for (let i = 0; i < Number(many); i++) {
  analytics.track({ userId: `person-${i % 7}`, event: 'filing_submitted', properties: { form: '1040', 'case.id': `c-${i}` }, context });
  analytics.page({ userId: `person-${i % 7}`, name: 'Pay', properties: { path: '/pay?from=mail' }, context });
}
analytics.identify({ userId: 'person-1', anonymousId: 'before-1', traits: { plan: 'free', email: 'a@example.org' }, context });
await analytics.closeAndFlush({ timeout: 20_000 });
process.exit(wrong > 0 ? 1 : 0);
