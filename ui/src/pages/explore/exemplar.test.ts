import { describe, expect, it } from 'vitest';
import { fieldOptions, spotAt } from './complete';
import { exemplarName, exemplarValue, largest } from './exemplar';
import { questionOf } from './questions';
import { withOption } from './useTyping';

const of = (trace: string, value: number) => ({
  metric: { __name__: 'http_request_duration_seconds_bucket', service: 'intake', le: '0.5' },
  trace,
  span: 's',
  value,
  at: 0,
});

describe('exemplars', () => {
  it('are one for each trace, the largest first', () => {
    expect(largest([of('a', 0.1), of('b', 0.4), of('a', 0.3), of('c', 0.2)], 2).map((e) => [e.trace, e.value])).toEqual(
      [
        ['b', 0.4],
        ['a', 0.3],
      ],
    );
  });

  it('have the name of their metric and a value with its unit', () => {
    expect(exemplarName(of('a', 0).metric)).toBe('http_request_duration_seconds');
    expect(exemplarValue(of('a', 0.25))).toMatch(/^250.ms$/);
  });
});

describe('metrics of a span', () => {
  it('are asked by the label that names their service', () => {
    expect(questionOf('http_requests_total', 'service', 'intake')).toBe(
      'sum(rate(http_requests_total{service="intake"}[5m]))',
    );
    expect(questionOf('up', 'job', 'a"b')).toBe('up{job="a\\"b"}');
    expect(questionOf('x_bucket', 'job', 'p')).toContain('sum by (le)');
  });
});

describe('completion', () => {
  it('offers a field once, though an attribute is called the same', () => {
    const field = { name: 'status', doc: 'Outcome', type: 'text' };
    const known = { fields: [field], attributes: ['status', 'statute'] } as unknown as Parameters<
      typeof fieldOptions
    >[1];
    const options = fieldOptions(spotAt('stat', 4), known, []);
    expect(options.map((o) => o.text).sort()).toEqual(['status:', 'statute:']);
  });

  it('puts what is chosen in the place of what was typed', () => {
    const o = { text: 'status:', detail: '', insert: 'status:', from: 0, to: 4, caret: 7 };
    expect(withOption('stat level:error', o)).toBe('status: level:error');
  });
});
