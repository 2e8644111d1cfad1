import type { Signal } from './signals';

// A test that anybody can send from a shell, told apart from everything else by its id.

const hex = (bytes: number): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (b) => b.toString(16).padStart(2, '0')).join('');

/** A new id of a test. */
export function newTest(): { id: string; trace: string; span: string } {
  return { id: `test-${hex(3)}`, trace: hex(16), span: hex(8) };
}

const resource = '"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"signalbox-test"}}]}';
const attribute = (id: string) => `"attributes":[{"key":"test_id","value":{"stringValue":"${id}"}}]`;
const now = '"$(date +%s)000000000"';

function body(signal: Signal, t: ReturnType<typeof newTest>): string {
  switch (signal) {
    case 'metrics':
      return `{"resourceMetrics":[{${resource},"scopeMetrics":[{"metrics":[{"name":"signalbox_test","gauge":{"dataPoints":[{"asDouble":1,"timeUnixNano":${now},${attribute(t.id)}}]}}]}]}]}`;
    case 'logs':
      return `{"resourceLogs":[{${resource},"scopeLogs":[{"logRecords":[{"timeUnixNano":${now},"severityNumber":9,"severityText":"INFO","body":{"stringValue":"A test of logs"},${attribute(t.id)}}]}]}]}`;
    case 'traces':
      return `{"resourceSpans":[{${resource},"scopeSpans":[{"spans":[{"traceId":"${t.trace}","spanId":"${t.span}","name":"test","kind":2,"startTimeUnixNano":${now},"endTimeUnixNano":${now},${attribute(t.id)}}]}]}]}`;
    case 'events':
      return `{"name":"signalbox_test","service":"signalbox-test","properties":{"test_id":"${t.id}"}}`;
  }
}

/** The command that sends it. A token stands in it by name only. */
export function command(signal: Signal, base: string, t: ReturnType<typeof newTest>): string {
  return [
    `curl -sS ${base}/v1/${signal} \\`,
    '  ${SIGNALBOX_TOKEN:+-H "Authorization: Bearer $SIGNALBOX_TOKEN"} \\',
    `  -H 'Content-Type: application/json' -d @- <<END`,
    body(signal, t),
    'END',
  ].join('\n');
}

/** What finds it again: a search of rows, or PromQL. */
export function finder(signal: Signal, id: string): string {
  return signal === 'metrics' ? `signalbox_test{test_id="${id}"}` : `test_id:${id}`;
}
