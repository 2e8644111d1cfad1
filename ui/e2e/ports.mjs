// Ports for servers that are told theirs. They are below those that systems hand out to clients, so that no connection takes one
// between the moment it is found free and the moment its server listens.
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Ports of 127.0.0.1 that nobody listens on. */
export async function freePorts(n) {
  const held = [];
  while (held.length < n) {
    const s = await listen(randomInt(20_000, 30_000));
    if (s) held.push(s);
  }
  const ports = held.map((s) => s.address().port);
  await Promise.all(held.map((s) => new Promise((done) => s.close(done))));
  return ports;
}

function listen(port) {
  return new Promise((done) => {
    const s = createServer();
    s.once('error', () => done(undefined));
    s.listen(port, '127.0.0.1', () => done(s));
  });
}
