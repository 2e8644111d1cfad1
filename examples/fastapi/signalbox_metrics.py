"""HTTP metrics for FastAPI and Starlette, under the names that Signalbox's Go and Node examples use.

    app = FastAPI()
    instrument(app, agency="IRS", env="prod")

    http_requests_total{method,route,code}            requests that have ended
    http_request_duration_seconds{method,route,code}  histogram, seconds
    http_errors_total{method,route,type}              type is 4xx, 5xx, exception or canceled; one per request
    http_requests_in_flight                           requests being handled now

It is an ASGI middleware and not a BaseHTTPMiddleware, so that streamed answers are timed to their last byte and an
exception is seen before it has become an answer.
"""

import asyncio
import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR
from prometheus_client.exposition import choose_encoder
from starlette.requests import Request
from starlette.responses import Response

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"}
# A KPI that asks "under 2 s" is exact only where there is a bound at 2.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10)
# What nginx answers to a client that left before there was an answer: no server error.
CANCELED = 499


def instrument(app, path="/metrics", **labels):
    """Count and time app's requests and serve the metrics at path.

    labels are constant labels of all series, for example agency="IRS". Call it once, before the app starts; the
    registry it returns is where an application adds metrics of its own.
    """
    registry = CollectorRegistry()
    for collector in (GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR):
        registry.register(collector)

    async def metrics(request: Request) -> Response:
        # The content type belongs to the encoder: Prometheus text or OpenMetrics, as the Accept header asks. A route
        # that returned the text itself would send it as one JSON string.
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"Content-Type": content_type})

    app.add_route(path, metrics, include_in_schema=False)
    app.add_middleware(_Middleware, registry=registry, uncounted=path, labels=labels)
    return registry


class _Middleware:
    def __init__(self, app, registry, uncounted, labels):
        self.app, self.uncounted, self.constant = app, uncounted, tuple(labels.values())
        names = tuple(labels)
        self.requests = Counter(
            "http_requests_total", "Requests that have ended.",
            (*names, "method", "route", "code"), registry=registry)
        self.duration = Histogram(
            "http_request_duration_seconds", "Time from a request's arrival to the end of its handler.",
            (*names, "method", "route", "code"), registry=registry, buckets=BUCKETS)
        self.errors = Counter(
            "http_errors_total", "Requests that ended badly, by type.",
            (*names, "method", "route", "type"), registry=registry)
        in_flight = Gauge("http_requests_in_flight", "Requests being handled now.", names, registry=registry)
        self.in_flight = in_flight.labels(*self.constant) if names else in_flight

    async def __call__(self, scope, receive, send):
        # A scrape is not the service's work; a KPI over a quiet service would otherwise judge its own scraper.
        if scope["type"] != "http" or scope["path"] == self.uncounted:
            await self.app(scope, receive, send)
            return
        status, kind, left = 0, None, False

        async def watch_send(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        async def watch_receive():
            nonlocal left
            message = await receive()
            left = left or message["type"] == "http.disconnect"
            return message

        self.in_flight.inc()
        start = time.perf_counter()
        try:
            await self.app(scope, watch_receive, watch_send)
        except asyncio.CancelledError:
            status, kind = status or CANCELED, "canceled"
            raise
        except Exception:
            # Also after 200 was sent: the client got a broken answer.
            status, kind = 500, "exception"
            raise
        finally:
            if status == 0:
                status, kind = (CANCELED, "canceled") if left else (500, "5xx")
            self._count(scope, status, kind, time.perf_counter() - start)

    def _count(self, scope, status, kind, seconds):
        self.in_flight.dec()
        method = scope["method"] if scope["method"] in METHODS else "other"
        labels = (*self.constant, method, _route(scope))
        code = str(status) if status < 600 else "other"
        # A counter that is first seen at 1 has no increase: the first failure would be invisible to a rate.
        self.requests.labels(*labels, "500")
        self.requests.labels(*labels, code).inc()
        self.duration.labels(*labels, code).observe(seconds)
        kind = kind or ("5xx" if status >= 500 else "4xx" if status >= 400 else None)
        if kind:
            self.errors.labels(*labels, kind).inc()


def _route(scope):
    """The template ("/forms/{form_id}"), never the path, which a client can choose.

    FastAPI keeps the template with the prefixes of included routers beside the route; Starlette has the route only. In
    a mounted sub-application it is the template within that application.
    """
    with_prefixes = scope.get("fastapi", {}).get("effective_route_context")
    for route in (with_prefixes, scope.get("route")):
        if template := getattr(route, "path", None):
            return template
    return "unmatched"
