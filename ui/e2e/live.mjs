// Numbers change in place without a reload, only changes of state are announced, and silence of the server is said aloud.
// This needs a server that can be told what to do, so it runs against the mock.
import assert from 'node:assert/strict';
import { start } from '../dev/mock.mjs';
import { launch, looks, open } from './browser.mjs';

export async function run({ log }) {
  const mock = await start({ tick: 300 });
  const browser = await launch();
  try {
    const page = await open(browser, mock.url, '', looks.light);
    await page.clock.install();
    await page.goto('/');
    await page.locator('[data-tile]').first().waitFor();
    const announcer = page.locator('[data-announcer]');
    await page.evaluate(updates, 3);
    assert.equal(await announcer.textContent(), '', 'numbers alone are not announced');

    for (const name of ['intake']) {
      await page.request.post(`/api/signalbox/v1/demo/${name}/heal`);
    }
    await page.waitForFunction(() => document.querySelector('[data-announcer]').textContent !== '');
    await page.getByRole('heading', { level: 1, name: 'All promises are kept.' }).waitFor();
    log(`live: announced "${(await announcer.textContent()).slice(0, 60)}"`);

    mock.hang();
    await page.clock.fastForward(32_000);
    await page.getByText(/Showing \d\d:\d\d:\d\d\. Reconnecting\./).waitFor();
    log('live: says that the server is silent');
  } finally {
    await browser.close();
    mock.stop();
  }
}

/** Waits for updates on a stream of its own; the page's has had them by then, but for the newest. */
function updates(n) {
  return new Promise((done) => {
    const source = new window.EventSource('/api/signalbox/v1/stream');
    source.addEventListener('kpis', () => {
      if (n-- > 0) return;
      source.close();
      done();
    });
  });
}
