// No accessibility finding of axe on any page, in light, dark, phone and the phone's dark; nothing wider than its screen.
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { launch, looks, open } from './browser.mjs';
import { firstKpi, pages, show } from './pages.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export async function run({ url, token, log }) {
  const browser = await launch();
  const findings = [];
  let scans = 0;
  try {
    for (const [look, settings] of Object.entries(looks)) {
      const page = await open(browser, url, token, settings);
      const kpi = await firstKpi(page);
      for (const p of pages(kpi)) {
        await show(page, p);
        findings.push(...(await scan(page, `${look} ${p.name}`)));
        scans++;
      }
      for (const c of page.complaints) if (!/404|Failed to load resource/.test(c)) findings.push(`${look}: ${c}`);
      await page.context().close();
    }
  } finally {
    await browser.close();
  }
  log(`axe: ${scans} scans, ${findings.length} findings`);
  if (findings.length > 0) throw new Error(findings.join('\n'));
}

/**
 * What is wrong with the page as it stands, each with the name in front. A live page changes while it is looked at, and half of a
 * change is nobody's finding: what counts is what is still there when one looks again.
 */
export async function scan(page, name) {
  let findings = await look(page, name);
  for (let i = 0; i < 3 && findings.length > 0; i++) {
    await page.waitForTimeout(1_000);
    findings = await look(page, name);
  }
  return findings;
}

async function look(page, name) {
  const findings = [];
  // A colour on its way is nobody's finding.
  await page.waitForFunction(() => document.getAnimations().every((a) => a.playState !== 'running'));
  // The scanner is given to the page by the debugger, past the policy that forbids foreign scripts.
  await page.evaluate(axe);
  const result = await page.evaluate((values) => window.axe.run(document, { runOnly: { type: 'tag', values } }), tags);
  for (const v of result.violations) {
    findings.push(
      `${name}: ${v.id}: ${v.help}\n    ${v.nodes
        .map((n) => `${n.target.join(' ')}  ${n.failureSummary.split('\n').slice(1, 2).join('')}`)
        .slice(0, 4)
        .join('\n    ')}`,
    );
  }
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (over > 0) findings.push(`${name}: ${over} px wider than the screen`);
  const small = await page.evaluate(smallTargets);
  for (const s of small) findings.push(`${name}: target under 24 px: ${s}`);
  const h1 = await page.locator('h1').count();
  if (h1 !== 1) findings.push(`${name}: ${h1} headings of level 1`);
  return findings;
}

/** Buttons and fields smaller than 24 by 24, which axe looks at only in part; links in running text may be small. */
function smallTargets() {
  const out = [];
  for (const el of document.querySelectorAll('button, select, input, summary, [role=option], nav a')) {
    const r = el.getBoundingClientRect();
    if (r.width === 0 || el.closest('.vh, [aria-hidden=true]') || getComputedStyle(el).visibility === 'hidden')
      continue;
    if (el.matches('input[type=checkbox], input[role=switch]')) continue;
    if (el.closest('nav[aria-label="Where you are"]')) continue;
    if (r.height < 23.5 || r.width < 23.5)
      out.push(
        `${el.tagName} ${el.textContent.slice(0, 30) || el.getAttribute('aria-label')} ${Math.round(r.width)}×${Math.round(r.height)}`,
      );
  }
  return out.slice(0, 5);
}
