// Pictures of every page, in light, dark and phone, into SIGNALBOX_SHOTS; to be looked at by a person.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launch, looks, open } from './browser.mjs';
import { firstKpi, pages, show } from './pages.mjs';

export async function run({ url, token, log }) {
  const out = process.env.SIGNALBOX_SHOTS;
  if (!out) return log('shots: SIGNALBOX_SHOTS names no folder, none taken');
  await mkdir(out, { recursive: true });
  const browser = await launch();
  let n = 0;
  try {
    for (const [look, settings] of Object.entries(looks)) {
      const page = await open(browser, url, token, settings);
      const kpi = await firstKpi(page);
      for (const p of pages(kpi)) {
        await show(page, p);
        await page.screenshot({ path: join(out, `${p.name}-${look}.png`) });
        n++;
      }
      await page.context().close();
    }
    const print = await open(browser, url, token, looks.dark);
    await show(print, { path: `/kpi/${await firstKpi(print)}`, ready: 'canvas' });
    await print.emulateMedia({ media: 'print' });
    await print.waitForTimeout(300);
    await print.screenshot({ path: join(out, 'kpi-print.png'), fullPage: true });
    n++;
  } finally {
    await browser.close();
  }
  log(`shots: ${n} pictures in ${out}`);
}
