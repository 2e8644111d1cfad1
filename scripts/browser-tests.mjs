// Runs the browser tests of ui/e2e: the story of a governed threshold on a fresh `signalbox serve`, the walk and axe against a
// real `signalbox demo` with a broken service, the tracker against the public door and on a site of its own, and the govern, usage,
// live and speed tests against the mock, which can be told what to do, fall silent and hold a thousand KPIs. Usage: node browser-tests.mjs BINARY
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePorts } from '../ui/e2e/ports.mjs';
import { startStory } from './story-server.mjs';

const binary = resolve(process.argv[2]);
const ui = resolve(import.meta.dirname, '../ui');
const token = 'a-token-for-browser-tests-of-32-characters';

/** Runs tests of ui/e2e in a process of their own; this one goes on serving what they ask. */
const e2e = (env, ...tests) =>
  new Promise((done) => {
    const run = spawn('node', ['e2e/run.mjs', ...tests], {
      cwd: ui,
      stdio: 'inherit',
      env: { ...process.env, ...env },
    });
    run.on('exit', (code) => (code === 0 ? done() : process.exit(code ?? 1)));
  });

const [port, storyPort] = await freePorts(2);
const story = await startStory(binary, storyPort);
process.on('exit', story.stop);
await e2e({ SIGNALBOX_URL: story.url, SIGNALBOX_LINK: story.link }, 'story');
story.stop();
await e2e({ SIGNALBOX_BINARY: binary }, 'tracker-door');

const url = `http://127.0.0.1:${port}`;
const folder = mkdtempSync(join(tmpdir(), 'signalbox-browser-'));
const demo = spawn(binary, ['demo', '--period', '5s', '--listen', `127.0.0.1:${port}`, '--data', folder], {
  env: { ...process.env, SIGNALBOX_ADMIN_TOKEN: token },
  stdio: ['ignore', 'inherit', 'inherit'],
});
const stop = () => {
  demo.kill('SIGKILL'); // there is nothing to keep
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
};
process.on('exit', stop);

const ask = (path, init) => fetch(url + path, { ...init, headers: { Authorization: `Bearer ${token}` } });

/** Asks until the answer is as wanted, for at most five minutes. */
async function until(what, ok) {
  for (let i = 0; i < 1500; i++) {
    try {
      if (await ok()) return;
    } catch {
      // not listening yet
    }
    await new Promise((r) => setTimeout(r, 200));
  }
  throw new Error(`never came true: ${what}`);
}

const light = async (name) => (await (await ask(`/api/signalbox/v1/kpis/${name}`)).json()).light;
await until('the demo is ready', async () => (await ask('/-/ready')).ok);
await until('the error rate is green', async () => (await light('efile-error-rate')) === 'green');
await ask('/api/signalbox/v1/demo/intake/break', { method: 'POST' });
await until('the error rate is red', async () => (await light('efile-error-rate')) === 'red');

const real = { SIGNALBOX_URL: url, SIGNALBOX_TOKEN: token };
await e2e(real, 'guilty', 'walk', 'axe');
if (process.env.SIGNALBOX_SHOTS) await e2e(real, 'shots');
await e2e({}, 'govern', 'usage', 'live', 'tracker', 'speed');
process.exit(0);
