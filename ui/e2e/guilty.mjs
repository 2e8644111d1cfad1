// From a red light to the log line that says why, with the keyboard alone, on a real demo whose intake is broken: board, KPI,
// its evidence, a failing trace, the line. Needs SIGNALBOX_URL.
import assert from 'node:assert/strict';
import { at, by, launch, looks, open, patience, until } from './browser.mjs';

export async function run({ url, token, log }) {
  const browser = await launch();
  try {
    const page = await open(browser, url, token, looks.light);
    const key = (k) => page.keyboard.press(k);
    await page.goto('/');
    await page.locator('[data-tile]').first().waitFor();
    // Breached ones come first, so J is at it soon; what is breached moves while one walks.
    await until('the breached KPI is among the first tiles', async () => {
      await page.evaluate(() => document.activeElement?.blur());
      for (let steps = 0; steps < 10; steps++) {
        await key('j');
        const name = await page.evaluate(() => document.activeElement?.closest('[data-tile]')?.textContent ?? '');
        if (name.includes('e-file error rate')) return true;
      }
    });
    await key('Enter');
    await page.waitForURL(/\/kpi\/efile-error-rate/);
    await page.locator('[data-evidence] h3', { hasText: 'Newest failing traces' }).waitFor();

    // The portal fails for small reasons of its own, too: traces are tried one after the other, as a person would, and new ones
    // come all the time.
    let said = '';
    const end = Date.now() + 5 * patience;
    for (let n = 0; said === '' && Date.now() < end; n++) {
      if (n > 0) await page.goto('/kpi/efile-error-rate');
      await page.locator('[data-evidence] a[href*="/explore/traces/"]').first().waitFor();
      const failing = () => follow(page, inEvidence, 1 + (n % 3));
      await by('a failing trace', failing, at(page, /\/explore\/traces\/[0-9a-f]{32}/));
      const trace = page.url().match(/[0-9a-f]{32}/)[0];
      await page.locator('a[href*="/explore/logs?"][href*="trace_id"]').first().waitFor();
      await by('its lines', () => follow(page, toLines, 1), at(page, /\/explore\/logs/));
      assert.ok(page.url().includes(trace), 'the lines are those of the trace');
      const none = page.getByRole('heading', { name: /^No .* match$/ });
      await page.locator('[data-line]').or(none).first().waitFor();
      const line = page.getByText(/schema validation failed: form 8949 line 1b/).first();
      said = await line.innerText({ timeout: 10_000 }).catch(() => '');
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

/** Presses Tab until the element in focus is one that is wanted for the nth time, and Enter on it; lists get new rows meanwhile. */
async function follow(page, wanted, nth) {
  let seen = 0;
  for (let i = 0; i < 300; i++) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate(`(${wanted})(document.activeElement)`)) && ++seen >= nth) {
      await page.keyboard.press('Enter');
      return;
    }
  }
}
