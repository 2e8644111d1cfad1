// Lines of configuration made from what a person typed; pure and tested.

/** A scrape configuration in Prometheus' own format for one address, or what is wrong with the address. */
export function scrapeConfig(address: string): { text: string; error: string } {
  const trimmed = address.trim();
  let url: URL;
  try {
    url = new URL(/^[a-z]+:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`);
  } catch {
    return { text: '', error: `"${trimmed}" is not an address. It looks like http://127.0.0.1:8000/metrics.` };
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return { text: '', error: `A metrics address begins with http:// or https://, not ${url.protocol}//.` };
  }
  if (url.username || url.password) {
    return { text: '', error: 'Leave the password out of the address and use basic_auth with password_file.' };
  }
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const job = jobName(url.hostname, port);
  const lines = ['scrape_configs:', `  - job_name: ${job}`, '    scrape_interval: 15s'];
  if (url.protocol === 'https:') lines.push('    scheme: https');
  if (url.pathname !== '/metrics' && url.pathname !== '/')
    lines.push(`    metrics_path: ${JSON.stringify(url.pathname)}`);
  if (url.search) {
    lines.push('    params:');
    for (const k of new Set(url.searchParams.keys())) {
      lines.push(`      ${JSON.stringify(k)}: ${JSON.stringify(url.searchParams.getAll(k))}`);
    }
  }
  lines.push('    static_configs:', `      - targets: [${JSON.stringify(`${url.hostname}:${port}`)}]`);
  return { text: lines.join('\n'), error: '' };
}

function jobName(host: string, port: string): string {
  if (host === 'localhost' || /^[\d.]+$/.test(host) || host.startsWith('[')) return `my-service-${port}`;
  return (host.split('.')[0] ?? 'my-service').replace(/[^a-zA-Z0-9_-]/g, '-');
}

export type Proposal = { name: string; title: string; text: string };

/** KPIs that the names of metrics suggest: errors of requests, and how many are fast. */
export function proposals(metadata: Record<string, { type: string }[]>): Proposal[] {
  const out: Proposal[] = [];
  const names = Object.keys(metadata).sort();
  const typeOf = (n: string) => metadata[n]?.[0]?.type ?? '';
  const requests = names.find(
    (n) => /^(?!prometheus_|signalbox_|promhttp_).*http.*requests?_total$/.test(n) && typeOf(n) === 'counter',
  );
  if (requests) {
    out.push({
      name: 'error-rate',
      title: 'Requests that end in a server error',
      text: policy('error-rate', 'Requests that end in a server error', [
        'indicator:',
        `  ratio: {bad: '${requests}{code=~"5.."}', total: '${requests}'}`,
        'period: 1m',
        'thresholds: {yellow: "> 1%", red: "> 3%", for: 3, min_count: 20}',
      ]),
    });
  }
  const duration = names.find(
    (n) =>
      /^(?!prometheus_|signalbox_|promhttp_|go_).*(request|http).*duration_seconds$/.test(n) &&
      typeOf(n) === 'histogram',
  );
  if (duration) {
    out.push({
      name: 'fast-answers',
      title: 'Answers within one second',
      text: policy('fast-answers', 'Answers within one second', [
        'indicator:',
        `  share_below: {histogram: '${duration}', below: 1s}`,
        'period: 1m',
        'thresholds: {yellow: "< 99%", red: "< 95%", for: 3}',
      ]),
    });
  }
  return out;
}

function policy(name: string, title: string, rest: string[]): string {
  return [
    'kind: KPI',
    `name: ${name}`,
    `title: ${title}`,
    'outcome: technical',
    'owner: you@example.org',
    'unit: percent',
    ...rest,
  ].join('\n');
}
