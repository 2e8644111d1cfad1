// A board of a thousand KPIs: interactive within a second, and an update of all of them within 100 ms. Runs against the mock,
// so that the server's own time is not in the figures.
import { start } from '../dev/mock.mjs';
import { launch, looks, open } from './browser.mjs';

export async function run({ log }) {
  const mock = await start({ kpis: 1000, tick: 1_500, cached: true });
  const browser = await launch();
  try {
    const page = await open(browser, mock.url, '', looks.light);
    await page.goto('/');
    await page.locator('[data-tile]').first().waitFor();
    const runs = [];
    for (let i = 0; i < 3; i++) {
      await page.goto('/alerts');
      await page.goto('/', { waitUntil: 'commit' });
      runs.push(await page.evaluate(interactive));
    }
    const at = (k) => Math.round(median(runs.map((r) => r[k])));
    const load = median(runs.map((r) => r.interactive));
    const updates = await page.evaluate(updateCost);
    const update = median(updates);
    log(
      `speed: 1,000 KPIs interactive after ${Math.round(load)} ms, first tiles after ${at('first')} ms, all after ${at('all')} ms`,
    );
    log(
      `speed: an update of all 1,000 takes ${Math.round(update)} ms of the page's time (${updates.map(Math.round).join(', ')})`,
    );
    const room = Number(process.env.SIGNALBOX_SPEED_FACTOR ?? 1);
    if (load > 1000 * room) throw new Error(`interactive after ${Math.round(load)} ms, want 1000`);
    if (update > 100 * room) throw new Error(`an update takes ${Math.round(update)} ms, want 100`);
  } finally {
    await browser.close();
    mock.stop();
  }
}

function median(list) {
  return [...list].sort((a, b) => a - b)[list.length >> 1];
}

/**
 * Time from the start of the navigation until the first tiles are drawn and the page is never again blocked for 100 ms while
 * the rest of the thousand come.
 */
async function interactive() {
  const tasks = [];
  new PerformanceObserver((l) => tasks.push(...l.getEntries())).observe({ type: 'longtask', buffered: true });
  const frame = () => new Promise((r) => requestAnimationFrame(() => setTimeout(r, 0)));
  while (document.querySelectorAll('[data-tile]').length === 0) await new Promise((r) => setTimeout(r, 4));
  await frame();
  const first = performance.now();
  while (document.querySelectorAll('[data-tile]').length < 1000) await new Promise((r) => setTimeout(r, 10));
  await frame();
  const all = performance.now();
  await new Promise((r) => setTimeout(r, 100));
  const blocked = tasks.filter((t) => t.duration > 100).map((t) => t.startTime + t.duration);
  return { first, all, interactive: Math.max(first, ...blocked) };
}

/** How long the page is busy with each of three updates: from the message to the end of the frame that shows it. */
async function updateCost() {
  const costs = [];
  const tasks = [];
  const observer = new PerformanceObserver((l) => tasks.push(...l.getEntries()));
  observer.observe({ type: 'longtask', buffered: false });
  for (let i = 0; i < 4; i++) {
    tasks.length = 0;
    await new Promise((resolve) => {
      const source = new window.EventSource('/api/signalbox/v1/stream');
      source.addEventListener('kpis', () => {
        source.close();
        setTimeout(resolve, 700);
      });
    });
    tasks.push(...observer.takeRecords());
    costs.push(Math.max(0, ...tasks.map((t) => t.duration)));
  }
  observer.disconnect();
  return costs.slice(1);
}
