import { expect, it } from 'vitest';
import { projectRestarts } from './restarts.js';

it('the restarts of a pod are those of all its containers, each with its last end', () => {
  const terminated = { reason: 'OOMKilled', exitCode: 137, finishedAt: '2026-11-26T14:05:03Z' };
  const status = {
    containerStatuses: [
      { name: 'app', restartCount: 4, lastState: { terminated } },
      { name: 'proxy', restartCount: 0, lastState: {} },
    ],
    initContainerStatuses: [{ name: 'sidecar', restartCount: 1, lastState: {} }],
  };
  expect(projectRestarts({ status })).toEqual([
    {
      container: 'app',
      count: 4,
      reason: 'OOMKilled',
      exitCode: 137,
      endedAtMs: Date.UTC(2026, 10, 26, 14, 5, 3),
    },
    { container: 'sidecar', count: 1, reason: '', exitCode: undefined, endedAtMs: undefined },
  ]);
});

it.each<[unknown]>([
  [null],
  [{}],
  [{ status: { containerStatuses: 'none' } }],
  [{ status: { containerStatuses: [null, { name: 3, restartCount: 2 }, { name: 'a', restartCount: '2' }] } }],
])('a pod that says nothing of restarts, or nonsense, has none: %j', (object) => {
  expect(projectRestarts(object)).toEqual([]);
});
