// From a red light to the log line that says why, with the keyboard alone, on a real demo whose intake is broken: board, KPI,
// its evidence, a failing trace, the line. Needs SIGNALBOX_URL.
import assert from 'node:assert/strict';
import { launch, looks, open, settled } from './browser.mjs';

export async function run({ url, token, log }) {
  const browser = await launch();
  try {
    const page = await open(browser, url, token, looks.light);
    const key = (k) => page.keyboard.press(k);
    await page.goto('/');
    await page.locator('[data-tile]').first().waitFor();
    // Breached ones come first; J goes to the first tile.
    let steps = 0;
    for (; steps < 30; steps++) {
      await key('j');
      const name = await page.evaluate(() => document.activeElement?.closest('[data-tile]')?.textContent ?? '');
      if (name.includes('e-file error rate')) break;
    }
    assert.ok(steps < 10, 'the breached KPI is among the first tiles');
    await key('Enter');
    await page.waitForURL(/\/kpi\/efile-error-rate/);
    await page.locator('[data-evidence] h3', { hasText: 'Newest failing traces' }).waitFor();
    await page.locator('[data-evidence] a[href*="/explore/traces/"]').first().waitFor();

    // The portal fails for small reasons of its own, too: the first traces are tried one after the other, as a person would.
    let said = '';
    for (let n = 1; n <= 5 && said === ''; n++) {
      await tabTo(page, inEvidence, n);
      await key('Enter');
      await page.waitForURL(/\/explore\/traces\/[0-9a-f]{32}/);
      await settled(page);
      const trace = page.url().match(/[0-9a-f]{32}/)[0];
      await tabTo(page, toLines, 1);
      await key('Enter');
      await page.waitForURL(/\/explore\/logs/);
      assert.ok(page.url().includes(trace), 'the lines are those of the trace');
      const line = page.getByText(/schema validation failed: form 8949 line 1b/).first();
      said = await line.innerText({ timeout: 20_000 }).catch(() => '');
      if (said === '') {
        await page.goto('/kpi/efile-error-rate');
        await page.locator('[data-evidence] a[href*="/explore/traces/"]').first().waitFor();
      }
    }
    assert.ok(said !== '', 'a failing trace leads to the line that says why');
    log(`guilty: light, evidence, trace, "${said.slice(0, 60)}" with the keyboard alone`);
    assert.deepEqual(
      page.complaints.filter((c) => !/404/.test(c)),
      [],
      'the browser complains',
    );
  } finally {
    await browser.close();
  }
}

/** A link to a failing trace. */
const inEvidence = (e) =>
  e.closest('[data-evidence]') !== null && (e.getAttribute('href') ?? '').includes('/explore/traces/');

/** A link to the log lines of a trace. */
const toLines = (e) => /explore\/logs\?.*trace_id/.test(e.getAttribute('href') ?? '');

/** Presses Tab until the element in focus is one that is wanted for the nth time. */
async function tabTo(page, wanted, nth) {
  let seen = 0;
  for (let i = 0; i < 300; i++) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate(`(${wanted})(document.activeElement)`)) && ++seen === nth) return;
  }
  throw new Error(`Tab never came to ${wanted}`);
}
