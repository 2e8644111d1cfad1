"""The OpenTelemetry SDK of Python: traces, logs and metrics by gRPC and HTTP, as the services python-grpc and python-http.

Usage: python sdk.py HOST:PORT-of-gRPC HOST:PORT-of-HTTP HOW-MANY
"""
import logging
import sys

from opentelemetry.exporter.otlp.proto.grpc import _log_exporter as logs_grpc
from opentelemetry.exporter.otlp.proto.grpc import metric_exporter as metrics_grpc
from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as traces_grpc
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http import _log_exporter as logs_http
from opentelemetry.exporter.otlp.proto.http import metric_exporter as metrics_http
from opentelemetry.exporter.otlp.proto.http import trace_exporter as traces_http
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

grpc, http, many = sys.argv[1], sys.argv[2], int(sys.argv[3])


def over_grpc(kind, exporter):
    return exporter(endpoint=grpc, insecure=True)


def over_http(kind, exporter):
    return exporter(endpoint=f"http://{http}/v1/{kind}", compression=Compression.Gzip)


for way, at, traces, logs, metrics in (
    ("grpc", over_grpc, traces_grpc, logs_grpc, metrics_grpc),
    ("http", over_http, traces_http, logs_http, metrics_http),
):
    resource = Resource.create({"service.name": f"python-{way}", "deployment.environment.name": "test"})
    spans = TracerProvider(resource=resource)
    spans.add_span_processor(BatchSpanProcessor(at("traces", traces.OTLPSpanExporter), max_queue_size=4 * many))
    lines = LoggerProvider(resource=resource)
    lines.add_log_record_processor(BatchLogRecordProcessor(at("logs", logs.OTLPLogExporter), max_queue_size=4 * many))
    reader = PeriodicExportingMetricReader(at("metrics", metrics.OTLPMetricExporter), export_interval_millis=3_600_000)
    meters = MeterProvider(resource=resource, metric_readers=[reader])

    tracer = spans.get_tracer("portal")
    log = logging.Logger(way)
    log.addHandler(LoggingHandler(logger_provider=lines))
    filed = meters.get_meter("portal").create_counter("python.filed")
    for i in range(many):
        with tracer.start_as_current_span("POST /file", attributes={"http.route": "/file", "i": i}):
            log.warning("Filing is slow", extra={"case.id": f"c-{i}"})
        filed.add(2, {"form": "1040"})
    spans.shutdown()
    lines.shutdown()
    meters.shutdown()
