// Runs the browser tests: `npm run e2e [walk|govern|axe|live|speed|shots ...]`. Against SIGNALBOX_URL with SIGNALBOX_TOKEN, or else
// against the mock. live and speed always use the mock.
import { start } from '../dev/mock.mjs';

const all = ['walk', 'govern', 'axe', 'live', 'speed', 'shots'];
const wanted = process.argv.slice(2);
for (const w of wanted) {
  if (!all.includes(w)) {
    console.error(`there is no test "${w}": want ${all.join(', ')}`);
    process.exit(2);
  }
}
const mock = process.env.SIGNALBOX_URL ? undefined : await start();
const target = {
  url: (process.env.SIGNALBOX_URL ?? mock.url).replace(/\/$/, ''),
  token: process.env.SIGNALBOX_TOKEN ?? '',
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
