// A person's way: board, KPI, why, silence, explore; once with the mouse, once with the keyboard alone.
import assert from 'node:assert/strict';
import { at, by, escape, go, intoFocused, keyTo, launch, looks, open, until } from './browser.mjs';
import { withSignals } from './explore-pages.mjs';
import { firstKpi } from './pages.mjs';

export async function run({ url, token, log }) {
  const browser = await launch();
  try {
    const page = await open(browser, url, token, looks.light);
    const kpi = await firstKpi(page);
    await withMouse(page, kpi);
    log('walk: with the mouse');
    await withKeyboard(page);
    log('walk: with the keyboard');
    await withSignals(page);
    log('walk: from a log line to its trace with the keyboard');
    await remembersTheme(page);
    log('walk: the theme is remembered');
    await staysDark(browser, url, token);
    log('walk: nothing light is seen in the dark');
    const complaints = page.complaints.filter((c) => !/404/.test(c));
    assert.deepEqual(complaints, [], 'the browser complains');
  } finally {
    await browser.close();
  }
}

async function withMouse(page, kpi) {
  await page.goto('/');
  await page.locator('[data-tile]').first().waitFor();
  const title = await page.locator('h1').innerText();
  assert.ok(title.length > 5, 'the board opens with a sentence');

  // A count filters, and the filter is in the address.
  const count = page.getByRole('button', { name: /On target$/ });
  await count.click();
  await page.waitForURL(/state=green/);
  await count.click();
  await page.waitForURL((u) => !u.search.includes('state'));

  await page.locator(`a[href="/kpi/${kpi}"]`).first().click();
  await page.waitForURL(new RegExp(`/kpi/${kpi}`));
  await page.locator('canvas').first().waitFor();
  await page.getByRole('button', { name: /^6\s?h$/ }).click();
  await page.waitForURL(/range=6h/);

  await why(page);

  // A silence: seen before it is made, on the page after it, and ended again.
  await page.getByRole('button', { name: 'Silence', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText(/Mutes \d+ active|No active alert matches/).waitFor();
  await dialog.getByRole('textbox', { name: /Why/ }).fill('Browser test');
  await dialog.getByRole('button', { name: '30 minutes' }).click();
  await dialog.getByRole('button', { name: 'Silence for 30 minutes' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page
    .getByText(/Paused until/)
    .first()
    .waitFor();
  await page
    .getByRole('navigation', { name: 'Pages' })
    .getByRole('link', { name: /Alerts/ })
    .click();
  const row = page
    .locator('li', { hasText: 'Browser test' })
    .filter({ has: page.getByRole('button', { name: /End now/ }) });
  await row.getByRole('button', { name: /End now/ }).click();
  await row.waitFor({ state: 'detached' });

  await page.goBack();
  await page.waitForURL(new RegExp(`/kpi/${kpi}`));
  const metric = page.locator('section[aria-labelledby=making] a[href^="/explore/metrics"]').first();
  if ((await metric.count()) > 0) {
    await metric.click();
    await page.waitForURL(/\/explore\/metrics\?.*q=/);
    await page.locator('.cm-content').first().waitFor();
  }
  // Whichever KPI is the worst, its metric may have no samples just now; `up` always has.
  await page.goto('/explore/metrics?q=up');
  await page.locator('canvas').first().waitFor();
  const link = page.url();
  await page.goto('/');
  await page.goto(link);
  await page.locator('canvas').first().waitFor();
}

async function why(page) {
  const rows = page.locator('section[aria-labelledby=why] button[aria-expanded]');
  await page
    .locator('section[aria-labelledby=why]')
    .getByText(/has not changed|turned|is on target|is again|datapoint/i)
    .first()
    .waitFor();
  if ((await rows.count()) === 0) return;
  await by('a decision is in the address', () => rows.first().click(), at(page, /decision=/));
  await page.getByText('Who was told').first().waitFor();
}

async function withKeyboard(page) {
  const key = (k) => page.keyboard.press(k);
  await page.goto('/');
  await page.locator('[data-tile]').first().waitFor();
  await key('Tab');
  assert.equal(await focused(page), 'Skip to the content', 'the first stop leads past the rail');

  // Whichever KPI is the worst by now: on a busy machine that changes while one walks.
  const first = async () => {
    await key('j');
    if (await page.evaluate(() => document.activeElement?.closest('[data-tile]') !== null)) await key('Enter');
  };
  await by('J and Enter lead to a KPI', first, at(page, /\/kpi\/./));
  const kpi = new URL(page.url()).pathname;
  await page.locator('canvas').first().waitFor();

  // The chart speaks its points.
  const chart = page.locator('[aria-roledescription=chart]').first();
  await until('a point says its time', async () => {
    await chart.focus();
    await key('End');
    await key('ArrowLeft');
    return /\d\d:\d\d/.test(await chart.locator('[role=status]').innerText());
  });

  // Escape closes a dialog and nothing else.
  await page.getByRole('button', { name: 'Silence', exact: true }).press('Enter');
  await escape(page, page.getByRole('dialog'));
  assert.equal(new URL(page.url()).pathname, kpi, 'Escape in a dialog leaves the page where it is');

  await key('t');
  await page.getByRole('region', { name: 'Datapoints' }).waitFor();
  await page.waitForURL(/view=table/);
  await key('t');
  await page.waitForURL((u) => !u.search.includes('view'));
  await key('x');
  await page.waitForURL(/compare=on/);

  await go(page, 'a', /\/alerts/);
  await page.locator('section[aria-labelledby=active]').waitFor();
  const dialog = page.getByRole('dialog');
  await by(
    'N opens the form of a silence',
    () => key('n'),
    () => dialog.isVisible(),
  );
  await escape(page, dialog);

  const find = page.getByRole('combobox', { name: /Find/ });
  await by(
    'Ctrl K opens the search',
    () => key('Control+k'),
    () => find.isVisible(),
  );
  await intoFocused(page, find, 'explore');
  // What is found follows the text a moment later, and Enter takes what is chosen.
  await page.getByRole('option', { name: /Explore metrics/, selected: true }).waitFor();
  await key('Enter');
  await page.waitForURL(/\/explore\/metrics/);
  const editor = page.getByRole('textbox', { name: 'Query A' });
  await page.locator('.cm-content').waitFor();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  // The dialog gives the focus back a moment after it is gone, and takes it from whoever has it then.
  await until('the query is typed', async () => {
    await editor.focus();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Delete');
    await page.keyboard.type('up');
    return (await editor.innerText()).trim() === 'up';
  });
  const ask = async () => {
    await editor.focus();
    await key('Control+Enter');
  };
  await by('the query is asked', ask, at(page, /q=up/));
  await page.locator('canvas').first().waitFor();

  const help = page.getByRole('dialog', { name: 'Help' });
  const question = async () => {
    await page.evaluate(() => document.activeElement?.blur());
    await key('?');
  };
  await by('? opens the help', question, () => help.isVisible());
  await escape(page, help);
  await keyTo(page, 'w', /\/wall/);
  await page.getByRole('list', { name: 'KPIs, worst first' }).waitFor();
  await keyTo(page, 'Escape', (u) => u.pathname === '/');
}

function focused(page) {
  return page.evaluate(() => document.activeElement?.textContent?.trim());
}

async function remembersTheme(page) {
  await page.goto('/');
  await page.getByRole('button', { name: 'Use the dark theme' }).click();
  await page.getByRole('button', { name: 'Use the light theme' }).waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Use the light theme' }).click();
}

/** Where the system is dark, no light page is there first, not even before the page's script has come. */
async function staysDark(browser, url, token) {
  const page = await open(browser, url, token, looks.dark);
  await page.addInitScript(() => {
    window.brightest = 0;
    const look = () => {
      for (const e of [document.documentElement, document.body]) {
        const shades = e
          ? getComputedStyle(e)
              .backgroundColor.match(/[\d.]+/g)
              .map(Number)
          : [0, 0, 0];
        if (shades[3] !== 0) window.brightest = Math.max(window.brightest, ...shades.slice(0, 3));
      }
      requestAnimationFrame(look);
    };
    look();
  });
  await page.goto('/');
  await page.locator('[data-tile]').first().waitFor();
  const brightest = await page.evaluate(() => window.brightest);
  assert.ok(brightest < 64, `a background of ${brightest} of 255 was seen`);
  await page.context().close();
}
