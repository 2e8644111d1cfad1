// @vitest-environment node
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

// The built page is committed; these are its promises: small, whole, and nobody else is asked for anything.

const dist = 'dist';
type Chunk = { file: string; css?: string[]; assets?: string[]; imports?: string[]; isEntry?: boolean };
const manifest = JSON.parse(readFileSync(join(dist, 'manifest.json'), 'utf8')) as Record<string, Chunk>;
const packed = (file: string): number => {
  const raw = readFileSync(join(dist, file));
  return file.endsWith('.woff2') ? raw.length : gzipSync(raw, { level: 9 }).length;
};

/** Files that a chunk brings with it: itself, what it imports, their styles. */
function closure(key: string, seen = new Set<string>()): Set<string> {
  const c = manifest[key];
  if (!c) throw new Error(`the manifest has no ${key}`);
  seen.add(c.file);
  for (const f of c.css ?? []) seen.add(f);
  for (const i of c.imports ?? []) if (!seen.has(manifest[i]?.file ?? '')) closure(i, seen);
  return seen;
}

const entry = Object.keys(manifest).find((k) => manifest[k]?.isEntry) ?? '';

describe('the built page', () => {
  it('loads within 205 kB the first time, its text font among it', () => {
    const first = closure(entry);
    const inter = readdirSync(join(dist, 'assets')).filter((f) => f.startsWith('inter-'));
    const total = ['index.html', ...first, ...inter.map((f) => `assets/${f}`)].reduce((n, f) => n + packed(f), 0);
    expect(inter).toHaveLength(1);
    expect(total / 1000).toBeLessThanOrEqual(205);
  });

  it('adds at most 200 kB with any page that comes later', () => {
    const first = closure(entry);
    for (const key of Object.keys(manifest)) {
      if (!manifest[key]?.file.endsWith('.js')) continue;
      const extra = [...closure(key)].filter((f) => !first.has(f)).reduce((n, f) => n + packed(f), 0);
      expect([key, extra / 1000 <= 200]).toEqual([key, true]);
    }
  });

  it('has every file that it names', () => {
    for (const c of Object.values(manifest)) {
      for (const f of [c.file, ...(c.css ?? []), ...(c.assets ?? [])])
        expect([f, existsSync(join(dist, f))]).toEqual([f, true]);
    }
  });

  it('asks nobody else: no address of another host is loaded', () => {
    const html = readFileSync(join(dist, 'index.html'), 'utf8');
    expect(html).not.toMatch(/(src|href)="(https?:)?\/\//);
    for (const f of readdirSync(join(dist, 'assets')).filter((x) => x.endsWith('.css'))) {
      expect(readFileSync(join(dist, 'assets', f), 'utf8')).not.toMatch(/url\(["']?(https?:)?\/\//);
    }
  });

  it('has no inline script or style, which the policy forbids, and one place for the nonce', () => {
    const html = readFileSync(join(dist, 'index.html'), 'utf8');
    expect(html).not.toMatch(/<style|<script(?![^>]* src=)|\sstyle="/);
    expect(html.match(/__CSP_NONCE__/g)).toHaveLength(1);
  });
});

it('has types that agree with openapi.json', async () => {
  const { generate } = await import('../scripts/gen-api.mjs');
  expect(readFileSync('src/api/schema.d.ts', 'utf8') === (await generate())).toBe(true);
});
