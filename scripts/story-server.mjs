// A fresh signalbox for the story of a governed threshold: a service that fails 2.8 % of its requests, a KPI that promises at
// most 3 %, and the rule that whoever proposes a change of it needs another person.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const config = (target) => `host: {enabled: false}
scrape_configs:
  - job_name: efile
    scrape_interval: 1s
    scrape_timeout: 900ms
    static_configs:
      - {targets: ["${target}"], labels: {service: intake}}
policies: [policies/*.yaml]
`;

const promise = `# Why 3 %: callers notice at 4.
kind: KPI
name: efile-error-rate
title: E-file error rate
description: Of all requests, the share that ended in a server error.
outcome: technical
owner: oncall@irs.example
unit: percent
indicator:
  ratio: {bad: 'http_errors_total{job="efile"}', total: 'http_requests_total{job="efile"}'}
period: 2s
thresholds: {yellow: "> 1%", red: "> 3%", for: 3}
`;

const law = `kind: Approval
name: kpi-changes
title: Changes of KPIs take a second person
owner: governance@irs.example
for: {kinds: [KPI]}
when: any_change
approvals: 1
roles: [analyst, owner]
evidence: required
regulated: true
`;

/** Starts it and answers its address, its start link and what stops it. */
export async function startStory(binary, port) {
  const began = Date.now();
  const service = createServer((_, res) => {
    const total = Math.floor((Date.now() - began) / 2);
    res.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4' });
    res.end(
      `# TYPE http_requests_total counter\nhttp_requests_total ${total}\n# TYPE http_errors_total counter\nhttp_errors_total ${Math.floor(total * 0.028)}\n`,
    );
  });
  await new Promise((done) => service.listen(0, '127.0.0.1', done));
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-story-'));
  mkdirSync(join(folder, 'policies'));
  writeFileSync(join(folder, 'signalbox.yaml'), config(`127.0.0.1:${service.address().port}`));
  writeFileSync(join(folder, 'policies', 'efile.yaml'), promise);
  writeFileSync(join(folder, 'policies', 'law.yaml'), law);
  const env = { ...process.env };
  delete env.SIGNALBOX_ADMIN_TOKEN;
  const house = spawn(
    binary,
    [
      'serve',
      '--log-level',
      'warn',
      '--config',
      join(folder, 'signalbox.yaml'),
      '--listen',
      `127.0.0.1:${port}`,
      '--data',
      join(folder, 'data'),
    ],
    { env, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let stopped = false;
  const stop = () => {
    if (stopped) return;
    stopped = true;
    house.kill('SIGKILL'); // there is nothing to keep
    service.close();
    service.closeAllConnections();
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
  const link = await new Promise((done, failed) => {
    let said = '';
    const late = setTimeout(() => failed(new Error(`no start link within two minutes: ${said}`)), 120_000);
    house.stdout.on('data', (chunk) => {
      said += chunk;
      const hit = /https?:\/\/\S*\/login\?code=\S+/.exec(said);
      if (!hit) return;
      clearTimeout(late);
      done(hit[0]);
    });
    house.on('exit', (code) => failed(new Error(`signalbox ended with ${code} before it was ready: ${said}`)));
  });
  return { url: `http://127.0.0.1:${port}`, link, stop };
}
