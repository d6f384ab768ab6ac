import fc from 'fast-check';
import { afterEach, beforeEach, expect, inject, it, vi } from 'vitest';
import { startTerm, type TermBounds, turn } from './term.test.helpers.js';
import type { TermEnd } from './term-start.js';
import { World } from './world.test.helpers.js';
import { PARTS, type Step } from './world-cluster.test.helpers.js';
import { judge } from './world-judge.test.helpers.js';

vi.mock('@podips/shared', async (original) => ({
  ...(await original<object>()),
  ...(await import('./pause.test.helpers.js')),
}));

const PODS = 3;
const IPS = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
const STEP_MS = 20_000;
const HOUR_MS = 3_600_000;
const T0 = Date.parse('2026-11-20T14:00:00.000Z');

const podIndex = fc.nat(PODS - 1);
const happening = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('give' as const, 'give' as const, 'take' as const),
      pod: podIndex,
      ip: fc.constantFrom(...IPS),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('delete' as const, 'delete' as const, 'restart' as const, 'reject' as const),
      pod: podIndex,
    }),
  },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: happening },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('compact' as const, 'bookmark' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('switch' as const),
      part: fc.constantFrom(...PARTS),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('kill' as const, 'stop' as const, 'load' as const) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('revert' as const), by: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('set clock' as const),
      aheadMs: fc.constantFrom(0, 2 * HOUR_MS, -2 * HOUR_MS, 40_000),
    }),
  },
);

/** A list of what nothing was seen of is published slowly, and its reader killed on the way. */
const killedInList: readonly Step[] = [
  { do: 'switch', part: 'watch' },
  ...IPS.map((ip, pod): Step => ({ do: 'give', pod, ip })),
  { do: 'compact' },
  { do: 'switch', part: 'queue' },
  { do: 'switch', part: 'watch' },
  { do: 'bookmark' },
  { do: 'kill' },
];
/** More happens than the smallest backlog holds for the ledger, which is unavailable for longer than that takes. */
const longOutage: readonly Step[] = [
  { do: 'switch', part: 'ledger' },
  ...IPS.map((ip, pod): Step => ({ do: 'give', pod, ip })),
  { do: 'delete', pod: 0 },
  ...Array.from({ length: 8 }, (): Step => ({ do: 'bookmark' })),
  { do: 'switch', part: 'ledger' },
];
const steps = fc
  .array(
    fc.oneof(
      { weight: 20, arbitrary: step.map((one) => [one]) },
      { weight: 1, arbitrary: fc.constantFrom(killedInList, longOutage) },
    ),
    { minLength: 10, maxLength: 60, size: 'max' },
  )
  .map((parts) => parts.flat());

async function run(steps: readonly Step[], bounds: TermBounds): Promise<void> {
  const world = new World();
  let clock = world.createClock();
  let term = await startTerm(world, clock, bounds, undefined);
  const restart = async (previous: TermEnd | undefined) => {
    if (previous === undefined) clock = world.createClock();
    term = await startTerm(world, clock, bounds, previous);
  };
  const take = async (step: Step) => {
    world.cluster.apply(step, Date.now(), (hold) => world.knowsEnd(hold));
    if (step.do === 'switch') world.up[step.part] = !world.up[step.part];
    if (step.do === 'set clock') world.machineAheadMs = step.aheadMs;
    if (step.do === 'load') await world.load();
    if (step.do === 'revert') world.revert(step.by);
    if (step.do === 'bookmark') term.bookmark();
    if (step.do === 'kill') term.kill();
    if (step.do === 'stop') await term.stop();
    if (step.do === 'kill' || step.do === 'stop') await restart(undefined);
    term.linkChanged();
    await term.follow();
    await turn(STEP_MS);
    const { end } = term;
    if (end === undefined) return;
    await term.stop();
    await restart(end);
  };
  for (const step of steps) await take(step);
  Object.assign(world.up, { watch: true, queue: true, outbox: true, ledger: true });
  // Restarts may follow, and a full log is read in steps.
  const isQuiet = () => term.settled && !term.end && world.rows.length + world.storing.size === 0;
  for (let round = 0; round < 50 && !isQuiet(); round += 1) {
    await take({ do: 'give', pod: 0, ip: '10.0.0.9' });
    term.bookmark();
    await turn(STEP_MS);
  }
  expect([term.settled, term.end, world.rows]).toEqual([true, undefined, []]);
  await term.stop();
  judge(world);
}

beforeEach(() => {
  vi.useFakeTimers({ now: T0 });
});
afterEach(() => {
  vi.useRealTimers();
});

it('whatever fails, and however often: nothing is missing, untrue or out of order outside of named gaps', async () => {
  const bounds = fc.constantFrom(
    { messages: 1_000, rows: 1_000 },
    { messages: 2, rows: 1_000 },
    { messages: 1_000, rows: 3 },
  );
  await fc.assert(
    fc.asyncProperty(steps, bounds, async (taken, limits) => {
      vi.setSystemTime(T0);
      await run(taken, limits);
    }),
    { numRuns: inject('propertyRuns') },
  );
});
