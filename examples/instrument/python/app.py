"""The smallest service: one request handler that traces, logs and tracks."""

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
