import { expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS, workload } from '../workloads/book.test.helpers.js';
import { WORKLOAD_WAITS, type WorkloadFacts } from '../workloads/decide-workload-alerts.js';
import { measureOf } from '../workloads/measure.test.helpers.js';
import { chainOf, stateOf } from './alerts.test.helpers.js';
import { NOTHING_REPORTED } from './decide.js';
import { decideBoth } from './decide-both.js';

const RULES = {
  forMs: 0,
  repeatIntervalMs: HOUR_MS,
  maxPerHour: 1,
  groupWaitMs: 0,
  startedAtMs: 0,
  ageLimitMs: 300_000,
  workloads: { ...WORKLOAD_WAITS, groupWaitMs: 0, repeatIntervalMs: 0, isMuted: () => false },
};
const GREEN = chainOf();
const RED = chainOf({ log: stateOf('log', 'red', 1) });

/** With one unstable workload. */
function factsAt(knownUntilMs: number): WorkloadFacts {
  const measured = measureOf({ restarts: 5 });
  return {
    cluster: 'default',
    knownUntilMs,
    isReadable: true,
    forgottenUntilMs: Number.NEGATIVE_INFINITY,
    gaps: [],
    unstable: [
      {
        workload: workload(),
        why: 'restarts',
        measured,
        ended: { pods: 0, disruptedOn: new Map(), rejected: 0 },
      },
    ],
    measure: () => measured,
  };
}

it('the hourly limit is of all alerts together, and each kind says what it suppressed', () => {
  const first = decideBoth(NOTHING_REPORTED, { chain: RED, workloads: factsAt(1) }, 1, RULES);
  expect(first.notices.map(({ headline }) => headline === '')).toEqual([false]);
  expect(first.state).toMatchObject({ suppressed: 0, workloads: { suppressed: 1 } });
  expect(first.waitMs).toBe(HOUR_MS);
  const facts = { chain: RED, workloads: factsAt(HOUR_MS) };
  const { notices, state } = decideBoth(first.state, facts, HOUR_MS + 1, { ...RULES, maxPerHour: 2 });
  expect(notices).toMatchObject([
    { headline: expect.stringContaining('Fluentd'), heldBack: 0, changes: [{ kind: 'continues' }] },
    { headline: '', heldBack: 1, changes: [], workloads: { changes: [{ kind: 'started' }] } },
  ]);
  expect(state.workloads.suppressed).toBe(0);
});

it('a message about workloads does not delay the reminder of a light', () => {
  const rules = { ...RULES, maxPerHour: 20 };
  const red = decideBoth(NOTHING_REPORTED, { chain: RED, workloads: undefined }, 1, rules);
  const later = 30 * MINUTE_MS;
  const both = decideBoth(red.state, { chain: RED, workloads: factsAt(later) }, later, rules);
  expect(both.notices).toMatchObject([{ headline: '' }]);
  const next = decideBoth(both.state, { chain: RED, workloads: factsAt(HOUR_MS) }, HOUR_MS + 1, rules);
  expect(next.notices).toMatchObject([{ changes: [{ operation: 'log', kind: 'continues' }] }]);
});

it('a message about workloads is none about lights that are green', () => {
  const { notices, state } = decideBoth(NOTHING_REPORTED, { chain: GREEN, workloads: factsAt(1) }, 1, RULES);
  expect(notices).toMatchObject([{ headline: '', likelyCause: null, changes: [] }]);
  const next = decideBoth(state, { chain: GREEN, workloads: factsAt(2) }, 2 * HOUR_MS, RULES);
  expect(next.notices).toEqual([]);
});
