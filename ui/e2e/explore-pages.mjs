// Logs, traces, services and errors: the pages that are scanned and photographed, and the way from a log line to its trace.
import { at, by, keyTo, until } from './browser.mjs';

/** Whether rows are there to be shown: the mock has them, another server may not. */
const mock = !process.env.SIGNALBOX_URL;
const list = mock ? 'table' : 'main h1';

/** The pages with their states. */
export function explorePages() {
  return [
    { name: 'logs', path: '/explore/logs', ready: list },
    { name: 'logs-table', path: '/explore/logs?view=table&wrap=on', ready: list },
    { name: 'logs-open', mock: true, path: '/explore/logs?q=level%3Aerror', ready: '[data-line]', act: openLine },
    { name: 'logs-fault', path: '/explore/logs?q=level%3Aerror+(service%3A', ready: '[role=alert]' },
    { name: 'logs-complete', mock: true, path: '/explore/logs', act: complete, ready: '[role=option]' },
    { name: 'logs-live', mock: true, path: '/explore/logs?live=on', ready: 'table' },
    { name: 'logs-kpi', mock: true, path: '/explore/logs?q=level%3Aerror', act: makeKpi, ready: '[role=dialog] pre' },
    { name: 'events', path: '/explore/logs?table=events', ready: list },
    { name: 'traces', path: '/explore/traces?q=status%3Aerror', ready: list },
    { name: 'trace', mock: true, path: '/explore/traces', act: openTrace, ready: 'aside dl' },
    { name: 'services', path: '/explore/services', ready: mock ? 'main svg a' : list },
    { name: 'services-table', path: '/explore/services?view=table', ready: list },
    { name: 'errors', path: '/explore/errors', ready: list },
    { name: 'error', mock: true, path: '/explore/errors/e1f09a', ready: 'table' },
    { name: 'related', mock: true, path: '/explore/logs?q=level%3Aerror', act: openSession, ready: 'ol' },
  ];
}

async function openLine(page) {
  await page.locator('[data-line]').nth(1).click();
  await page.getByRole('button', { name: 'Lines around it' }).click();
  await page.getByRole('region', { name: /around it/ }).waitFor();
}

async function complete(page) {
  await page.getByRole('combobox', { name: 'Search the logs' }).click();
  await page.keyboard.type('level:error ser');
}

async function makeKpi(page) {
  await page.getByRole('button', { name: 'Make this a KPI' }).click();
}

async function openTrace(page) {
  await page.locator('[data-line]').first().click();
  await page.locator('[role=treegrid] [role=row]').nth(3).click();
}

async function openSession(page) {
  await page.locator('[data-line]').first().click();
  await page.getByRole('link', { name: 'Its session' }).click();
  await page.getByRole('region', { name: 'In the order of time' }).waitFor();
}

/** From a search to a line, its neighbours, its trace and the span in it, and back, without a pointer. */
export async function withSignals(page) {
  if (!mock) return;
  const key = (k) => page.keyboard.press(k);
  const focused = () =>
    page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent);
  await page.goto('/explore/logs');
  await page.locator('[data-line]').first().waitFor();
  const box = page.getByRole('combobox', { name: 'Search the logs' });
  const inBox = () => box.evaluate((e) => e === document.activeElement);
  await until('I leads into the search', async () => {
    if (await inBox()) return true;
    await key('i');
  });
  await page.keyboard.type('lev');
  await page.getByRole('option', { name: /level:/ }).waitFor();
  await key('ArrowDown');
  await page.getByRole('option', { name: /level:/, selected: true }).waitFor();
  await key('Enter');
  await page.getByRole('option', { name: /error/ }).waitFor();
  await page.keyboard.type('error service:intake');
  await key('Enter');
  await page.waitForURL(/q=level%3Aerror\+service%3Aintake/);
  await page
    .getByRole('status')
    .filter({ hasText: /\d+ lines?/ })
    .first()
    .waitFor();
  await until('Escape leads out of the search', async () => {
    if (!(await inBox())) return true;
    await key('Escape');
  });

  await until('J moves from line to line', async () => {
    await key('j');
    return /error intake: ledger did not answer/.test(await focused());
  });
  await keyTo(page, 'Enter', /row=/);
  await page.getByRole('link', { name: 'Open its trace' }).waitFor();
  await key('c');
  await page.getByRole('region', { name: 'Lines of intake around it' }).waitFor();
  await page.waitForURL(/around=on/);
  await keyTo(page, 't', /\/explore\/traces\/[0-9a-f]{32}\?span=/);
  await page.getByRole('treegrid').waitFor();
  await page.getByRole('complementary', { name: /intake: INSERT filing/ }).waitFor();
  await key('Escape');
  await page.waitForURL((u) => !u.search.includes('span'));
  const inRow = () => page.evaluate(() => document.activeElement?.getAttribute('role') === 'row');
  await until('the focus is in the row again', inRow);
  await key('ArrowUp');
  await key('ArrowLeft');
  await by('Enter opens a span', async () => ((await inRow()) ? key('Enter') : undefined), at(page, /span=/));
  await page.goBack();
  await page.waitForURL(/\/explore\/logs/);
  await page.locator('[data-line]').first().waitFor();
}
