// The tracker in a real browser, on a site with a strict policy: counts in = counts out, also over an outage of the network and
// a page that is left; a click joins its request's trace; whoever objects is left alone.
import assert from 'node:assert/strict';
import { launch, patience, until } from './browser.mjs';
import { startSite } from './tracker-site.mjs';

const many = 40;

export async function run({ log }) {
  const browser = await launch();
  const site = await startSite();
  const named = (name) => site.events().filter((e) => e.name === name);
  const from = (route) => site.events().filter((e) => e.route === route);
  /** What a page sends to the door: an earlier page may still be sending its own. */
  const posts = (page) => {
    const list = [];
    page.on('request', (r) => r.method() === 'POST' && !r.url().startsWith(site.url) && list.push(r.url()));
    return list;
  };
  try {
    const context = await browser.newContext();
    context.setDefaultTimeout(patience);
    const page = await context.newPage();
    const complaints = [];
    page.on('console', (m) => m.type() === 'error' && complaints.push(m.text()));
    await page.goto(`${site.url}/form/1040?token=secret`);

    await page.click('#file');
    await page.click('#break');
    await page.evaluate(async (n) => {
      window.history.pushState(null, '', '/case/4711/pay?x=1');
      for (let i = 0; i < n; i++) window.sb.track('step', { i });
      window.sb.survey(4, 'quick');
      await Promise.reject(new TypeError('late')).catch((e) => setTimeout(() => Promise.reject(e)));
    }, many);
    const wanted = { step: many, error: 2, page_view: 2, survey: 1, file_clicked: 1 };
    await until('everything arrived', () => Object.entries(wanted).every(([name, n]) => named(name).length === n));
    await until('the request of the click arrived', () => site.requests.length === 1);
    assert.deepEqual(
      named('page_view').map((e) => e.route),
      ['/form/{id}', '/case/{id}/pay'],
    );
    assert.equal(new Set(site.events().map((e) => e.session)).size, 1);
    assert.equal(named('survey')[0].value, 4);
    assert.deepEqual(
      named('error').map((e) => [e.error_type, e.body]),
      [
        ['RangeError', 'bad form /x'],
        ['TypeError', 'late'],
      ],
    );
    assert.ok(!JSON.stringify(site.events()).includes('secret'), 'no query string is sent');

    const click = named('file_clicked')[0];
    assert.deepEqual(click.properties, { form: '1040', business_id: 'C-7' });
    assert.equal(site.requests[0].traceparent, `00-${click.trace_id}-${click.span_id}-01`);
    log('tracker: the click and its request are one trace');

    // Away from the network, then back: nothing is lost and nothing counts twice.
    await context.setOffline(true);
    await page.evaluate((n) => {
      for (let i = 0; i < n; i++) window.sb.track('offline', { i });
      window.sb.flush();
    }, many);
    await until('they are kept', () => page.evaluate(() => (localStorage.getItem('sb.q') ?? '').includes('offline')));
    await context.setOffline(false);
    await until('the offline events arrived', () => named('offline').length === many);
    await until('nothing is kept any more', () => page.evaluate(() => localStorage.getItem('sb.q') === null));

    // Left while away: the next page sends it.
    await context.setOffline(true);
    await page.evaluate(() => window.sb.track('left_behind'));
    await page.evaluate(() => window.dispatchEvent(new window.Event('pagehide')));
    await context.setOffline(false);
    await page.goto(`${site.url}/next`);
    await until('what was left behind arrived', () => named('left_behind').length === 1);

    // Leaving sends what waits at once, web vitals among it.
    const drawn = 'largest-contentful-paint';
    await page.evaluate(
      (type) => new Promise((done) => new PerformanceObserver(() => done()).observe({ type, buffered: true })),
      drawn,
    );
    await page.click('h1');
    await page.evaluate(() => window.sb.track('last_words'));
    await page.goto('about:blank');
    await until('the last words arrived', () => named('last_words').length === 1);
    const vitals = () => new Set(named('web_vital').map((e) => e.properties.vital));
    await until('the vitals arrived', () => vitals().has('LCP') && vitals().has('CLS'));
    for (const e of named('web_vital')) assert.ok(e.value >= 0 && e.value < 600, `${e.properties.vital} ${e.value}`);
    assert.equal(named('step').length + named('offline').length, 2 * many);
    assert.deepEqual(await context.cookies(), [], 'no cookies');
    assert.deepEqual(
      complaints.filter((c) => /Content Security Policy|CORS/.test(c)),
      [],
    );
    log(`tracker: ${site.events().length} events in ${site.posts()} requests, vitals ${[...vitals()].sort()}`);
    await context.close();

    // Consent that is required: nothing leaves and nothing is stored before it.
    const asked = await browser.newContext();
    asked.setDefaultTimeout(patience);
    const waiting = await asked.newPage();
    const sent = posts(waiting);
    await waiting.goto(`${site.url}/ask?consent=required`);
    await waiting.click('#file');
    await waiting.waitForTimeout(6_000);
    assert.deepEqual(sent, []);
    assert.equal(await waiting.evaluate(() => localStorage.length + window.sessionStorage.length), 0);
    const clicks = named('file_clicked').length;
    assert.deepEqual(from('/ask'), []);
    await waiting.evaluate(() => window.sb.consent(true));
    await until('the held click arrived', () => named('file_clicked').length === clicks + 1);
    await asked.close();

    // Global Privacy Control, and Do Not Track: not one request.
    for (const wish of ['globalPrivacyControl', 'doNotTrack']) {
      const quiet = await browser.newContext();
      quiet.setDefaultTimeout(patience);
      await quiet.addInitScript((name) => {
        Object.defineProperty(window.Navigator.prototype, name, { get: () => (name === 'doNotTrack' ? '1' : true) });
      }, wish);
      const silent = await quiet.newPage();
      const wrong = posts(silent);
      const requests = site.requests.length;
      await silent.goto(`${site.url}/quiet`);
      await silent.evaluate(() => window.sb.track('never'));
      await silent.click('#file');
      await silent.waitForTimeout(6_000);
      await until('the request of the click arrived', () => site.requests.length > requests);
      assert.equal(site.requests[requests].traceparent, '', wish);
      await silent.goto('about:blank');
      await silent.waitForTimeout(500);
      assert.deepEqual(wrong, [], wish);
      assert.deepEqual(from('/quiet'), [], wish);
      await quiet.close();
    }
    log('tracker: consent is awaited, objections are heard');
  } finally {
    await browser.close();
    site.stop();
  }
}
