// From a red light to the log line that says why, with the keyboard alone, on a real demo whose intake is broken: board, KPI,
// its evidence, a failing trace, the line. Needs SIGNALBOX_URL.
import assert from 'node:assert/strict';
import { launch, looks, open, settled } from './browser.mjs';

export async function run({ url, token, log }) {
  const browser = await launch();
  try {
    const page = await open(browser, url, token, looks.light);
    page.setDefaultTimeout(30_000);
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

    await tabTo(
      page,
      (e) =>
        e.closest('[data-evidence]') !== null && /\/explore\/traces\/[0-9a-f]{32}/.test(e.getAttribute('href') ?? ''),
    );
    await key('Enter');
    await page.waitForURL(/\/explore\/traces\/[0-9a-f]{32}/);
    await settled(page);
    const trace = page.url().match(/[0-9a-f]{32}/)[0];

    // The trace leads to its log lines.
    await tabTo(
      page,
      (e) =>
        e.tagName === 'A' &&
        /\/explore\/logs\?/.test(e.getAttribute('href') ?? '') &&
        (e.getAttribute('href') ?? '').includes('trace_id'),
    );
    await key('Enter');
    await page.waitForURL(/\/explore\/logs/);
    const line = page.getByText(/schema validation failed: form 8949 line 1b/).first();
    await line.waitFor();
    assert.ok(page.url().includes(trace), 'the lines are those of the trace');
    log(
      `guilty: light, evidence, trace ${trace.slice(0, 8)}, "${(await line.innerText()).slice(0, 60)}" with the keyboard alone`,
    );
    assert.deepEqual(
      page.complaints.filter((c) => !/404/.test(c)),
      [],
      'the browser complains',
    );
  } finally {
    await browser.close();
  }
}

/** Presses Tab until the element in focus is the one wanted. */
async function tabTo(page, wanted) {
  const test = `(${wanted})(document.activeElement)`;
  for (let i = 0; i < 250; i++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(test)) return;
  }
  throw new Error(`Tab never came to ${wanted}`);
}
