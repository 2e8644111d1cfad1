// @vitest-environment node
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { contrast, deltaE2000, deltaLab, rgb, seen, sights } from './colour';

const css = readFileSync('src/theme/tokens.css', 'utf8');
const blocks = [...css.matchAll(/\{([^}]*)\}/g)].map(
  (m) =>
    Object.fromEntries([...(m[1] ?? '').matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/gi)].map((x) => [x[1], x[2]])) as Record<
      string,
      string
    >,
);
const themes = { light: blocks[0] ?? {}, dark: blocks[1] ?? {} };

const texts = ['ink', 'ink2', 'ink3', 'accent', 'green', 'yellow-text', 'red', 'grey', 'paused'];
const shapes = [
  'control',
  'accent',
  'data1',
  'data2',
  'series1',
  'series2',
  'series3',
  'series4',
  'series5',
  'green',
  'yellow-line',
  'red',
  'grey',
  'paused',
];
const pairs: [string, string, number][] = [
  ['green', 'yellow', 15],
  ['green', 'red', 15],
  ['yellow', 'red', 15],
  ['green', 'grey', 9],
  ['red', 'paused', 9],
  ['grey', 'paused', 9],
];

describe.each(Object.entries(themes))('tokens, %s', (_, t) => {
  const get = (name: string): string => {
    const v = t[name];
    if (!v) throw new Error(`no token ${name}`);
    return v;
  };

  it.each(texts.flatMap((x) => ['surface', 'page'].map((on) => [x, on] as const)))(
    'text %s on %s reads',
    (text, on) => {
      expect(contrast(get(text), get(on))).toBeGreaterThanOrEqual(4.5);
    },
  );

  it.each([
    ...['green', 'red', 'grey', 'paused'].map((s) => [s, `${s}-tint`]),
    ['yellow-text', 'yellow-tint'],
    ['ink', 'red-tint'],
    ['ink', 'yellow-tint'],
    ['ink2', 'red-tint'],
    ['ink2', 'yellow-tint'],
    ['ink', 'accent-tint'],
    ['accent', 'accent-tint'],
    ['ink2', 'accent-tint'],
    ['red', 'red-wash'],
    ['ink2', 'sunken'],
    ['ink', 'sunken'],
    ['rail-ink', 'rail'],
    ['rail-ink2', 'rail'],
    ['rail-ink', 'rail-active'],
    ['on-accent', 'accent'],
    ['on-green', 'green'],
    ['on-yellow', 'yellow'],
    ['on-red', 'red'],
    ['on-paused', 'paused'],
    ['on-grey', 'grey'],
  ])('text %s on %s reads', (text, on) => {
    expect(contrast(get(text), get(on))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(shapes.flatMap((x) => ['surface', 'page'].map((on) => [x, on] as const)))(
    'shape %s on %s stands out',
    (shape, on) => {
      expect(contrast(get(shape), get(on))).toBeGreaterThanOrEqual(3);
    },
  );

  it.each(
    pairs.flatMap(([a, b, d]) => (Object.keys(sights) as (keyof typeof sights)[]).map((s) => [a, b, s, d] as const)),
  )('%s and %s differ for %s sight', (a, b, sight, least) => {
    expect(deltaE2000(seen(rgb(get(a)), sight), seen(rgb(get(b)), sight))).toBeGreaterThanOrEqual(least);
  });
});

it('prints in the colours of the light theme', () => {
  const print =
    /@media print \{\s*:root:root\[[^\]]*\] \{([^}]*)\}/.exec(readFileSync('src/theme/base.css', 'utf8'))?.[1] ?? '';
  const printed = [...print.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/gi)];
  expect(printed.length).toBeGreaterThan(15);
  for (const [, name = '', value] of printed)
    if (name !== 'page') expect([name, value]).toEqual([name, themes.light[name]]);
});

it('computes CIEDE2000 as its authors do', () => {
  // Pairs 1, 7, 13, 17 and 25 of the test data of Sharma, Wu and Dalal.
  const known: [[number, number, number], [number, number, number], number][] = [
    [[50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425],
    [[50, 0, 0], [50, -1, 2], 2.3669],
    [[50, -0.001, 2.49], [50, 0.0009, -2.49], 4.8045],
    [[50, 2.5, 0], [73, 25, -18], 27.1492],
    [[60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644],
  ];
  for (const [a, b, want] of known) expect(deltaLab(a, b)).toBeCloseTo(want, 3);
});
