// Opens the board in Chromium and prints what it took as JSON: node board.mjs PLAYWRIGHT CHROMIUM URL RUNS.
// The administrator's token is in SIGNALBOX_TOKEN.
import { pathToFileURL } from 'node:url';

const [playwright, executablePath, url, runs] = process.argv.slice(2);
const { chromium } = await import(pathToFileURL(playwright).href);
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  const context = await browser.newContext({ viewport: { width: 1440, height: 1010 }, baseURL: url, reducedMotion: 'reduce' });
  const res = await context.request.post('/api/signalbox/v1/login', {
    data: { secret: process.env.SIGNALBOX_TOKEN },
    headers: { Origin: url },
  });
  if (!res.ok()) throw new Error(`signing in answered ${res.status()}`);
  const page = await context.newPage();
  const { bytes, fonts } = await firstLoad(page);
  const interactive = [];
  for (let i = 0; i < Number(runs); i++) {
    await page.goto('/sources');
    await page.goto('/');
    interactive.push(await page.evaluate(untilInteractive));
  }
  const updates = [];
  for (let i = 0; i < Number(runs); i++) updates.push(await page.evaluate(oneUpdate));
  console.log(JSON.stringify({ interactive, updates, bytes, fonts }));
} finally {
  await browser.close();
}

/** What a browser with an empty cache is sent for the board, in bytes on the wire: page, scripts and styles; and fonts. */
async function firstLoad(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  const urls = new Map();
  let bytes = 0;
  let fonts = 0;
  session.on('Network.responseReceived', (e) => urls.set(e.requestId, e.response.url));
  session.on('Network.loadingFinished', (e) => {
    const url = urls.get(e.requestId) ?? '';
    if (url.endsWith('.woff2')) fonts += e.encodedDataLength;
    else if (!url.includes('/api/')) bytes += e.encodedDataLength;
  });
  await page.goto('/');
  await page.evaluate(untilInteractive);
  await page.evaluate(() => document.fonts.ready);
  await session.detach();
  return { bytes, fonts };
}

/** Milliseconds from the start of the navigation until all tiles are there and a frame with them has been drawn. */
async function untilInteractive() {
  const end = performance.now() + 30_000;
  while (document.querySelectorAll('[data-tile]').length < 1000) {
    if (performance.now() > end) throw new Error(`${document.querySelectorAll('[data-tile]').length} tiles after 30 s`);
    await new Promise((r) => setTimeout(r, 5));
  }
  await new Promise((r) => requestAnimationFrame(() => setTimeout(r, 0)));
  return performance.now();
}

/** Milliseconds for which one update of all KPIs keeps the page from answering: the longest task that it causes. */
async function oneUpdate() {
  const tasks = [];
  const observer = new PerformanceObserver((l) => tasks.push(...l.getEntries()));
  observer.observe({ type: 'longtask', buffered: false });
  const source = new window.EventSource('/api/signalbox/v1/stream');
  const at = await new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error('no update within 20 s')), 20_000);
    source.addEventListener('kpis', () => resolve(performance.now()), { once: true });
  });
  await new Promise((r) => setTimeout(r, 1500));
  source.close();
  tasks.push(...observer.takeRecords());
  observer.disconnect();
  // The page has a stream of its own, which may have been told a little before this one.
  return Math.max(0, ...tasks.filter((t) => t.startTime > at - 300).map((t) => t.duration));
}
