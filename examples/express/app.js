'use strict';
// A small service to try signalbox-metrics with: node app.js

const express = require('express');
const { instrument } = require('./signalbox-metrics');

const app = express();
const metrics = instrument(app, { labels: { agency: 'IRS', env: 'dev' }, mounts: ['/years/:year'] });

app.get('/forms/:id', (req, res) => {
  if (req.params.id === '0') return res.status(404).json({ detail: 'no such form' });
  res.json({ form: req.params.id });
});

app.get('/broken', () => {
  throw new Error('broken on purpose');
});

const returns = express.Router();
returns.get('/returns/:id', (req, res) => res.json({ return: req.params.id }));
app.use('/years/:year', returns);

app.use(metrics.errorHandler);
app.listen(Number(process.env.PORT ?? 8000), '127.0.0.1');
