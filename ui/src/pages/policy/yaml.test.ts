import { describe, expect, it } from 'vitest';
import { blankAt, placeAt, readAt, writeAt } from './yaml';

const text = `# why
kind: KPI
name: x   # the name
thresholds: {yellow: "> 1%", red: '> 3%', for: {red: 3, yellow: 2}}
objective:
  # a promise
  target: 99%
  window: 30d   # rolling

owner: me
`;

describe('values in a document', () => {
  it.each([
    [['name'], 'x'],
    [['thresholds', 'yellow'], '> 1%'],
    [['thresholds', 'red'], '> 3%'],
    [['objective', 'window'], '30d'],
  ])('are read at %s', (path, want) => {
    expect(readAt(text, path)).toEqual({ kind: 'scalar', value: want });
  });

  it('say when there are several, or none', () => {
    expect(readAt(text, ['thresholds', 'for'])).toEqual({ kind: 'several' });
    expect(readAt(text, ['thresholds', 'recover'])).toEqual({ kind: 'none' });
    expect(readAt('', ['name'])).toEqual({ kind: 'none' });
  });

  it.each([
    [['thresholds', 'yellow'], '> 2%', 'yellow: "> 1%"', 'yellow: "> 2%"'],
    [['thresholds', 'red'], '> 2.5%', "red: '> 3%'", "red: '> 2.5%'"],
    [['objective', 'window'], 'month', 'window: 30d   # rolling', 'window: month   # rolling'],
    [['name'], 'y: z', 'name: x   # the name', 'name: "y: z"   # the name'],
    [['objective', 'zone'], 'UTC', 'window: 30d   # rolling', 'window: 30d   # rolling\n  zone: UTC'],
    [['thresholds', 'min_count'], '20', 'yellow: 2}}', 'yellow: 2}, min_count: 20}'],
    [['thresholds', 'yellow'], '', '{yellow: "> 1%", red', '{red'],
    [['objective', 'target'], '', '  target: 99%\n', ''],
    [['page', 'severity'], 'page', 'owner: me', 'owner: me\npage: {severity: page}'],
  ])('are written at %s as %s, and nothing else moves', (path, value, was, becomes) => {
    expect(writeAt(text, path, value)).toBe(text.replace(was, becomes));
  });

  it('are written back as they were', () => {
    const there = writeAt(text, ['thresholds', 'yellow'], '> 2%');
    expect(writeAt(there, ['thresholds', 'yellow'], '> 1%')).toBe(text);
  });

  it('keep their place while they are typed anew', () => {
    const empty = blankAt(text, ['thresholds', 'yellow']);
    expect(empty).toBe(text.replace('"> 1%"', '""'));
    expect(writeAt(empty, ['thresholds', 'yellow'], '> 1%')).toBe(text);
    expect(blankAt(text, ['thresholds', 'recover'])).toBe(text);
  });

  it('fill an empty key, and take away what would be left empty', () => {
    expect(writeAt('name:\nowner: me\n', ['name'], 'x')).toBe('name: x\nowner: me\n');
    expect(writeAt('a: 1\nobjective: {target: 99%}\n', ['objective', 'target'], '')).toBe('a: 1\n');
    expect(writeAt('', ['name'], 'x')).toBe('name: x\n');
  });
});

describe('what belongs at a place', () => {
  const at = (marked: string) => placeAt(marked.replace('|', ''), marked.indexOf('|'));
  it.each([
    ['kind: KPI\nna|', 'key', [], ['kind']],
    ['thresholds: {yellow: "> 1%", re|}', 'key', ['thresholds'], ['yellow']],
    ['thresholds: {|}', 'key', ['thresholds'], []],
    ['objective:\n  ta|', 'key', ['objective'], []],
    ['objective:\n  target: 99%\n  |\nowner: me', 'key', ['objective'], ['target']],
    ['outcome: te|', 'value', ['outcome'], []],
    ['indicator:\n  gauge: {of: x, over: a|}', 'value', ['indicator', 'gauge', 'over'], []],
  ])('%s wants a %s', (marked, wants, path, beside) => {
    expect(at(marked)).toEqual({ wants, path, beside });
  });
});
