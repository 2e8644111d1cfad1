import { describe, expect, it } from 'vitest';
import { troublesOf } from './trouble';

const store = (name: string, error = '') => ({ name, path: name, bytes: 0, series: 0, rows: 0, oldest: 0, error });
const config = { file: 'signalbox.yaml', loaded_at: 0, error: '', restart: [] };

describe('troubles of the stores', () => {
  it('are none while everything is well, and before anything is known', () => {
    expect(troublesOf(undefined)).toEqual([]);
    expect(troublesOf({ stores: [store('metrics'), store('logs')], config })).toEqual([]);
  });

  it('put what is lost for good first, with what to do', () => {
    const full = 'the disk is full: no space left on device';
    const lost = 'The log 7.log ends at byte 10 and had reached byte 90: rows that were acknowledged are lost';
    const list = troublesOf({ stores: [store('rows', full), store('rows', lost)], config });
    expect(list.map((t) => t.said)).toEqual([lost, full]);
    expect(list[0]?.title).toBe('Stored logs, traces or events are damaged');
    expect(list[0]?.todo).toMatch(/backup/);
    expect(list[1]?.title).toBe('No logs, traces and events are taken in');
    expect(list[1]?.todo).toMatch(/free space/);
  });

  it('name the store of samples, and a configuration that was refused', () => {
    const list = troublesOf({ stores: [store('metrics', 'read-only')], config: { ...config, error: '3:1: kpis' } });
    expect(list.map((t) => t.title)).toEqual([
      'The store of metrics is not well',
      'The changed configuration is not in force',
    ]);
    expect(list[1]?.todo).toContain('signalbox.yaml');
  });
});
