import { describe, expect, it } from 'vitest';
import { alignTo, extent, lonely, padded, recordedFrom, redSpans, stepOf, thin, withGaps } from './points';
import { sparkBox, sparkPath, stripPaths, stripSentence } from './spark';

describe('points', () => {
  it('keep a hole in time as a hole in the line', () => {
    const g = withGaps([0, 10, 20, 60, 70], [[1, 2, 3, 4, 5]]);
    expect(g.t).toEqual([0, 10, 20, 30, 60, 70]);
    expect(g.columns[0]).toEqual([1, 2, 3, null, 4, 5]);
  });

  it('have the median as their step, so that holes do not stretch it', () => {
    expect(stepOf([0, 10, 20, 1000, 1010])).toBe(10);
    expect(stepOf([5])).toBe(0);
  });

  it('of the week before are laid under those of now', () => {
    expect(alignTo([100, 110, 120, 130], [0, 10, 20], [1, 2, 3], 100)).toEqual([1, 2, 3, 3]);
    expect(alignTo([100, 110], [0, 10], [null, 2], 100)).toEqual([null, 2]);
    expect(alignTo([500], [0, 10], [1, 2], 100)).toEqual([null]);
  });

  it('always leave the promise in sight', () => {
    const e = extent([[0.995, 0.994, null]], [0.99]);
    expect(e).toEqual([0.99, 0.995]);
    const [low, high] = padded(e ?? [0, 0]);
    expect(low).toBeLessThan(0.99);
    expect(high).toBeGreaterThan(0.995);
    expect(extent([[null]], [])).toBeNull();
    expect(padded([0, 10])[0]).toBe(0);
  });

  it('without neighbours are dots', () => {
    expect(lonely([null, 1, null, 2, 3, null, 4])).toEqual([1, 6]);
  });

  it('are thinned from the newest', () => {
    expect(thin([1, 2, 3, 4, 5], 2)).toEqual([2, 5]);
    expect(thin([1, 2], 5)).toEqual([1, 2]);
  });

  it('that began lately are shown from their beginning', () => {
    expect(recordedFrom([900, 910, 920, 930], 0, 1000, 10)).toBe(870);
    expect(recordedFrom([400, 500], 0, 1000, 10)).toBe(0);
    expect(recordedFrom([], 0, 1000, 10)).toBe(0);
  });

  it('are red from a transition to the next, per group, and merged', () => {
    const tr = (end: number, from: string, to: string, group: Record<string, string> = {}) => ({
      end,
      from,
      to,
      group,
    });
    expect(redSpans([tr(30, 'red', 'green'), tr(20, 'green', 'red')], 0, 100)).toEqual([[20, 30]]);
    expect(redSpans([tr(20, 'yellow', 'red')], 0, 100)).toEqual([[20, 100]]);
    expect(redSpans([tr(20, 'red', 'grey')], 5, 100)).toEqual([[5, 20]]);
    expect(
      redSpans(
        [tr(20, 'green', 'red', { a: '1' }), tr(25, 'green', 'red', { a: '2' }), tr(40, 'red', 'green', { a: '1' })],
        0,
        50,
      ),
    ).toEqual([[20, 50]]);
  });
});

describe('sparklines', () => {
  it('leave gaps as gaps and show a single point', () => {
    const p = sparkPath({ t: [1, 2, 3, 4, 5], v: [1, 2, null, 3, null], threshold: null });
    expect(p.line.match(/M/g)).toHaveLength(2);
    expect(p.line).toMatch(/M[\d.]+ [\d.]+L[\d.]+ [\d.]+$/);
  });

  it('keep the dashed promise inside', () => {
    const p = sparkPath({ t: [1, 2], v: [0.2, 0.3], threshold: 0.95 });
    expect(p.threshold).toBeGreaterThanOrEqual(0);
    expect(p.threshold).toBeLessThan(sparkBox.h / 2);
  });

  it('draw nothing of nothing, and a line of a constant', () => {
    expect(sparkPath({ t: [1], v: [null], threshold: null }).line).toBe('');
    expect(sparkPath({ t: [1, 2], v: [5, 5], threshold: null }).line).toMatch(/^M0 18L120 18$/);
  });
});

describe('strips', () => {
  const day = (light: 'green' | 'yellow' | 'red' | 'grey' | 'none') => ({ day: '2026-11-21', light });

  it('say in height what they say in colour', () => {
    const p = stripPaths([day('green'), day('yellow'), day('red'), day('grey')]);
    const top = (d: string) => Number(/^M[\d.]+ ([\d.]+)/.exec(d)?.[1]);
    expect(top(p.red)).toBeLessThan(top(p.yellow));
    expect(top(p.yellow)).toBeLessThan(top(p.green));
    expect(top(p.red)).toBe(0);
  });

  it('are a sentence for those who do not see them', () => {
    expect(stripSentence([day('red'), day('green'), day('green'), day('none')])).toBe(
      '4 days: 1 breached, 2 on target, 1 not judged',
    );
    expect(stripSentence([])).toBe('No history yet');
  });
});
