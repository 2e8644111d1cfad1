// The OpenTelemetry SDK of JavaScript in a browser: bundled by esbuild, it gives the page window.send(address, howMany, service),
// whose promise holds when all that was made has been answered for.
import { SpanKind, context, trace } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { WebTracerProvider } from '@opentelemetry/sdk-trace-web';

window.send = async (address, many, service) => {
  const resource = resourceFromAttributes({ 'service.name': service, 'deployment.environment.name': 'test' });
  const spans = new WebTracerProvider({
    resource,
    spanProcessors: [
      new BatchSpanProcessor(new OTLPTraceExporter({ url: `${address}/v1/traces` }), { maxQueueSize: 4 * many }),
    ],
  });
  const lines = new LoggerProvider({
    resource,
    processors: [
      new BatchLogRecordProcessor({ exporter: new OTLPLogExporter({ url: `${address}/v1/logs` }), maxQueueSize: 4 * many }),
    ],
  });
  const meters = new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter({ url: `${address}/v1/metrics` }),
        exportIntervalMillis: 3_600_000,
      }),
    ],
  });
  const filed = meters.getMeter('page').createCounter('browser.filed');
  for (let i = 0; i < many; i++) {
    const click = spans.getTracer('page').startSpan('click', { kind: SpanKind.CLIENT, attributes: { i } });
    lines.getLogger('page').emit({
      severityNumber: SeverityNumber.INFO,
      body: 'clicked',
      context: trace.setSpan(context.active(), click),
    });
    click.end();
    filed.add(1);
  }
  await spans.shutdown();
  await lines.shutdown();
  await meters.shutdown();
};
