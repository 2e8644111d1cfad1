// A person's way through usage, evidence, sources and privacy with the keyboard alone; on the mock.
import assert from 'node:assert/strict';
import { start } from '../dev/mock.mjs';
import { at, by, go, intoFocused, launch, looks, open, until } from './browser.mjs';

export async function run({ log }) {
  const mock = await start();
  const browser = await launch();
  try {
    const page = await open(browser, mock.url, '', looks.light);
    await evidence(page);
    log('usage: from a red light to a failing trace and its log lines in two steps');
    await funnel(page);
    log('usage: a funnel built, reordered and made a KPI');
    await charts(page);
    log('usage: charts walked, tables shown');
    await erasure(page);
    log('usage: a person erased, the id kept nowhere');
    assert.deepEqual(page.complaints, [], 'the browser complains');
  } finally {
    await browser.close();
    mock.stop();
  }
}

/** Tabs until the focus is on what has this accessible name. */
async function tabTo(page, name, most = 120) {
  for (let i = 0; i < most; i++) {
    await page.keyboard.press('Tab');
    const text = await page.evaluate(() => {
      const e = document.activeElement;
      return e?.getAttribute('aria-label') ?? (e?.labels?.[0]?.textContent || e?.textContent) ?? '';
    });
    if (name.test(text.trim())) return;
  }
  throw new Error(`Tab does not come to ${name}`);
}

/** A dialog takes the focus a moment after it is there. */
async function inDialog(page) {
  await until('the focus is in the dialog', () =>
    page.getByRole('dialog').evaluate((e) => e.contains(document.activeElement)),
  );
}

async function evidence(page) {
  await page.goto('/');
  await page.locator('[data-tile]').first().waitFor();
  const first = async () => {
    await page.keyboard.press('j');
    if (await page.evaluate(() => document.activeElement?.closest('[data-tile]') !== null)) {
      await page.keyboard.press('Enter');
    }
  };
  await by('J and Enter lead to a KPI', first, at(page, /\/kpi\//));
  const panel = page.locator('section[data-evidence]');
  await panel.getByRole('heading', { name: 'Newest failing traces' }).waitFor();
  await panel.locator('time').first().waitFor();
  const trace = async () => {
    await page.keyboard.press('e');
    await tabTo(page, /^portal: /, 12);
    await page.keyboard.press('Enter');
  };
  await by('a failing trace', trace, at(page, /\/explore\/traces\/[0-9a-f]{32}$/));
  await page.getByRole('treegrid').waitFor();
}

async function funnel(page) {
  await page.goto('/');
  await page.locator('h1').waitFor();
  await go(page, 'u', /\/usage\/engagement/);
  await page.getByRole('link', { name: 'Funnel', exact: true }).first().waitFor();
  await tabTo(page, /^Funnel$/);
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/usage\/funnel/);
  await page.getByRole('combobox', { name: 'Step 1' }).waitFor();
  await tabTo(page, /^Step 1$/);
  for (const [n, typed] of [
    [1, 'filing_su'],
    [2, 'filing_st'],
  ]) {
    await intoFocused(page, page.getByRole('combobox', { name: `Step ${n}` }), typed);
    // What is offered follows the text a moment later, and Enter takes what is chosen.
    await until('what is offered goes on with what is typed', async () => {
      const list = await page.locator('li[role=option]').allInnerTexts();
      return list[0]?.startsWith(typed);
    });
    await page.keyboard.press('ArrowDown');
    await page.locator('li[role=option]').first().and(page.locator('[aria-selected=true]')).waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL((u) => u.searchParams.getAll('step').length === n);
    if (n === 1) {
      await tabTo(page, /^Add a step$/, 20);
      await page.keyboard.press('Enter');
    }
  }
  await page.goto(page.url());
  await until('both steps are filled in', async () => {
    const filled = async (n) => (await page.getByRole('combobox', { name: `Step ${n}` }).inputValue()) !== '';
    return (await filled(1)) && (await filled(2));
  });
  await tabTo(page, /^Step 2$/);
  await page.keyboard.press('Alt+ArrowUp');
  await page.waitForURL((u) => /started/.test(u.searchParams.getAll('step')[0] ?? ''));
  await page
    .getByRole('button', { name: /^Make this a KPI: Get as far as/ })
    .first()
    .waitFor();
  await tabTo(page, /^Make this a KPI: Get as far as/, 60);
  await page.keyboard.press('Enter');
  await page.locator('[role=dialog] pre').waitFor();
  await inDialog(page);
  await page.keyboard.press('Tab');
  await page.getByRole('button', { name: 'Go on in the policy editor' }).press('Enter');
  await page.waitForURL(/\/policy\/new/);
  await page
    .getByText(/usage-funnel/)
    .first()
    .waitFor();
}

async function charts(page) {
  await page.goto('/usage/engagement');
  const chart = page.locator('[aria-roledescription=chart]').first();
  await chart.waitFor();
  await until('the newest point says that it goes on', async () => {
    await chart.focus();
    await page.keyboard.press('End');
    return (await page.getByText(/so far$/).count()) > 0;
  });
  await page.keyboard.press('t');
  await page.waitForURL(/view=table/);
  await page.getByRole('region', { name: 'Table: People active per week' }).waitFor();
}

async function erasure(page) {
  const id = 'person-7731';
  await page.goto('/privacy');
  await page.getByRole('button', { name: 'Erase a person' }).first().waitFor();
  await tabTo(page, /^Erase a person$/);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await inDialog(page);
  await page.getByRole('textbox', { name: /^Id of the person/ }).focus();
  for (const [name, text] of [
    [/^Id of the person/, id],
    [/^The id once more/, id],
    [/^Why/, 'Letter 12'],
  ]) {
    const field = page.getByRole('textbox', { name });
    await intoFocused(page, field, text);
    await until(`${text} is in ${name}`, async () => (await field.inputValue()) === text);
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForURL(/request=\d+/);
  await page.getByRole('progressbar').waitFor();
  const left = () =>
    page.evaluate(() =>
      [
        document.title,
        window.location.href,
        JSON.stringify(localStorage),
        JSON.stringify(window.sessionStorage),
        JSON.stringify(window.history.state),
        document.body.outerHTML,
      ].join('\n'),
    );
  await until('the id of the person is left nowhere', async () => !(await left()).includes(id));
}
