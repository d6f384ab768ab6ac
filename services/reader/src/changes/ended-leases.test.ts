import { expect, it } from 'vitest';
import { EndedLeases } from './ended-leases.js';
import { decideSeen } from './leases.js';
import { sightingAt } from './leases.test.helpers.js';
import { pod } from './pod-changes.test.helpers.js';

it('a pod that comes back may have been started again meanwhile: its last restart is found again, and counts as an old one', () => {
  const workload = { kind: 'Job', name: 'import', revision: '', serviceAccount: '' };
  const end = { reason: 'Error', exitCode: 1, endedAtMs: undefined };
  const restarted = (count: number) => pod(1, { workload, restarts: [{ container: 'app', count, ...end }] });
  const ended = new EndedLeases();
  const { known } = decideSeen(undefined, restarted(2), true, sightingAt(0));
  if (known) ended.remember(known, 'finished');
  const finished = { ...restarted(2), finished: true };
  expect(decideSeen(ended.recall(finished), finished, false, sightingAt(1)).restarts).toMatchObject([
    { countBefore: 1, count: 2, isOld: true },
  ]);
  const again = decideSeen(ended.recall(restarted(2)), restarted(2), false, sightingAt(2)).known;
  expect(decideSeen(again, restarted(3), false, sightingAt(3)).restarts).toMatchObject([
    { countBefore: 2, count: 3, isOld: false },
  ]);
});
