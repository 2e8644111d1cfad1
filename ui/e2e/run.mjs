// Runs the browser tests: `npm run e2e [walk|govern|usage|axe|live|tracker|speed|shots|story ...]`. Against SIGNALBOX_URL with
// SIGNALBOX_TOKEN, or else against the mock. live, tracker, speed, govern and usage always use the mock; story needs a fresh server, whose start link is in
// SIGNALBOX_LINK, and tracker-door starts its own from SIGNALBOX_BINARY; both run only when they are named.
import { start } from '../dev/mock.mjs';

const all = ['walk', 'govern', 'usage', 'axe', 'live', 'tracker', 'speed', 'shots'];
const known = [...all, 'story', 'tracker-door', 'guilty'];
const wanted = process.argv.slice(2);
for (const w of wanted) {
  if (!known.includes(w)) {
    console.error(`there is no test "${w}": want ${known.join(', ')}`);
    process.exit(2);
  }
}
const mock = process.env.SIGNALBOX_URL ? undefined : await start();
const target = {
  url: (process.env.SIGNALBOX_URL ?? mock.url).replace(/\/$/, ''),
  token: process.env.SIGNALBOX_TOKEN ?? '',
  link: process.env.SIGNALBOX_LINK ?? '',
  log: (line) => console.log(line),
};
let failed = 0;
for (const name of wanted.length > 0 ? wanted : all) {
  const { run } = await import(`./${name}.mjs`);
  try {
    await run(target);
  } catch (e) {
    failed++;
    console.error(`${name} failed: ${e.stack ?? e}`);
  }
}
mock?.stop();
process.exit(failed > 0 ? 1 : 0);
