import { afterEach, describe, expect, it } from 'vitest';
import { ago, clockSeconds, exact, lengthWords, span, when } from './format';
import { fixedRange, formatLength, parseLength, rangeTitle, resolveRange, shiftRange } from './range';
import { setZone, zoneName } from './zone';

const now = Date.UTC(2026, 3, 14, 14, 31, 46);
const h = 3_600_000;

afterEach(() => setZone('UTC'));

describe('times', () => {
  it('are written with day, month, year and zone', () => {
    expect(exact(now)).toBe('14 Apr 2026, 14:31:46 UTC');
    expect(clockSeconds(now)).toBe('14:31:46');
  });

  it.each([
    [now - 26 * 60_000, 'today 14:05'],
    [now - 15 * h, 'yesterday 23:31'],
    [now - 3 * 24 * h, 'Saturday 14:31'],
    [now - 11 * 24 * h, '3 Apr, 14:31'],
    [now - 200 * 24 * h, '26 Sep 2025, 14:31'],
    [now + 12 * h, 'tomorrow 02:31'],
  ])('%s are said as people say them', (at, want) => {
    expect(when(at, now)).toBe(want);
  });

  it.each([
    [0, '0 s ago'],
    [14_900, '14 s ago'],
    [119_000, '119 s ago'],
    [6 * 60_000, '6 min ago'],
    [2 * h, '2 h ago'],
    [3 * 24 * h, '3 d ago'],
    [-90_000, 'in 90 s'],
  ])('%s ms old are %s', (age, want) => {
    expect(ago(now - age, now)).toBe(want);
  });

  it('have lengths in their own units', () => {
    expect(span(26 * 60_000)).toBe('26 min');
    expect(['60000', '90000', '2592000000', '1500', '3600000'].map((x) => lengthWords(Number(x)))).toEqual([
      '1 minute',
      '90 seconds',
      '30 days',
      '1500 ms',
      '1 hour',
    ]);
  });

  it('name the reader’s zone by its offset', () => {
    expect(zoneName('UTC')).toBe('UTC');
    expect(zoneName('local', new Date(now))).toMatch(/^UTC([+−]\d+(:\d+)?)?$/);
  });
});

describe('ranges', () => {
  it.each([
    ['15m', 900_000],
    ['24h', 24 * h],
    ['4w', 28 * 24 * h],
    ['0h', null],
    ['h', null],
    ['5 minutes', null],
  ])('%s is %s ms', (text, want) => {
    expect(parseLength(text)).toBe(want);
    if (want !== null) expect(parseLength(formatLength(want))).toBe(want);
  });

  it('follow now until they are fixed', () => {
    expect(resolveRange('1h', now)).toEqual({ from: now - h, to: now, live: true });
    expect(resolveRange(fixedRange(now - 2 * h, now - h), now)).toEqual({
      from: now - 2 * h,
      to: now - h,
      live: false,
    });
  });

  it.each(['nonsense', '', undefined, '1764003600000-1764000000000'])('that make no sense (%s) fall back', (text) => {
    expect(resolveRange(text, now)).toEqual({ from: now - 24 * h, to: now, live: true });
  });

  it('move by half and follow now again at the end', () => {
    const r = resolveRange('2h', now);
    const earlier = resolveRange(shiftRange(r, -1, now), now);
    expect(earlier).toEqual({ from: now - 3 * h, to: now - h, live: false });
    expect(shiftRange(earlier, 1, now)).toBe('2h');
  });

  it('have a title', () => {
    expect(rangeTitle('7d', resolveRange('7d', now), String)).toBe('Last 7 days');
    expect(rangeTitle(undefined, resolveRange(undefined, now), String)).toBe('Last 24 hours');
    expect(rangeTitle('1h', resolveRange('1h', now), String)).toBe('Last hour');
    expect(rangeTitle('90m', resolveRange('90m', now), String)).toBe('Last 90 minutes');
  });
});
