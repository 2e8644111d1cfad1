import { chromium } from 'playwright-core';

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** How long is waited for what must come, in ms: a machine may be busy, and the wait costs nothing when all is well. */
export const patience = 120_000;

/** Asks until the answer is true, and returns it. */
export async function until(what, ok) {
  const end = Date.now() + patience;
  let why = '';
  for (;;) {
    try {
      const answer = await ok();
      if (answer) return answer;
    } catch (e) {
      why = `: ${e.message}`;
    }
    if (Date.now() > end) throw new Error(`never came true: ${what}${why}`);
    await new Promise((r) => setTimeout(r, 100));
  }
}

/** The sizes and themes in which every page is looked at. */
export const looks = {
  light: { viewport: { width: 1440, height: 1010 }, colorScheme: 'light' },
  dark: { viewport: { width: 1440, height: 1010 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: 'light', hasTouch: true, isMobile: true },
  'phone-dark': { viewport: { width: 390, height: 844 }, colorScheme: 'dark', hasTouch: true, isMobile: true },
};

/** Opens Debian's Chromium with a fresh profile. */
export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
}

/**
 * A page in one of the looks that is signed in: the token goes through the sign-in door once and comes back as a cookie, as it
 * does for people. Everything that the browser complains about is kept in page.complaints.
 */
export async function open(browser, base, token, look = looks.light) {
  const context = await browser.newContext({ ...look, baseURL: base, reducedMotion: 'reduce' });
  if (token) {
    const res = await context.request.post('/api/signalbox/v1/login', {
      data: { secret: token },
      headers: { Origin: base },
    });
    if (!res.ok()) throw new Error(`signing in answered ${res.status()}: ${await res.text()}`);
  }
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', (m) => {
    if (m.type() === 'error' || /Content Security Policy/.test(m.text()))
      page.complaints.push(`${m.text()} ${m.location().url}`);
  });
  page.on('pageerror', (e) => page.complaints.push(String(e)));
  return page;
}

/** Goes to a page by its two keys, again when they came so far apart that they were two single ones. */
export async function go(page, key, address) {
  for (let tries = 0; ; tries++) {
    await page.evaluate(() => document.activeElement?.blur());
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    try {
      await page.waitForURL(address, { timeout: tries < 5 ? 5_000 : patience });
      return;
    } catch (e) {
      if (tries === 5) throw e;
    }
  }
}

/** Waits until the page shows data and its fonts. */
export async function settled(page) {
  await page.locator('main h1, main#wall h1').first().waitFor();
  await page
    .waitForFunction(
      () => document.querySelector('[role="status"] > .vh')?.textContent?.startsWith('Loading') !== true,
      undefined,
      { timeout: 15_000 },
    )
    .catch(() => undefined); // a page may go on loading what is not looked at
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(250);
}
