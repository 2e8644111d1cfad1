// The OpenTelemetry SDK of JavaScript in Node: traces, logs and metrics by gRPC, HTTP with protobuf and HTTP with JSON. Each way is
// a service of its own, node-grpc, node-proto and node-json. Usage: node sdk.mjs HOST:PORT-of-gRPC HOST:PORT-of-HTTP HOW-MANY
import { SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import * as logsGrpc from '@opentelemetry/exporter-logs-otlp-grpc';
import * as logsJson from '@opentelemetry/exporter-logs-otlp-http';
import * as logsProto from '@opentelemetry/exporter-logs-otlp-proto';
import * as metricsGrpc from '@opentelemetry/exporter-metrics-otlp-grpc';
import * as metricsJson from '@opentelemetry/exporter-metrics-otlp-http';
import * as metricsProto from '@opentelemetry/exporter-metrics-otlp-proto';
import * as tracesGrpc from '@opentelemetry/exporter-trace-otlp-grpc';
import * as tracesJson from '@opentelemetry/exporter-trace-otlp-http';
import * as tracesProto from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

const [grpc, http, howMany] = process.argv.slice(2);
const many = Number(howMany);
const ways = {
  grpc: [tracesGrpc, logsGrpc, metricsGrpc, () => ({ url: `http://${grpc}` })],
  proto: [tracesProto, logsProto, metricsProto, (s) => ({ url: `http://${http}/v1/${s}`, compression: 'gzip' })],
  json: [tracesJson, logsJson, metricsJson, (s) => ({ url: `http://${http}/v1/${s}` })],
};
for (const [way, [traces, logs, metrics, at]] of Object.entries(ways)) {
  const resource = resourceFromAttributes({
    'service.name': `node-${way}`,
    'deployment.environment.name': 'test',
    agency: 'IRS',
  });
  const spans = new NodeTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(new traces.OTLPTraceExporter(at('traces')), { maxQueueSize: 4 * many })],
  });
  const lines = new LoggerProvider({
    resource,
    processors: [
      new BatchLogRecordProcessor({ exporter: new logs.OTLPLogExporter(at('logs')), maxQueueSize: 4 * many }),
    ],
  });
  const meters = new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new metrics.OTLPMetricExporter(at('metrics')),
        exportIntervalMillis: 3_600_000,
      }),
    ],
  });
  const tracer = spans.getTracer('portal');
  const logger = lines.getLogger('portal');
  const filed = meters.getMeter('portal').createCounter('node.filed', { unit: '{filing}' });
  for (let i = 0; i < many; i++) {
    const server = tracer.startSpan('POST /file', { kind: SpanKind.SERVER, attributes: { 'http.route': '/file', i } });
    const inside = trace.setSpan(context.active(), server);
    const store = tracer.startSpan('store', undefined, inside);
    store.recordException(new RangeError('no space'));
    store.setStatus({ code: SpanStatusCode.ERROR });
    store.end();
    logger.emit({ severityNumber: SeverityNumber.WARN, body: 'Filing is slow', attributes: { 'case.id': `c-${i}` }, context: inside });
    server.end();
    filed.add(2, { form: '1040' });
  }
  await spans.shutdown();
  await lines.shutdown();
  await meters.shutdown();
}
