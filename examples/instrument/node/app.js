// The smallest service: one request handler that logs and tracks.
const { log, track, stop } = require('./signals');
const http = require('node:http');

const server = http.createServer((req, res) => {
  log('filed', { form: '1040' });
  track('filing_submitted', { user: 'u-1', business_id: 'C-7', form: '1040' });
  res.writeHead(201).end();
});
server.listen(Number(process.env.PORT ?? 8001), '127.0.0.1');
process.on('SIGTERM', () => server.close(() => void stop()));
