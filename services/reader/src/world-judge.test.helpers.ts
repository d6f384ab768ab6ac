import type { PodIpMessage } from '@podips/shared';
import { expect } from 'vitest';
import type { Bounds, Gap } from './changes/entry.js';
import type { World } from './world.test.helpers.js';
import { type Hold, idOf, keyOfRestart, REPORT_MS } from './world-cluster.test.helpers.js';

/** The API server's clock is known to the second. */
const SERVER_CLOCK_MS = 1_000;

const gapSpans = ({ startedAt, endedAt }: Gap, from: number, to: number) =>
  (startedAt === undefined || startedAt.getTime() <= from) && to <= endedAt.getTime();

/** Whether the start, or the end, lies in its bounds. */
function isTrue({ from, to }: Hold, isEnd: boolean, bounds: Bounds): boolean {
  return isWithin(isEnd ? to : from, bounds);
}

/** @param reportedAt when the write showed what happened a little earlier */
function isWithin(reportedAt: number, { notBefore, notAfter }: Bounds): boolean {
  const happenedAt = reportedAt - REPORT_MS;
  return notBefore - SERVER_CLOCK_MS <= happenedAt && happenedAt <= notAfter + SERVER_CLOCK_MS;
}

/** An end that was not seen may say nothing of its cause. */
function saysCause({ cause }: Hold, { end_cause: said, inferred }: PodIpMessage): boolean {
  return said === cause || (inferred && said === '');
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

/** Of restarts that were not seen, the first one after them that was says how many they were. */
function judgeRestarts({ cluster, restarts }: World, isUnseen: (at: number) => boolean): void {
  const counted = new Map<string, number>();
  for (const restart of cluster.restarts) {
    const row = restarts.get(keyOfRestart(restart));
    const what = `restart ${keyOfRestart(restart)}`;
    if (row === undefined) {
      expect(isUnseen(restart.at), `not in the ledger: ${what}`).toBe(true);
      continue;
    }
    expect(isWithin(restart.at, row.bounds), what).toBe(true);
    expect(row.countBefore, what).toBeGreaterThanOrEqual(counted.get(restart.uid) ?? 0);
    expect(row.countBefore, what).toBeLessThan(row.count);
    counted.set(restart.uid, row.count);
  }
  const happened = new Set(cluster.restarts.map(keyOfRestart));
  expect(
    [...restarts.keys()].filter((key) => !happened.has(key)),
    'untrue',
  ).toEqual([]);
}

function judgeFailures({ cluster, failures }: World, isUnseen: (at: number) => boolean): void {
  for (const { uid, cause, at } of cluster.failures) {
    const row = failures.get(uid);
    if (row === undefined) expect(isUnseen(at), `not in the ledger: failure of ${uid}`).toBe(true);
    else expect([row.cause.cause, isWithin(at, row.bounds)], `failure of ${uid}`).toEqual([cause, true]);
  }
  const happened = new Set(cluster.failures.map(({ uid }) => uid));
  expect(
    [...failures.keys()].filter((uid) => !happened.has(uid)),
    'untrue',
  ).toEqual([]);
}

/** Nothing is missing, untrue or out of order in a world in which all is well again, outside of named gaps. */
export function judge(world: World): void {
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
      if (isEnd) expect(published.filter((copy) => !alike.some((one) => saysCause(one, copy)))).toEqual([]);
      if (untrue.length > 0) wrongTimes.push({ hold, isEnd, untrue });
      if (recorded && !isTrue(hold, isEnd, recorded)) wrongTimes.push({ hold, isEnd, recorded });
    }
    if (row?.end && !row.end.inferred) expect(row.end.cause?.cause ?? '').toBe(hold.cause);
    if (row) expect(row.end !== undefined, `in the ledger: ${JSON.stringify(hold)}`).toBe(changes.length > 1);
    else
      expect(
        changes.every(({ at }) => isUnseen(at)),
        `not in the ledger: ${JSON.stringify(hold)}`,
      ).toBe(true);
  }
  expect(wrongTimes).toEqual([]);
  judgeRestarts(world, isUnseen);
  judgeFailures(world, isUnseen);
  for (const id of [...earliest.keys(), ...leases.keys()]) expect(expectedIds, 'untrue').toContain(id);
  expect(findOverlaps(edges, gaps)).toEqual([]);
  const rows = [...leases.values()].flatMap(({ pod: { uid }, ip, startedAt, end }) => [
    { uid, ip, isEnd: false, at: startedAt.getTime() },
    ...(end ? [{ uid, ip, isEnd: true, at: end.at.getTime() - 0.5 }] : []),
  ]);
  expect(findOverlaps(rows, []), 'in the ledger').toEqual([]);
  expect(world.contradictions).toEqual([]);
}
