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
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args, timeout: patience });
}

/**
 * A page in one of the looks that is signed in: the token goes through the sign-in door once and comes back as a cookie, as it
 * does for people. Everything that the browser complains about is kept in page.complaints.
 */
export async function open(browser, base, token, look = looks.light) {
  const context = await browser.newContext({ ...look, baseURL: base, reducedMotion: 'reduce' });
  context.setDefaultTimeout(patience);
  if (token) {
    const res = await context.request.post('/api/signalbox/v1/login', {
      data: { secret: token },
      headers: { Origin: base },
      timeout: patience,
    });
    if (!res.ok()) throw new Error(`signing in answered ${res.status()}: ${await res.text()}`);
  }
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', (m) => {
    if (m.type() === 'error' || /Content Security Policy/.test(m.text()))
      page.complaints.push(`${m.text()} ${m.location().url}`);
  });
  page.on('pageerror', (e) => page.complaints.push(String(e)));
  return page;
}

/**
 * Does something and waits for its effect, and does it again when none has come: a page that has only just been drawn may not
 * listen yet, and a list that moves may be missed. Once more must do no harm; `came` answers at once.
 */
export async function by(what, deed, came, soon = 10_000) {
  const end = Date.now() + patience;
  do {
    await deed();
    for (const again = Date.now() + soon; Date.now() < again; await new Promise((r) => setTimeout(r, 50))) {
      if (await came()) return;
    }
  } while (Date.now() < end);
  throw new Error(`never came: ${what}`);
}

/** Presses a key until the address is as wanted. */
export async function keyTo(page, key, address) {
  await by(`${key} leads to ${address}`, () => page.keyboard.press(key), at(page, address));
}

/** Goes to a page by its two keys, which are sent together: far apart they would be two single ones. */
export async function go(page, key, address) {
  const keys = async () => {
    await page.evaluate(() => document.activeElement?.blur());
    await Promise.all([page.keyboard.press('g'), page.keyboard.press(key)]);
  };
  await by(`g ${key} leads to ${address}`, keys, at(page, address));
}

/** Whether the page is at an address, for `by`. */
export function at(page, address) {
  return () => (typeof address === 'function' ? address(new URL(page.url())) : address.test(page.url()));
}

/** Waits until a field has the focus, and types into it. */
export async function intoFocused(page, field, text) {
  await until(`the focus is in ${field}`, () => field.evaluate((e) => e === document.activeElement));
  await page.keyboard.type(text);
}

/** Closes a dialog with Escape. The focus in it says that it listens. */
export async function escape(page, dialog) {
  await until('the focus is in the dialog', () => dialog.evaluate((e) => e.contains(document.activeElement)));
  await by(
    'Escape closes the dialog',
    () => page.keyboard.press('Escape'),
    async () => (await dialog.count()) === 0,
  );
}
