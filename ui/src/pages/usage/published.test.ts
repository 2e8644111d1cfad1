import { describe, expect, it } from 'vitest';
import { seriesOf } from './published';

describe('the series behind a KPI of usage', () => {
  it('is that of the view, of everything unless an application is chosen', () => {
    expect(seriesOf({ view: 'retention', after: 7 })).toBe(
      'signalbox_usage_retention_ratio{after="7",service="",env="",agency=""}',
    );
    expect(seriesOf({ view: 'actives', span: 'week', service: 'portal' })).toContain('span="week",service="portal"');
    expect(seriesOf({ view: 'stickiness', agency: 'IRS' })).toBe(
      'signalbox_usage_stickiness_ratio{service="",env="",agency="IRS"}',
    );
    expect(seriesOf({ view: 'actions' })).toBe('signalbox_usage_session_actions{service="",env="",agency=""}');
    expect(seriesOf({ view: 'adoption', feature: 'a"b' })).toContain('feature="a\\"b"');
  });

  it('is none where rows are counted', () => {
    expect(seriesOf({ view: 'success' })).toBeUndefined();
  });
});
