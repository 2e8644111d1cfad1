// The tracker in a real browser against listen_public of a real `signalbox serve`, whose binary SIGNALBOX_BINARY names: counts in =
// counts out through the API, a click leads to the server's span of its request, an outage of the network loses nothing and doubles
// nothing, pages of other origins and people who object leave nothing.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch, patience, until } from './browser.mjs';
import { freePorts } from './ports.mjs';

const token = 'a-token-for-browser-tests-of-32-characters';
const many = 40;

const listening = (handler) =>
  new Promise((done) => {
    const s = createServer(handler).listen(0, '127.0.0.1', () => done(s));
  });

/** A site with the tracker in its pages; its own server says by OpenTelemetry what it was asked. */
async function startSite(door, house) {
  return listening((req, res) => {
    if (req.url.startsWith('/api/')) {
      const [, traceId, parentSpanId] = (req.headers.traceparent ?? '').split('-');
      const now = BigInt(Date.now()) * 1_000_000n;
      const span = {
        traceId,
        parentSpanId,
        spanId: 'abcdef0123456789',
        name: 'POST /api/file',
        kind: 2,
        startTimeUnixNano: String(now),
        endTimeUnixNano: String(now + 1_000_000n),
      };
      const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'efile-api' } }] };
      fetch(`${house}/v1/traces`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] }),
      }).then(
        (r) => res.writeHead(r.status).end(),
        () => res.writeHead(502).end(),
      );
      return;
    }
    res.setHeader('Content-Type', 'text/html');
    res.end(`<!doctype html><html lang="en"><head><title>A form</title><script src="${door}/sb.js" data-site="pub_efile" defer></script></head>
<body><h1>Form 1040</h1><button id="file" data-sb-event="file_clicked" data-sb-form="1040" data-sb-business-id="C-7"
onclick="fetch('/api/file', { method: 'POST' })">File</button></body></html>`);
  });
}

export async function run({ log }) {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-tracker-'));
  const [main, open] = await freePorts(2);
  const house = `http://127.0.0.1:${main}`;
  const site = await startSite(`http://127.0.0.1:${open}`, house);
  const origin = `http://127.0.0.1:${site.address().port}`;
  writeFileSync(
    join(folder, 'signalbox.yaml'),
    `host: {enabled: false}
otlp: {grpc: "off", http: "off"}
listen_public:
  listen: 127.0.0.1:${open}
  sites: [{key: pub_efile, origins: ["${origin}"], service: efile-web, env: test}]
`,
  );
  const server = spawn(
    process.env.SIGNALBOX_BINARY,
    [
      'serve',
      '--log-level',
      'warn',
      '--config',
      join(folder, 'signalbox.yaml'),
      '--listen',
      `127.0.0.1:${main}`,
      '--data',
      join(folder, 'data'),
    ],
    { env: { ...process.env, SIGNALBOX_ADMIN_TOKEN: token }, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const ask = async (path) => {
    const r = await fetch(house + path, { headers: { Authorization: `Bearer ${token}` } });
    assert.equal(r.status, 200, path);
    return r.json();
  };
  const count = async (q) => (await ask(`/api/signalbox/v1/events/count?q=${encodeURIComponent(q)}`)).count;
  const find = async (q) => (await ask(`/api/signalbox/v1/events?q=${encodeURIComponent(q)}`)).rows;
  const browser = await launch();
  try {
    await until('the server is ready', async () => (await fetch(`${house}/-/ready`)).ok);
    const context = await browser.newContext();
    context.setDefaultTimeout(patience);
    const page = await context.newPage();
    await page.goto(`${origin}/form/1040?token=secret`);
    await page.click('#file');
    await page.evaluate((n) => {
      window.history.pushState(null, '', '/case/4711/pay?x=1');
      for (let i = 0; i < n; i++) window.sb.track('step', { i });
      window.sb.flush();
    }, many);
    await until('all steps arrived', async () => (await count('name:step')) === many);
    await until('the click arrived', async () => (await count('name:file_clicked')) === 1);
    await until('both views arrived', async () => (await count('name:page_view')) === 2);
    assert.equal(await count('name:page_view route:"/form/{id}"'), 1);
    assert.equal(await count('secret'), 0, 'no query string is kept');
    const [click] = await find('name:file_clicked');
    assert.deepEqual([click.service, click.env, click.trust], ['efile-web', 'test', 'public']);
    let trace;
    await until('the span of the request', async () => {
      trace = await ask(`/api/signalbox/v1/traces/${click.trace_id}`);
      return trace.spans.length === 1 && trace.events.length > 0;
    });
    assert.deepEqual([trace.spans[0].service, trace.spans[0].parent_id], ['efile-api', click.span_id]);
    log('tracker at the public door: the click leads to the span of its request');

    await context.setOffline(true);
    await page.evaluate((n) => {
      for (let i = 0; i < n; i++) window.sb.track('offline', { i });
      window.sb.flush();
    }, many);
    await until('they are kept', () => page.evaluate(() => (localStorage.getItem('sb.q') ?? '').includes('offline')));
    await context.setOffline(false);
    await until('the offline events arrived', async () => (await count('name:offline')) === many);
    await until('nothing is kept any more', () => page.evaluate(() => localStorage.getItem('sb.q') === null));
    await page.evaluate(() => window.sb.track('last_words'));
    await page.goto('about:blank');
    await until('the last words arrived', async () => (await count('name:last_words')) === 1);
    assert.deepEqual([await count('name:step'), await count('name:offline')], [many, many]);
    await context.close();

    // Another origin, and two people who object.
    const stranger = await browser.newPage();
    stranger.setDefaultTimeout(patience);
    await stranger.goto(`${origin.replace('127.0.0.1', 'localhost')}/form`);
    await stranger.evaluate(() => {
      window.sb.track('strange');
      window.sb.flush();
    });
    await until('the refusal is on Sources', async () =>
      (await ask('/api/signalbox/v1/sources')).sources.some((s) => s.refused.unauthorized > 0),
    );
    await stranger.close();
    for (const wish of ['globalPrivacyControl', 'doNotTrack']) {
      const quiet = await browser.newContext();
      quiet.setDefaultTimeout(patience);
      await quiet.addInitScript((name) => {
        Object.defineProperty(window.Navigator.prototype, name, { get: () => (name === 'doNotTrack' ? '1' : true) });
      }, wish);
      const silent = await quiet.newPage();
      let sent = 0;
      silent.on('request', (r) => r.url().includes('/v1/events') && sent++);
      await silent.goto(`${origin}/quiet`);
      await silent.evaluate(() => {
        window.sb.track('never');
        window.sb.flush();
      });
      await silent.click('#file');
      await silent.waitForTimeout(5_500); // the tracker sends every five seconds
      await silent.goto('about:blank');
      assert.equal(sent, 0, wish);
      await quiet.close();
    }
    // By what they would be, not by the sum: the page that was left may still be sending its own.
    for (const q of ['name:strange', 'name:never', 'route:"/form"', 'route:"/quiet"'])
      assert.equal(await count(q), 0, q);
    log(`tracker at the public door: ${await count('')} events, none of strangers and of those who object`);
  } finally {
    await browser.close();
    const ended = new Promise((done) => (server.exitCode === null ? server.on('exit', done) : done()));
    server.kill('SIGTERM');
    await ended;
    site.close();
    site.closeAllConnections();
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}
