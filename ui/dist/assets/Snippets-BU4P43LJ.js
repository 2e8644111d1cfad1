import{t as e}from"./Copy-CQvUE1nr.js";import{t}from"./Segments-DRuICL4R.js";import{n}from"./SourcesPage-DOhZqhVp.js";import{t as r}from"./jsx-runtime-Wy9s6hX0.js";var i=`// Calls may come before the script is there: they wait in an array.
window.sb = window.sb || [];

document.querySelector('#agree').addEventListener('click', () => {
  window.sb.push(['consent', true]);
  window.sb.push(['identify', 'u-1']); // your own id; Signalbox keeps a pseudonym
  window.sb.push(['track', 'agreed', { form: '1040' }]);
  window.sb.push(['survey', 5, 'That was quick']);
});
`,a=`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>File a return</title>
    <!-- The site's key and origins are in listen_public.sites of signalbox.yaml. For a policy: script-src and connect-src
         name the public door. data-consent="required" waits for sb.consent(true), sb.consent('necessary') or sb.consent(false). -->
    <script src="http://127.0.0.1:9701/sb.js" data-site="efile-web" data-consent="required" defer><\/script>
    <script src="app.js" defer><\/script>
  </head>
  <body>
    <h1>File a return</h1>
    <button data-sb-event="filing_submitted" data-sb-form="1040" data-sb-business-id="C-7">File</button>
    <button id="agree">I agree to be counted</button>
  </body>
</html>
`,o=`# The OpenTelemetry Collector in front of Signalbox: what it receives goes on by OTLP/HTTP. A batch that does not arrive is
# sent again; Signalbox answers 429 or 503 with Retry-After when it wants less at once.
receivers:
  otlp:
    protocols:
      grpc: { endpoint: "127.0.0.1:14317" }
      http: { endpoint: "127.0.0.1:14318" }
processors:
  memory_limiter: { check_interval: 1s, limit_mib: 400 }
  batch: { send_batch_size: 8192, timeout: 1s }
exporters:
  otlphttp/signalbox:
    endpoint: \${env:SIGNALBOX_URL}
    headers: { Authorization: "Bearer \${env:SIGNALBOX_TOKEN}" }
    compression: gzip
    retry_on_failure: { enabled: true, max_elapsed_time: 0s }
    sending_queue: { enabled: true, queue_size: 1000 }
service:
  pipelines:
    metrics: { receivers: [otlp], processors: [memory_limiter, batch], exporters: [otlphttp/signalbox] }
    traces: { receivers: [otlp], processors: [memory_limiter, batch], exporters: [otlphttp/signalbox] }
    logs: { receivers: [otlp], processors: [memory_limiter, batch], exporters: [otlphttp/signalbox] }
`,s=`// Command go is a service that Signalbox sees whole: metrics that are scraped, and traces, logs and events that are sent.
package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/signalbox/signalbox/emit"
	"github.com/signalbox/signalbox/emit/otel"
)

func main() {
	if err := run(); err != nil {
		slog.Error("The service ended", "err", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	url, token := os.Getenv("SIGNALBOX_URL"), os.Getenv("SIGNALBOX_TOKEN")
	if url == "" {
		url = "http://127.0.0.1:9700"
	}

	t, err := otel.New(otel.Options{URL: url, Token: token, Service: "efile", Env: "dev", Agency: "IRS"})
	if err != nil {
		return err
	}
	slog.SetDefault(slog.New(t.LogHandler(emit.LogHandler(slog.NewJSONHandler(os.Stdout, nil)))))
	e := emit.New(emit.Options{
		Labels: map[string]string{"agency": "IRS", "env": "dev"},
		Events: emit.EventsTo{URL: url, Token: token, Service: "efile"},
	})

	mux := http.NewServeMux()
	mux.HandleFunc("POST /filings/{id}", func(w http.ResponseWriter, r *http.Request) {
		slog.InfoContext(r.Context(), "filed", "form", "1040")
		emit.Track(r.Context(), "filing_submitted", emit.User("u-1"), emit.BusinessID(r.PathValue("id")), emit.Prop("form", "1040"))
		w.WriteHeader(http.StatusCreated)
	})
	mux.Handle("GET /metrics", e.Metrics())
	server := &http.Server{Addr: "127.0.0.1:8000", Handler: e.Handler(t.Handler(mux)), ReadHeaderTimeout: 5 * time.Second}

	var wg sync.WaitGroup
	wg.Go(func() { _ = e.Run(ctx) })
	wg.Go(func() {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(last)
		_ = t.Shutdown(last)
	})
	err = server.ListenAndServe()
	stop()
	wg.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
`,c=`// The smallest service: one request handler that logs and tracks.
const { log, track, stop } = require('./signals');
const http = require('node:http');

const server = http.createServer((req, res) => {
  log('filed', { form: '1040' });
  track('filing_submitted', { user: 'u-1', business_id: 'C-7', form: '1040' });
  res.writeHead(201).end();
});
server.listen(Number(process.env.PORT ?? 8001), '127.0.0.1');
process.on('SIGTERM', () => server.close(() => void stop()));
`,l=`{
  "name": "signalbox-node-example",
  "version": "1.0.0",
  "private": true,
  "license": "Apache-2.0",
  "type": "commonjs",
  "main": "app.js",
  "scripts": { "start": "node app.js" },
  "engines": { "node": ">=20" },
  "dependencies": {
    "@opentelemetry/api": "1.9.1",
    "@opentelemetry/api-logs": "0.223.1",
    "@opentelemetry/instrumentation-http": "0.223.0",
    "@opentelemetry/sdk-node": "0.223.0"
  }
}
`,u=`// Traces and logs by OpenTelemetry, events by one function. Load it before everything else.
const url = process.env.SIGNALBOX_URL ?? 'http://127.0.0.1:9700';
const token = process.env.SIGNALBOX_TOKEN;
const service = 'efile-node';

// The SDK reads its settings from the environment.
process.env.OTEL_SERVICE_NAME ??= service;
process.env.OTEL_RESOURCE_ATTRIBUTES ??= 'deployment.environment.name=dev,agency=IRS';
process.env.OTEL_EXPORTER_OTLP_ENDPOINT ??= url;
process.env.OTEL_EXPORTER_OTLP_PROTOCOL ??= 'http/protobuf';
if (token) process.env.OTEL_EXPORTER_OTLP_HEADERS ??= \`Authorization=Bearer \${token}\`;
process.env.OTEL_TRACES_EXPORTER ??= 'otlp';
process.env.OTEL_LOGS_EXPORTER ??= 'otlp';
process.env.OTEL_METRICS_EXPORTER ??= 'none'; // Signalbox scrapes metrics

const { randomUUID } = require('node:crypto');
const { trace } = require('@opentelemetry/api');
const { logs, SeverityNumber } = require('@opentelemetry/api-logs');
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const { NodeSDK } = require('@opentelemetry/sdk-node');

const sdk = new NodeSDK({ instrumentations: [new HttpInstrumentation()] });
sdk.start();

/** A log record that carries the trace of the request at hand. */
function log(body, attributes = {}) {
  logs.getLogger(service).emit({ severityNumber: SeverityNumber.INFO, severityText: 'INFO', body, attributes });
}

let waiting = [];

/** An event that joins the trace of the request at hand. Known fields: user, session, business_id, value. */
function track(name, { user, session, business_id, value, ...properties } = {}) {
  const span = trace.getActiveSpan()?.spanContext();
  const at = { id: randomUUID(), name, time: Date.now(), trace_id: span?.traceId, span_id: span?.spanId };
  if (waiting.length < 1000) waiting.push({ ...at, user, session, business_id, value, properties });
}

/** Sends what waits. What does not arrive waits on: each event has an id and counts once. */
async function flush() {
  const events = waiting.slice(0, 200);
  if (events.length === 0) return;
  const headers = { 'Content-Type': 'application/json', ...(token && { Authorization: \`Bearer \${token}\` }) };
  const body = JSON.stringify({ sent_at: Date.now(), context: { service, env: 'dev', agency: 'IRS' }, events });
  const res = await fetch(\`\${url}/v1/events\`, { method: 'POST', headers, body }).catch(() => undefined);
  if (res && (res.ok || res.status === 400)) waiting = waiting.slice(events.length);
}
setInterval(flush, 1000).unref();

async function stop() {
  await flush();
  await sdk.shutdown();
}

module.exports = { log, track, stop };
`,d=`"""The smallest service: one request handler that traces, logs and tracks."""

import logging
import os
from wsgiref.simple_server import make_server

import signals
from opentelemetry import propagate, trace

tracer = trace.get_tracer("app")
log = logging.getLogger("efile")
log.setLevel(logging.INFO)


def app(environ, respond):
    caller = propagate.extract({"traceparent": environ.get("HTTP_TRACEPARENT", "")})
    with tracer.start_as_current_span("POST /filings/{id}", context=caller, kind=trace.SpanKind.SERVER) as span:
        span.set_attribute("http.route", "/filings/{id}")
        log.info("filed", extra={"form": "1040"})
        signals.track("filing_submitted", user="u-1", business_id="C-7", form="1040")
        respond("201 Created", [])
        return [b""]


if __name__ == "__main__":
    with make_server("127.0.0.1", int(os.environ.get("PORT", 8002)), app) as server:
        if os.environ.get("ONCE"):
            server.handle_request()
        else:
            server.serve_forever()
`,f=`opentelemetry-sdk==1.45.2
opentelemetry-exporter-otlp-proto-http==1.45.2
`,p=`"""Traces and logs by OpenTelemetry, events by one function."""

import atexit
import json
import logging
import os
import queue
import threading
import time
import urllib.error
import urllib.request
import uuid

from opentelemetry import trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

URL = os.environ.get("SIGNALBOX_URL", "http://127.0.0.1:9700")
TOKEN = os.environ.get("SIGNALBOX_TOKEN", "")
HEADERS = {"Authorization": f"Bearer {TOKEN}"} if TOKEN else {}
SERVICE = {"service": "efile-python", "env": "dev", "agency": "IRS"}

resource = Resource.create(
    {"service.name": SERVICE["service"], "deployment.environment.name": SERVICE["env"], "agency": SERVICE["agency"]}
)

traces = TracerProvider(resource=resource)
traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{URL}/v1/traces", headers=HEADERS)))
trace.set_tracer_provider(traces)

logs = LoggerProvider(resource=resource)
logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(endpoint=f"{URL}/v1/logs", headers=HEADERS)))
set_logger_provider(logs)
logging.getLogger().addHandler(LoggingHandler(logger_provider=logs))

_events = queue.Queue(maxsize=1000)


def track(name, *, user=None, session=None, business_id=None, value=None, **properties):
    """An event that joins the trace of the span at hand. It never waits; a full queue drops it."""
    event = {"id": str(uuid.uuid4()), "name": name, "time": int(time.time() * 1000), "properties": properties}
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        event |= {"trace_id": f"{span.trace_id:032x}", "span_id": f"{span.span_id:016x}"}
    known = {"user": user, "session": session, "business_id": business_id, "value": value}
    event |= {k: v for k, v in known.items() if v is not None}
    try:
        _events.put_nowait(event)
    except queue.Full:
        pass


def _post(events):
    body = json.dumps({"sent_at": int(time.time() * 1000), "context": SERVICE, "events": events}).encode()
    request = urllib.request.Request(f"{URL}/v1/events", body, {"Content-Type": "application/json", **HEADERS})
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except urllib.error.HTTPError as refused:
        return refused.code == 400  # sending it again does not help
    except OSError:
        return False
    return True


def flush():
    """Sends what waits, in batches. Each event has an id, so that one that is sent twice counts once."""
    while not _events.empty():
        events = [_events.get() for _ in range(min(200, _events.qsize()))]
        wait = 1
        while not _post(events):
            if _stopping.wait(wait):
                return
            wait = min(30, 2 * wait)


_stopping = threading.Event()


def _send():
    while not _stopping.wait(1):
        flush()


def _stop():
    _stopping.set()
    _sender.join()
    flush()


_sender = threading.Thread(target=_send, daemon=True)
_sender.start()
atexit.register(_stop)
`,m=`# For /etc/rsyslog.d/: everything that rsyslog has goes on to Signalbox, which listens when its signalbox.yaml says
#   syslog: {tcp: 0.0.0.0:5514, service: portal, env: prod, agency: IRS}
# What cannot be sent waits in a queue. Across networks that are not yours take tls instead of tcp.
*.* action(type="omfwd" target="signalbox.example" port="5514" protocol="tcp"
           template="RSYSLOG_SyslogProtocol23Format" TCP_Framing="octet-counted"
           queue.type="linkedList" queue.size="50000" action.resumeRetryCount="-1")
`,h=r(),g=[{value:`go`,label:`Go`,sends:`metrics, traces, logs and events`,files:[[`main.go`,s]]},{value:`python`,label:`Python`,sends:`traces, logs and events`,files:[[`signals.py`,p],[`app.py`,d],[`requirements.txt`,f]]},{value:`node`,label:`Node`,sends:`traces, logs and events`,files:[[`signals.js`,u],[`app.js`,c],[`package.json`,l]]},{value:`browser`,label:`Browser`,sends:`page views, clicks, web vitals, errors and events`,files:[[`index.html`,a],[`app.js`,i]]},{value:`collector`,label:`Collector`,sends:`what an OpenTelemetry Collector receives`,files:[[`config.yaml`,o]]},{value:`syslog`,label:`Syslog`,sends:`logs`,files:[[`rsyslog.conf`,m]]}];function _({base:r,chosen:i,onPick:a}){let o=g.find(e=>e.value===i)??g[0];return o?(0,h.jsxs)(h.Fragment,{children:[(0,h.jsxs)(`div`,{className:n.ways,children:[(0,h.jsx)(t,{label:`Language`,items:g.map(e=>({value:e.value,label:e.label,pressed:e.value===o.value})),onPick:a}),(0,h.jsxs)(`span`,{className:`small muted`,children:[`sends `,o.sends]})]}),(0,h.jsxs)(`p`,{className:`small`,children:[`Set `,(0,h.jsxs)(`code`,{children:[`SIGNALBOX_URL=`,r]}),`, and from another machine `,(0,h.jsx)(`code`,{children:`SIGNALBOX_TOKEN`}),` to a token with the role developer.`]}),o.files.map(([t,r])=>(0,h.jsxs)(`div`,{className:n.file,children:[(0,h.jsx)(`h3`,{children:t}),(0,h.jsx)(e,{text:r,label:t,block:!0})]},t))]}):null}export{_ as Snippets};