import { describe, expect, it } from 'vitest';
import { axisLabels, compact, compactLabels, onAxis, plain, share } from './number';

const percent = { factor: 100, decimals: 2, unit: '%' };

describe('numbers', () => {
  it.each([
    [55230, '55,230'],
    [-12, '−12'],
    [0, '0'],
    [-0, '0'],
    [0.0084, '0.00840'],
    [1234.5, '1,235'],
    [98.314, '98.31'],
    [1e21, '1.000e+21'],
    [Number.NaN, '—'],
    [Infinity, '—'],
    [null, '—'],
  ])('%s is %s', (v, want) => {
    expect(plain(v)).toBe(want);
  });

  it('are shown in the unit that the server names', () => {
    expect(onAxis(0.0084, percent)).toBe('0.84\u2009%');
    expect(onAxis(null, percent)).toBe('—');
    expect(onAxis(7.42e9, { factor: 1e-9, decimals: 2, unit: 'GB' })).toBe('7.42\u2009GB');
    expect(onAxis(-0.12, { factor: 100, decimals: 0, unit: '%' })).toBe('−12\u2009%');
  });

  it('on an axis have the decimals that their step needs', () => {
    expect(axisLabels([0.975, 0.98, 0.985], percent)).toEqual(['97.5\u2009%', '98.0\u2009%', '98.5\u2009%']);
    expect(axisLabels([0.85, 0.875, 0.9], percent)).toEqual(['85.0\u2009%', '87.5\u2009%', '90.0\u2009%']);
    expect(axisLabels([0, 0.5, 1], percent)).toEqual(['0\u2009%', '50\u2009%', '100\u2009%']);
    expect(compactLabels([0, 2e9])).toEqual(['0\u2009G', '2\u2009G']);
  });

  it('that are large are shortened, but counts stay counts', () => {
    expect([1204, 55_230_000, 3.2e9].map(compact)).toEqual(['1,204', '55.2\u2009M', '3.2\u2009G']);
  });

  it('as shares are whole percent, and little is not nothing', () => {
    expect([0.89, 0, 0.004, 1].map(share)).toEqual(['89\u2009%', '0\u2009%', 'under 1\u2009%', '100\u2009%']);
  });
});
