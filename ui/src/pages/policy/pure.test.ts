import { describe, expect, it } from 'vitest';
import { byMonth } from './CalendarPage';
import { diffTexts, diffWords } from './diff';
import { clearDraft, readDraft, writeDraft } from './drafts';
import { instantOf } from './When';
import { bandPaths, delayWords, limitOf, minutesWords, segments } from './outcome';
import { schemaAt, starter, takes } from './schema';
import { editorSearch, policySearch, proposalSearch } from './search';
import type { Review } from '../../api/govern';

const thin = '\u2009';

describe('a diff', () => {
  it('keeps three lines around a change and counts it', () => {
    const before = Array.from({ length: 12 }, (_, i) => `line ${i}`).join('\n');
    const lines = diffTexts(`${before}\n`, `${before.replace('line 6', 'line six')}\n`);
    expect(lines.map((l) => l.kind)).toEqual([
      'gap',
      'same',
      'same',
      'same',
      'remove',
      'add',
      'same',
      'same',
      'same',
      'gap',
    ]);
    expect(lines[4]).toEqual({ kind: 'remove', old_line: 7, new_line: 0, text: 'line 6' });
    expect(diffWords(lines)).toBe('1 line added, 1 removed');
  });

  it('says when nothing differs', () => {
    expect(diffWords(diffTexts('a\n', 'a\n'))).toBe('No line differs');
    expect(diffTexts('', 'a\nb\n').map((l) => l.kind)).toEqual(['add', 'add']);
  });
});

describe('a back-test', () => {
  it.each([
    [42, `42${thin}min`],
    [0.5, `30${thin}s`],
    [200, `3${thin}h 20${thin}min`],
    [60 * 52, `2${thin}d 4${thin}h`],
    [undefined, `0${thin}min`],
  ])('%s minutes are %s', (n, want) => {
    expect(minutesWords(n)).toBe(want);
  });

  it('says how late the first alert is, or that there was none', () => {
    expect(delayWords(40)).toBe(`40${thin}s`);
    expect(delayWords(660)).toBe(`11${thin}min`);
    expect(delayWords(null)).toBe('—');
  });

  it.each([
    [`> 2.5${thin}%`, { value: 0.025, side: 'above' }],
    ['< 97%', { value: 0.97, side: 'below' }],
    ['>= 500 ms', { value: 0.5, side: 'above' }],
    ['outside 1 to 2', null],
    ['> 3 parsecs', null],
  ])('the threshold %s is a line at %o', (text, want) => {
    const got = limitOf(text);
    expect(got === null ? null : { ...got, value: +got.value.toFixed(6) }).toEqual(want);
  });

  it('puts two lights side by side over time', () => {
    const now = [
      { from: 0, to: 10, light: 'green' as const },
      { from: 10, to: 20, light: 'red' as const },
    ];
    const next = [{ from: 0, to: 15, light: 'green' as const }];
    expect(segments(now, next, 0, 20)).toEqual([
      { from: 0, to: 10, now: 'green', proposed: 'green' },
      { from: 10, to: 15, now: 'red', proposed: 'green' },
      { from: 15, to: 20, now: 'red', proposed: null },
    ]);
  });

  it('draws each light at a height of its own', () => {
    const p = bandPaths([{ from: 0, to: 5, light: 'red' }], 0, 10, { w: 100, h: 20 });
    expect(p.red).toBe('M0.0 20V0.0H50.0V20z');
    expect(p.green).toBe('');
  });
});

describe('a schema', () => {
  const root = {
    required: ['kind', 'name', 'receiver'],
    properties: {
      receiver: { type: 'string', examples: ['oncall'] },
      when: {
        oneOf: [{ enum: ['any_change'] }, { type: 'object', properties: { size: { description: 'How much' } } }],
      },
      labels: { type: 'object', additionalProperties: { type: 'string' } },
      continue: { type: 'boolean' },
    },
  };

  it('is followed through alternatives and open keys', () => {
    expect(schemaAt(root, ['when'])?.words).toEqual(['any_change']);
    expect(schemaAt(root, ['when', 'size'])?.description).toBe('How much');
    expect(schemaAt(root, ['labels', 'team'])?.types).toEqual(['string']);
    expect(schemaAt(root, ['nothing'])).toBeUndefined();
    const flag = schemaAt(root, ['continue']);
    expect(flag && takes(flag)).toBe('true | false');
  });

  it('makes a document to begin with', () => {
    expect(starter('Route', root)).toBe('kind: Route\nname:\ntitle:\nowner:\nreceiver: oncall\n');
    expect(starter('KPI', {})).toContain('indicator:');
  });
});

describe('a draft', () => {
  const d = { text: 'a', title: 't', reason: 'r', effective: '', emergency: false, base: 'h', at: 1_000 };
  it('is kept for two weeks and can be thrown away', () => {
    writeDraft('KPI/x', d);
    expect(readDraft('KPI/x', 2_000)).toEqual(d);
    expect(readDraft('KPI/x', 1_000 + 15 * 86_400_000)).toBeUndefined();
    clearDraft('KPI/x');
    expect(readDraft('KPI/x', 2_000)).toBeUndefined();
  });

  it('that cannot be read is none', () => {
    localStorage.setItem('signalbox.draft.KPI/x', '{broken');
    expect(readDraft('KPI/x')).toBeUndefined();
  });
});

describe('words of an address', () => {
  it('are narrowed', () => {
    expect(policySearch({ diff: '2-3' })).toEqual({ diff: '2-3' });
    expect(policySearch({ diff: 'x' })).toEqual({});
    expect(editorSearch({ kind: 'KPI', feedback: ['1', 'x', '3'], proposal: '41' })).toEqual({
      kind: 'KPI',
      feedback: [1, 3],
      proposal: 41,
    });
    expect(editorSearch({ kind: 'Nothing', feedback: '7' })).toEqual({ feedback: [7] });
    expect(proposalSearch({ view: 'table', group: '2' })).toEqual({ view: 'table', group: 2 });
  });

  it('an instant is read in the reader’s zone', () => {
    expect(instantOf('', 'UTC')).toBeUndefined();
    expect(instantOf('2026-11-21T14:00', 'UTC')).toBe(Date.UTC(2026, 10, 21, 14));
    expect(instantOf('soon', 'UTC')).toBeNull();
  });
});

it('the calendar puts what is urgent before the months', () => {
  const r = (name: string, state: Review['state'], due_at: number) => ({ name, state, due_at }) as Review;
  const groups = byMonth(
    [r('a', 'emergency', 5), r('b', 'overdue', 1), r('c', 'soon', 9), r('d', 'ok', 9), r('e', 'ok', 20)],
    (ms) => `month ${ms}`,
  );
  expect(groups.map((g) => [g.name, g.reviews.length])).toEqual([
    ['Waiting for approval', 1],
    ['Overdue', 1],
    ['month 9', 2],
    ['month 20', 1],
  ]);
});
