import type { PodIpMessage } from '@podips/shared';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, inject, it, vi } from 'vitest';
import type { Bounds, Gap } from './changes/entry.js';
import { startTerm, type TermBounds, turn } from './term.test.helpers.js';
import type { TermEnd } from './term-start.js';
import { type Hold, idOf, PARTS, REPORT_MS, type Step, World } from './world.test.helpers.js';

vi.mock('@podips/shared', async (original) => ({
  ...(await original<object>()),
  ...(await import('./pause.test.helpers.js')),
}));

const PODS = 3;
const IPS = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
const STEP_MS = 20_000;
const SERVER_CLOCK_MS = 1_000;
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
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), pod: podIndex }) },
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

const gapSpans = ({ startedAt, endedAt }: Gap, from: number, to: number) =>
  (startedAt === undefined || startedAt.getTime() <= from) && to <= endedAt.getTime();

/** Whether the start, or the end, lies in its bounds. The API server's clock is known to the second. */
function isTrue({ from, to }: Hold, isEnd: boolean, { notBefore, notAfter }: Bounds): boolean {
  const happenedAt = (isEnd ? to : from) - REPORT_MS;
  return notBefore - SERVER_CLOCK_MS <= happenedAt && happenedAt <= notAfter + SERVER_CLOCK_MS;
}

function boundsOf({ timestamp, uncertainty_ms: uncertaintyMs }: PodIpMessage): Bounds {
  const at = Date.parse(timestamp);
  const margin = uncertaintyMs ?? Number.POSITIVE_INFINITY;
  return { notBefore: at - margin, notAfter: at + margin };
}

/**
 * The time of the earliest copy; of a change whose first copy was lost with the outbox of a database that went back, that at
 * which it was durable: until then it was in order.
 */
function firstAt({ durable, reverts }: World, copy: PodIpMessage): number {
  const at = Date.parse(copy.timestamp);
  const durableAt = durable.get(copy.event_id) ?? at;
  return reverts.some((revert) => durableAt <= revert && revert <= at) ? durableAt : at;
}

interface Edge {
  readonly uid: string;
  readonly ip: string;
  readonly isEnd: boolean;
  readonly at: number;
}

/** Addresses that two pods seem to hold at once, outside of gaps, to a consumer that keeps the earliest copy of each message. */
function findOverlaps(edges: readonly Edge[], gaps: readonly Gap[]): string[] {
  const inOrder = edges.toSorted((a, b) => a.at - b.at);
  const holders = new Map<string, string>();
  return inOrder.flatMap(({ uid, ip, isEnd, at }) => {
    const holder = holders.get(ip);
    if (isEnd && holder === uid) holders.delete(ip);
    if (!isEnd) holders.set(ip, uid);
    if (isEnd || holder === undefined || holder === uid) return [];
    // Both hold it until the first of them gives it up.
    const isTheirEnd = (edge: Edge) => edge.isEnd && edge.ip === ip && [holder, uid].includes(edge.uid);
    const to = inOrder.find((edge) => isTheirEnd(edge) && edge.at >= at)?.at;
    const isExcused = to !== undefined && gaps.some((gap) => gapSpans(gap, at, to));
    return isExcused ? [] : [`${ip} of ${holder} until ${to}, of ${uid} from ${at}`];
  });
}

function judge(world: World): void {
  const { cluster, queue, leases, gaps, terms, recordedAhead } = world;
  expect(recordedAhead, 'recorded before it was durable').toEqual([]);
  for (const { appended, durable } of terms)
    expect(durable, 'durable in another order').toEqual(appended.slice(0, durable.length));
  const earliest = new Map<string, PodIpMessage>();
  for (const message of queue)
    if (message.timestamp < (earliest.get(message.event_id)?.timestamp ?? '9'))
      earliest.set(message.event_id, message);
  const copies = Map.groupBy(queue, ({ event_id }) => event_id);
  const isUnseen = (at: number) => gaps.some((gap) => gapSpans(gap, at, at));
  const edges: Edge[] = [];
  const wrongTimes: object[] = [];
  const expectedIds = new Set<string>();
  for (const hold of cluster.holds) {
    const changes = [{ at: hold.from, isEnd: false }];
    if (hold.to !== Number.POSITIVE_INFINITY) changes.push({ at: hold.to, isEnd: true });
    for (const { at, isEnd } of changes) {
      const id = idOf(hold, isEnd);
      expectedIds.add(id);
      const message = earliest.get(id);
      if (message === undefined) expect(isUnseen(at), `missing: ${JSON.stringify(hold)}`).toBe(true);
      const start = earliest.get(idOf(hold, false));
      if (message) edges.push({ ...hold, isEnd, at: firstAt(world, message) });
      // An end that was not seen is in no message: without it, after the start's, the next holder would seem to overlap.
      if (message === undefined && start && isEnd)
        edges.push({ ...hold, isEnd, at: Math.max(at, Date.parse(start.timestamp)) });
    }
    const row = leases.get(idOf(hold, false));
    // A reader without its ledger does not know which of the pod's leases of this address it is.
    const alike = cluster.holds.filter(({ uid, ip }) => uid === hold.uid && ip === hold.ip);
    for (const { isEnd } of changes) {
      const recorded = isEnd ? row?.end?.bounds : row?.startBounds;
      const published = copies.get(idOf(hold, isEnd)) ?? [];
      const untrue = published.filter((copy) => !alike.some((one) => isTrue(one, isEnd, boundsOf(copy))));
      if (untrue.length > 0) wrongTimes.push({ hold, isEnd, untrue });
      if (recorded && !isTrue(hold, isEnd, recorded)) wrongTimes.push({ hold, isEnd, recorded });
    }
    if (row) expect(row.end !== undefined, `in the ledger: ${JSON.stringify(hold)}`).toBe(changes.length > 1);
    else
      expect(
        changes.every(({ at }) => isUnseen(at)),
        `not in the ledger: ${JSON.stringify(hold)}`,
      ).toBe(true);
  }
  expect(wrongTimes).toEqual([]);
  for (const id of [...earliest.keys(), ...leases.keys()]) expect(expectedIds, 'untrue').toContain(id);
  expect(findOverlaps(edges, gaps)).toEqual([]);
  const rows = [...leases.values()].flatMap(({ pod: { uid }, ip, startedAt, end }) => [
    { uid, ip, isEnd: false, at: startedAt.getTime() },
    ...(end ? [{ uid, ip, isEnd: true, at: end.at.getTime() - 0.5 }] : []),
  ]);
  expect(findOverlaps(rows, []), 'in the ledger').toEqual([]);
  expect(world.contradictions).toEqual([]);
}

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
