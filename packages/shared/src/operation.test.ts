import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type OperationHealth, trackOperation } from './operation.js';

const statusFile = { works: vi.fn(), fails: vi.fn() };
const heartbeats = { report: vi.fn(), stop: async () => undefined };
let health: OperationHealth;
beforeEach(() => {
  vi.clearAllMocks();
  health = trackOperation('log', statusFile, heartbeats);
});

describe('an operation', () => {
  it('is not ready before it has worked, and nothing is reported yet', () => {
    expect(health.problem).toBe('not connected yet');
    expect(statusFile.fails).not.toHaveBeenCalled();
    expect(heartbeats.report).not.toHaveBeenCalled();
  });

  it('that works is reported to the probe and to the monitor', () => {
    health.works('7 written');
    expect(health.problem).toBeUndefined();
    expect(statusFile.works).toHaveBeenCalledTimes(1);
    expect(heartbeats.report.mock.calls).toEqual([['log', 200, '7 written']]);
  });

  it('that fails is reported to the probe and to the monitor, with its code', () => {
    health.works('connected');
    health.fails(504, 'no ack');
    expect(health.problem).toBe('no ack');
    expect(statusFile.fails).toHaveBeenCalledTimes(1);
    expect(heartbeats.report.mock.calls.at(-1)).toEqual(['log', 504, 'no ack']);
  });

  it('works again when its work is done', () => {
    health.fails(503, 'down');
    health.works('connected');
    expect(health.problem).toBeUndefined();
    expect(statusFile.works).toHaveBeenCalledTimes(1);
  });

  it('whose link is alive keeps its file fresh, and reports no work that was not done', () => {
    health.works('connected');
    health.alive();
    expect(statusFile.works).toHaveBeenCalledTimes(2);
    expect(heartbeats.report).toHaveBeenCalledTimes(1);
  });

  it.each(['before it has worked', 'after it has failed'])(
    'is not revived by a link that is alive %s',
    (when) => {
      if (when.startsWith('after')) health.fails(503, 'down');
      health.alive();
      expect(health.problem).toBeDefined();
      expect(statusFile.works).not.toHaveBeenCalled();
    },
  );

  it('adds to its reports what an operator should know, until there is nothing more to know', () => {
    health.works('7 written');
    health.note('broker', 'sends no heart-beats');
    health.note('held', '1 message held');
    expect(heartbeats.report.mock.calls.at(-1)).toEqual([
      'log',
      200,
      '7 written; 1 message held; sends no heart-beats',
    ]);
    health.fails(503, 'down');
    health.note('held', undefined);
    expect(heartbeats.report.mock.calls.at(-1)).toEqual(['log', 503, 'down']);
    health.works('8 written');
    expect(heartbeats.report.mock.calls.at(-1)).toEqual(['log', 200, '8 written; sends no heart-beats']);
  });
});
