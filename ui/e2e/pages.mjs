// The pages that are walked, scanned and photographed, with what must be there before it counts as shown.

import { by } from './browser.mjs';
import { explorePages } from './explore-pages.mjs';
import { governPages } from './govern-pages.mjs';
import { usagePages } from './usage-pages.mjs';

/** What says that a list is there; a fresh server's may be empty, the mock's never is. */
const rows = process.env.SIGNALBOX_URL ? 'main h1' : 'table';

/** Every page with its states, for a server whose first KPI has this name. */
export function pages(kpi) {
  const q = encodeURIComponent('sum(rate(http_requests_total[5m])) by (job)');
  return [
    { name: 'board', path: '/' },
    { name: 'board-filtered', path: '/?state=green&group=owner' },
    { name: 'kpi', path: `/kpi/${kpi}`, ready: 'canvas' },
    { name: 'kpi-table', path: `/kpi/${kpi}?view=table&range=1h` },
    { name: 'kpi-why', path: `/kpi/${kpi}?compare=on`, act: openDecision },
    { name: 'kpi-unknown', path: '/kpi/there-is-none' },
    { name: 'alerts', path: '/alerts' },
    { name: 'silence', path: '/alerts?silence=new', ready: '[role=dialog]' },
    { name: 'explore', path: '/explore/metrics', ready: '.cm-content' },
    { name: 'explore-graph', path: `/explore/metrics?q=${q}&q=up`, ready: 'canvas' },
    { name: 'explore-table', path: `/explore/metrics?q=${q}&view=table` },
    { name: 'sources', path: '/sources' },
    { name: 'welcome', path: '/welcome' },
    { name: 'demo', path: '/demo' },
    { name: 'wall', path: '/wall' },
    {
      name: 'help',
      path: '/',
      act: (page) => page.getByRole('button', { name: 'Help and shortcuts' }).click(),
      ready: '[role=dialog]',
    },
    { name: 'find', path: '/', act: openFind, ready: '[role=dialog]' },
    { name: 'audit', path: '/audit?record=135', ready: 'table' },
    { name: 'audit-broken', path: '/audit?outcome=denied', act: verifyBroken },
    { name: 'audit-digests', path: '/audit?tab=digests', ready: rows },
    { name: 'people', path: '/people', ready: rows },
    { name: 'people-new', path: '/people?person=new', ready: '[role=dialog]' },
    { name: 'people-one', mock: true, path: '/people?person=tunde', ready: '[role=dialog] table' },
    { name: 'roles', path: '/people?tab=roles', ready: 'table' },
    { name: 'tokens', path: '/people?tab=tokens', ready: rows },
    { name: 'account', path: '/account', ready: rows },
    {
      name: 'token-new',
      mock: true,
      path: '/account',
      act: (page) => page.getByRole('button', { name: 'New token' }).click(),
      ready: '[role=dialog]',
    },
    { name: 'kpi-mark', path: `/kpi/${kpi}`, ready: 'canvas', act: openMark },
    { name: 'boards', path: '/boards' },
    { name: 'board-own', mock: true, path: '/boards/filing-season', ready: 'canvas' },
    { name: 'board-edit', mock: true, path: '/boards/filing-season?edit=on', act: openPanel },
    { name: 'board-import', mock: true, path: '/boards?make=import', act: importFile, ready: '[role=dialog] table' },
    { name: 'signed-out', mock: true, path: '/account', act: signedOut, ready: '[role=dialog]' },
    ...explorePages(),
    ...governPages(kpi),
    ...usagePages(),
    { name: 'missing', path: '/kpi/' },
  ].filter((p) => p.name !== 'missing' && !(p.mock && process.env.SIGNALBOX_URL));
}

async function openDecision(page) {
  const rows = page.locator('section[aria-labelledby=why] button[aria-expanded]');
  if ((await rows.count()) > 0) await rows.first().click();
}

async function openFind(page) {
  const find = page.getByRole('combobox', { name: /Find/ });
  await by(
    'Ctrl K opens the search',
    () => page.keyboard.press('Control+k'),
    () => find.isVisible(),
  );
  await find.fill('e');
}

/** The name of the worst KPI on the board. */
export async function firstKpi(page) {
  await page.goto('/');
  const link = page.locator('[data-tile] h3 a').first();
  await link.waitFor();
  return decodeURIComponent((await link.getAttribute('href')).replace('/kpi/', ''));
}

async function loaded(page) {
  await page.locator('h1').first().waitFor();
  await page.waitForFunction(
    () => ![...document.querySelectorAll('[role=status] > .vh')].some((e) => e.textContent.startsWith('Loading')),
  );
}

/** Opens one of the pages and waits until it is all there. */
export async function show(page, p) {
  await page.goto(p.path);
  await loaded(page);
  if (p.act) await p.act(page);
  if (p.ready) await page.locator(p.ready).first().waitFor();
  await loaded(page);
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(200);
}

/** The chain is verified; on the mock, after a record was altered. */
async function verifyBroken(page) {
  if (!process.env.SIGNALBOX_URL) await page.request.post('/api/signalbox/v1/mock/break');
  await page.getByRole('button', { name: 'Verify' }).click();
  await page.getByText(/Chain (whole|broken)/).waitFor();
}

/** The card of the newest change, by keyboard. */
async function openMark(page) {
  const chart = page.locator('[aria-roledescription=chart]').first();
  await chart.locator('button').first().waitFor();
  const card = chart.getByRole('dialog');
  const open = async () => {
    if (await card.isVisible()) return;
    await chart.focus();
    await page.keyboard.press('c');
    await page.keyboard.press('Enter');
  };
  await by('the card of a change', open, () => card.isVisible());
}

async function openPanel(page) {
  await page
    .getByRole('button', { name: /Requests by service/ })
    .first()
    .click();
  await page.getByRole('textbox', { name: 'PromQL 1' }).waitFor();
}

async function importFile(page) {
  await page
    .getByLabel('Dashboards as JSON files')
    .setInputFiles({ name: 'web.json', mimeType: 'application/json', buffer: Buffer.from('{}') });
}

/** The session ends while the page is open; on the mock only. */
async function signedOut(page) {
  await page.request.post('/api/signalbox/v1/mock/out');
  // What the page asks by itself may find out first.
  const over = page.getByRole('dialog', { name: 'Your session is over' });
  const end = page.getByRole('button', { name: 'End', exact: false }).first();
  const tryIt = async () =>
    (await over.isVisible()) ? undefined : end.click({ timeout: 10_000 }).catch(() => undefined);
  await by('the session is over', tryIt, () => over.isVisible());
  await page.request.post('/api/signalbox/v1/login', { data: { login: 'priya', password: 'x' } });
}
