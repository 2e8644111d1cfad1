// A change from 3 % to 2.5 % as people make it: typed, lost and found again, proposed, tested, refused to its author, and
// another one approved with a password; with the mouse and with the keyboard alone. Runs against a mock of its own, whose
// law it changes.
import assert from 'node:assert/strict';
import { start } from '../dev/mock.mjs';
import { at, by, go, keyTo, launch, looks, open, until } from './browser.mjs';

const clock = {};

export async function run({ log }) {
  // The mock's back-tests take four seconds of its clock, which the test stops while it looks at one that runs.
  let stopped;
  clock.hold = () => (stopped = Date.now());
  clock.go = () => (stopped = undefined);
  const mock = await start({ tick: 60_000, now: () => stopped ?? Date.now() });
  const browser = await launch();
  try {
    const page = await open(browser, mock.url, '', looks.light);
    await propose(page);
    log('govern: a draft outlives a reload, a proposal is tested and refused to its author');
    await decide(page);
    log('govern: another person’s proposal is approved after the password');
    await byKeyboard(page);
    log('govern: lists, table and dialogs by keyboard');
    await feedback(page);
    log('govern: feedback becomes a proposal');
    assert.deepEqual(
      page.complaints.filter((c) => !/40[349]/.test(c)),
      [],
      'the browser complains',
    );
  } finally {
    await browser.close();
    mock.stop();
  }
}

async function propose(page) {
  await page.goto('/policy');
  await page.getByRole('link', { name: 'E-file error rate' }).click();
  await page.getByRole('link', { name: 'Propose a change' }).click();
  await page.locator('.cm-content').waitFor();
  await page.getByRole('textbox', { name: 'Breached when' }).fill('> 2.5%');
  await page.getByText(/Pages when more than 2.5/).waitFor();
  await until('only the value changed, and the comment stays', async () => {
    const text = await page.locator('.cm-content').innerText();
    return /# Why 3 %/.test(text) && /red: "> 2\.5%", for: 3/.test(text);
  });
  await page.getByRole('textbox', { name: /^Why/ }).fill('Earlier on deadline day.');

  await page.reload();
  await page.getByText(/What you typed/).waitFor();
  const kept = async (name) => page.getByRole('textbox', { name }).inputValue();
  await until('the value is there again', async () => (await kept('Breached when')) === '> 2.5%');
  await until('the reason is there again', async () => (await kept(/^Why/)) === 'Earlier on deadline day.');

  clock.hold();
  await page.getByRole('button', { name: 'Propose', exact: true }).click();
  await page.waitForURL(/\/policy\/proposals\/\d+/);
  await page.getByRole('progressbar').waitFor();
  clock.go();
  await page.getByRole('heading', { name: /Day by day/ }).waitFor();
  await page.getByText(/another person must approve it/).waitFor();
  await until('nobody approves their own', () => page.getByRole('button', { name: 'Approve proposal' }).isDisabled());
  await page.goto('/policy/KPI/efile-error-rate/edit');
  await page.locator('.cm-content').waitFor();
  assert.equal(await page.getByText(/What you typed/).count(), 0, 'what was sent is no draft any more');
}

async function decide(page) {
  await page.goto('/policy/proposals/41');
  await page.locator('canvas').first().waitFor();
  await page.getByRole('button', { name: 'Approve proposal' }).click();
  const dialog = page.getByRole('dialog', { name: 'Approve proposal' });
  await dialog.getByRole('button', { name: 'Confirm and approve' }).click();
  await dialog.getByText('Type your password.').waitFor();
  await dialog.getByLabel(/Your password/).fill('correct horse battery staple');
  await dialog.getByRole('textbox', { name: 'A word about it' }).fill('Long overdue.');
  await dialog.getByRole('button', { name: 'Confirm and approve' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('Long overdue.').first().waitFor();
  await page.getByText('Scheduled', { exact: true }).first().waitFor();

  await page.goto('/policy/proposals/40');
  clock.hold();
  await page.getByRole('button', { name: 'Rebase and test again' }).click();
  await page.getByRole('progressbar').waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByText(/was stopped/).waitFor();
  clock.go();
}

async function byKeyboard(page) {
  const key = (k) => page.keyboard.press(k);
  await page.goto('/');
  await page.locator('[data-tile]').first().waitFor();
  await go(page, 'p', /\/policy$/);
  await page.locator('[data-row]').first().waitFor();
  const row = () =>
    page.evaluate(() =>
      [...document.querySelectorAll('[data-row]')].findIndex((r) => r.contains(document.activeElement)),
    );
  await by(
    'J leads to the first row',
    async () => ((await row()) < 0 ? key('j') : undefined),
    async () => (await row()) === 0,
  );
  await key('j');
  await until('J leads to the second row', async () => (await row()) === 1);
  await key('k');
  await until('K leads back', async () => (await row()) === 0);
  await key('Enter');
  await page.waitForURL(/\/policy\/KPI\//);
  await page.locator('section[aria-labelledby=revisions]').waitFor();
  await keyTo(page, 'Escape', /\/policy$/);

  await page.goto('/policy/proposals/41');
  await page.locator('canvas').first().waitFor();
  await by('T shows the table', () => key('t'), at(page, /view=table/));
  await page.getByRole('region', { name: 'Periods' }).waitFor();
  await key('t');
  const chart = page.locator('[aria-roledescription=chart]').first();
  await until('a point says both lights', async () => {
    await chart.focus();
    await key('End');
    await key('ArrowLeft');
    return /now .*, proposed /.test(await chart.locator('[role=status]').innerText());
  });

  // Tab leaves the editor, completion opens in it.
  await page.goto('/policy/new?kind=KPI');
  const editor = page.getByRole('textbox', { name: 'Document, YAML' });
  const offered = page.locator('.cm-tooltip-autocomplete').getByText('restate_for');
  const inEditor = () => editor.evaluate((e) => e.contains(document.activeElement));
  await editor.focus();
  await key('Control+End');
  await page.keyboard.type('rest');
  // What may stand there comes from the server; before it is here, typing offers nothing.
  const typeOn = async () => {
    if (await offered.isVisible()) return;
    await key('Backspace');
    await page.keyboard.type('t');
  };
  await by('the key is offered', typeOn, () => offered.isVisible());
  // The editor takes no key for a list that has only just opened.
  await page.waitForTimeout(200);
  await key('Enter');
  await until('the key was completed', async () => /restate_for: /.test(await editor.innerText()));
  await key('Tab');
  await until('Tab leaves the editor', async () => !(await inEditor()));
}

async function feedback(page) {
  await page.goto('/kpi/efile-error-rate');
  const panel = page.locator('section[aria-labelledby=feedback]');
  await panel.getByRole('button', { name: 'Say what you think' }).click();
  await panel.getByRole('group', { name: 'Is it relevant?' }).getByRole('button', { name: 'Yes' }).click();
  await panel.getByRole('textbox', { name: 'Comment' }).fill('Late filings are missing.');
  await panel.getByRole('button', { name: 'Send' }).click();
  const entry = panel.locator('li', { hasText: 'Late filings are missing.' });
  await entry.getByRole('link', { name: 'Turn into a proposal' }).click();
  await page.getByText(/Answers 1 piece of feedback/).waitFor();
}
