import { describe, expect, it } from 'vitest';
import { apart, ceiling, floor, runs, ticks } from './scale';
import { lengthOf, moved, shared, split, usageSearch, without } from './state';
import { change, finePercent, fromFirst, lastWhole, people, percent, periodEnd, periodName, seconds } from './words';

describe('the address of usage', () => {
  it('keeps what it knows and drops the rest', () => {
    const s = usageSearch({
      q: 'route:/file',
      range: '12w',
      period: 'year',
      cohort: 'recurring',
      rule: 'on-or-after',
      periods: '999',
      step: ['name:a', 'name:b'],
      exclude: ['1:name:x', 'name:y'],
      within: '2 weeks',
      order: 'strict',
      table: 'spans',
      view: 'table',
      service: 'intake',
    });
    expect(s).toMatchObject({ q: 'route:/file', range: '12w', period: '', recurring: true, after: true, periods: 8 });
    expect(s).toMatchObject({ steps: ['name:a', 'name:b'], exclude: ['1:name:x'], within: '', order: 'strict' });
    expect(s).toMatchObject({ rows: 'spans', table: true, service: 'intake' });
    expect('env' in s).toBe(false);
  });

  it('hands applications and search to the next view, and nothing else', () => {
    expect(shared({ service: 'intake', q: 'route:/', step: ['name:a'], range: '4w' })).toEqual({
      service: 'intake',
      q: 'route:/',
    });
  });

  it('reads lengths down to milliseconds', () => {
    expect([lengthOf('500ms'), lengthOf('30s'), lengthOf('1h'), lengthOf('soon'), lengthOf('0s')]).toEqual([
      500,
      30_000,
      3_600_000,
      null,
      null,
    ]);
  });
});

describe('steps of a funnel', () => {
  it('change places, and not beyond the ends', () => {
    expect(moved(['a', 'b', 'c'], 1, -1)).toEqual(['b', 'a', 'c']);
    expect(moved(['a', 'b', 'c'], 2, 1)).toEqual(['a', 'b', 'c']);
  });

  it('take their exclusions along when one goes away', () => {
    expect(without(['1:x', '2:y', '3:z'], 1, 3)).toEqual(['1:x', '2:z']);
    expect(without(['1:x'], 1, 1)).toEqual([]);
    expect(split('2:name:filing:odd')).toEqual([2, 'name:filing:odd']);
  });
});

describe('numbers of usage', () => {
  it('hides too few and tells nothing from zero', () => {
    expect([people(-1), people(null), people(0), people(1204)]).toEqual(['few', '—', '0', '1,204']);
  });

  it('is finer where it matters', () => {
    expect([percent(0.042), percent(0.38), percent(0.0001), percent(1), percent(null)]).toEqual([
      '4.2\u2009%',
      '38\u2009%',
      'under 0.1\u2009%',
      '100\u2009%',
      '—',
    ]);
    expect([finePercent(0.975), finePercent(0.9995), finePercent(1), finePercent(0.5)]).toEqual([
      '97.5\u2009%',
      '99.95\u2009%',
      '100\u2009%',
      '50\u2009%',
    ]);
  });

  it('says spans of time', () => {
    expect([seconds(0.2), seconds(4.2), seconds(250), seconds(7500), seconds(273_600)]).toEqual([
      '200\u2009ms',
      '4.2\u2009s',
      '4\u2009min 10\u2009s',
      '2\u2009h 5\u2009min',
      '3\u2009d 4\u2009h',
    ]);
  });

  it('compares with words, and not with nothing', () => {
    expect(change(112, 100, 'many')).toBe('12\u2009% more than');
    expect(change(90, 100, 'many')).toBe('10\u2009% fewer than');
    expect(change(100, 100, 'many')).toBe('as many as');
    expect(change(5, 0, 'many')).toBe('');
  });

  it('never takes a period that still runs for the newest', () => {
    const p = (at: number, complete: boolean) => ({ at, complete });
    expect(lastWhole([p(1, true), p(2, true), p(3, false)])).toEqual([p(2, true), p(1, true)]);
    expect(fromFirst([0, 0, 3, 0], (n) => n === 0)).toEqual([3, 0]);
  });

  it('knows where periods end', () => {
    const feb = Date.UTC(2028, 1, 1);
    expect(periodEnd(feb, 'month')).toBe(Date.UTC(2028, 2, 1));
    expect(periodEnd(feb, 'week') - feb).toBe(7 * 86_400_000);
    expect(periodName(feb, 'month')).toBe('Feb 2028');
    expect(periodName(feb, 'week')).toBe('week of 1 Feb 2028');
  });
});

describe('scales', () => {
  it('end at round numbers and begin at zero, but for shares near one', () => {
    expect([ceiling(0), ceiling(8837), ceiling(0.31), ceiling(200)]).toEqual([1, 10_000, 0.4, 200]);
    expect(floor([0.957, 0.974], 1)).toBe(0.95);
    expect(floor([0.2, 0.97], 1)).toBe(0);
    expect(floor([95, 97], 100)).toBe(0);
    expect(floor([], 1)).toBe(0);
  });

  it('label the last, and keep labels apart', () => {
    expect(ticks(13, 5)).toEqual([0, 3, 6, 9, 12]);
    expect(apart([100, 102, 40], 15, 0, 200)).toEqual([100, 115, 40]);
    expect(apart([198, 199], 15, 0, 200)).toEqual([185, 200]);
  });

  it('break lines at gaps', () => {
    expect(runs([1, 2, null, 3, null])).toEqual([[0, 1], [3]]);
  });
});
