// A web site with the tracker in its pages, and the public door as browsers see it: another origin with exact CORS, which counts
// each id once. A strict content security policy is on, as it is on sites worth tracking.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const listen = (handler) =>
  new Promise((done) => {
    const s = createServer(handler).listen(0, '127.0.0.1', () =>
      done({ server: s, url: `http://127.0.0.1:${s.address().port}` }),
    );
  });

/** Starts both. */
export async function startSite() {
  const script = readFileSync(new URL('../dist/sb.js', import.meta.url));
  const events = new Map(); // by id
  const requests = []; // to the site's own API, with their traceparent
  let posts = 0;

  const site = await listen((req, res) => {
    const url = new URL(req.url, 'http://site');
    if (url.pathname.startsWith('/api/')) {
      requests.push({ path: url.pathname, traceparent: req.headers.traceparent ?? '' });
      res.end('ok');
      return;
    }
    if (url.pathname === '/app.js') {
      res.setHeader('Content-Type', 'text/javascript');
      res.end(app);
      return;
    }
    res.setHeader('Content-Type', 'text/html');
    res.setHeader(
      'Content-Security-Policy',
      `default-src 'none'; script-src 'self' ${stub.url}; connect-src 'self' ${stub.url}`,
    );
    res.end(page(stub.url, url.searchParams.get('consent')));
  });

  const stub = await listen((req, res) => {
    const url = new URL(req.url, 'http://door');
    if (url.pathname === '/sb.js') {
      res.setHeader('Content-Type', 'text/javascript');
      res.end(script);
      return;
    }
    if (req.method !== 'POST' || req.headers.origin !== site.url || url.searchParams.get('site') !== 'efile') {
      res.writeHead(403).end();
      return;
    }
    let body = '';
    req.on('data', (b) => (body += b));
    req.on('end', () => {
      posts++;
      for (const e of JSON.parse(body).events) events.set(e.id, e);
      res.writeHead(204, { 'Access-Control-Allow-Origin': site.url, Vary: 'Origin' }).end();
    });
  });

  return {
    url: site.url,
    events: () => [...events.values()],
    posts: () => posts,
    requests,
    stop() {
      site.server.close();
      stub.server.close();
    },
  };
}

const page = (door, consent) => `<!doctype html><html lang="en"><head><title>A form</title>
<script src="${door}/sb.js" data-site="efile"${consent ? ` data-consent="${consent}"` : ''} defer></script>
<script src="/app.js" defer></script></head><body><h1>Form 1040</h1>
<button id="file" data-sb-event="file_clicked" data-sb-form="1040" data-sb-business-id="C-7">File</button>
<button id="break">Break</button></body></html>`;

const app = `
document.querySelector('#file').addEventListener('click', () => fetch('/api/file', { method: 'POST' }));
document.querySelector('#break').addEventListener('click', () => { throw new RangeError('bad form /x?ssn=123'); });
`;
