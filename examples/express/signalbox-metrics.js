'use strict';
// HTTP metrics for Express, under the names that Signalbox's Go and Python examples use.
//
//   const { instrument } = require('./signalbox-metrics');
//   const metrics = instrument(app, { labels: { agency: 'IRS', env: 'prod' } });   // before any route
//   ...
//   app.use(metrics.errorHandler);                                                 // after all routes
//
//   http_requests_total{method,route,code}            requests that have ended
//   http_request_duration_seconds{method,route,code}  histogram, seconds
//   http_errors_total{method,route,type}              type is 4xx, 5xx, exception or canceled; one per request
//   http_requests_in_flight                           requests being handled now

const client = require('prom-client');

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE']);
// A KPI that asks "under 2 s" is exact only where there is a bound at 2.
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10];
// What nginx answers to a client that left before there was an answer: no server error.
const CANCELED = 499;

// instrument counts and times app's requests and serves the metrics at path. It returns
//   registry      where an application adds metrics of its own
//   errorHandler  to be used after all routes: it tells an exception from an answered 500 and passes it on
// labels are constant labels of all series. mounts are the places where routers are mounted ("/api", "/users/:id"):
// Express shows a mounted route only the path that was asked for, so other mounts are shown as "*".
function instrument(app, { path = '/metrics', labels = {}, mounts = [] } = {}) {
  const registry = new client.Registry();
  registry.setDefaultLabels(labels);
  client.collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new client.Counter({
    name: 'http_requests_total', help: 'Requests that have ended.',
    labelNames: ['method', 'route', 'code'], registers,
  });
  const duration = new client.Histogram({
    name: 'http_request_duration_seconds', help: "Time from a request's arrival to the end of its answer.",
    labelNames: ['method', 'route', 'code'], buckets: BUCKETS, registers,
  });
  const errors = new client.Counter({
    name: 'http_errors_total', help: 'Requests that ended badly, by type.',
    labelNames: ['method', 'route', 'type'], registers,
  });
  const inFlight = new client.Gauge({ name: 'http_requests_in_flight', help: 'Requests being handled now.', registers });

  // Before the counting middleware, because a scrape is not the service's work; a KPI over a quiet service would
  // otherwise judge its own scraper.
  app.get(path, async (req, res) => {
    res.set('Content-Type', registry.contentType);
    res.end(await registry.metrics());
  });

  app.use((req, res, next) => {
    const start = process.hrtime.bigint();
    inFlight.inc();
    // 'close' comes exactly once, after 'finish' or after the client left.
    res.once('close', () => {
      inFlight.dec();
      const [code, type] = outcome(res);
      const method = METHODS.has(req.method) ? req.method : 'other';
      const route = template(req, mounts);
      // A counter that is first seen at 1 has no increase: the first failure would be invisible to a rate.
      requests.inc({ method, route, code: '500' }, 0);
      const labelled = { method, route, code: code < 600 ? String(code) : 'other' };
      requests.inc(labelled);
      duration.observe(labelled, Number(process.hrtime.bigint() - start) / 1e9);
      if (type) errors.inc({ method, route, type });
    });
    next();
  });

  return {
    registry,
    errorHandler: (err, req, res, next) => {
      // http-errors and body-parser throw what is the client's mistake; that is a 4xx.
      if (!((err?.status ?? err?.statusCode) < 500)) exceptions.add(res);
      next(err);
    },
  };
}

// exceptions are the answers that end in an exception.
const exceptions = new WeakSet();

// outcome is the code and, if it ended badly, the type of an answer that has been closed.
function outcome(res) {
  // Also after 200 was sent: the client got a broken answer.
  if (exceptions.has(res)) return [res.writableFinished ? res.statusCode : 500, 'exception'];
  if (!res.writableFinished) return [res.headersSent ? res.statusCode : CANCELED, 'canceled'];
  if (res.statusCode >= 500) return [res.statusCode, '5xx'];
  return [res.statusCode, res.statusCode >= 400 ? '4xx' : undefined];
}

// template is what the route was registered as ("/forms/:id"), never the path, which a client can choose.
function template(req, mounts) {
  if (!req.route) return 'unmatched';
  const within = [req.route.path].flat().join('|');
  if (!req.baseUrl) return within;
  const asked = req.baseUrl.split('/');
  const mount = mounts.find((m) => {
    const parts = m.split('/');
    return parts.length === asked.length && parts.every((p, i) => p.startsWith(':') || p === asked[i]);
  });
  return (mount ?? '*') + within;
}

module.exports = { instrument };
