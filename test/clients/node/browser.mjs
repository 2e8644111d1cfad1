// Runs a bundle in Chromium on a page of an address's own origin, which signalbox does not serve itself, and has it send there.
// Usage: node browser.mjs BUNDLE HOW-MANY HOST:PORT...
import { launch } from '../../../ui/e2e/browser.mjs';

const [bundle, many, ...hosts] = process.argv.slice(2);
const browser = await launch();
try {
  for (const host of hosts) {
    const page = await browser.newPage();
    page.on('console', (m) => console.error(m.text()));
    await page.route(`http://${host}/page.html`, (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>A page</title>' }),
    );
    await page.goto(`http://${host}/page.html`);
    await page.addScriptTag({ path: bundle });
    await page.evaluate(([n]) => window.send(window.location.origin, n), [Number(many)]);
    await page.close();
  }
} finally {
  await browser.close();
}
