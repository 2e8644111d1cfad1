// Runs a bundle in Chromium and has pages send to an address. A page of that address's own origin is made up here, because
// signalbox does not serve it; one of another has to be served: what is made up may not reach this machine's own addresses.
// Usage: node browser.mjs BUNDLE SERVICE HOW-MANY PAGE-HOST:PORT TO-HOST:PORT [PAGE-HOST:PORT TO-HOST:PORT]...
import { launch, patience } from '../../../ui/e2e/browser.mjs';

const [bundle, service, many, ...hosts] = process.argv.slice(2);
const browser = await launch();
try {
  for (let i = 0; i < hosts.length; i += 2) {
    const [from, to] = [hosts[i], hosts[i + 1]];
    const page = await browser.newPage();
    page.setDefaultTimeout(patience);
    page.on('console', (m) => console.error(m.text()));
    if (from === to) {
      await page.route(`http://${from}/page.html`, (route) =>
        route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>A page</title>' }),
      );
    }
    await page.goto(`http://${from}/page.html`);
    await page.addScriptTag({ path: bundle });
    await page.evaluate(([to, n, service]) => window.send(to, n, service).catch((e) => console.error(String(e))), [`http://${to}`, Number(many), service]);
    await page.close();
  }
} finally {
  await browser.close();
}
