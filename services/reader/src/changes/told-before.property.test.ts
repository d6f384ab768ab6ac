import { eventId } from '@podips/shared';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Pod } from '../cluster/pod.js';
import type { ListReason } from '../cluster/pod-feed.js';
import type { LeaseRecord, LoadedLedger } from '../store/ledger.js';
import type { KnownPod } from './leases.js';
import { createChanges, gone, NOW, pod } from './pod-changes.test.helpers.js';

const IPS = ['10.0.0.1', '10.0.0.2'];
const PODS = 3;
/** More leases of one address by one pod than a history has. */
const MAX_LEASES = 30;

/** One thing that happens in the cluster, or to the reader. */
type Step =
  | { readonly do: 'address'; readonly pod: number; readonly ips: readonly string[] }
  | { readonly do: 'delete'; readonly pod: number }
  /** From here on the reader sees nothing, until it lists. */
  | { readonly do: 'lose-sight' | 'list' }
  /** All messages so far become durable. */
  | { readonly do: 'durable' };

const index = fc.nat(PODS - 1);
const address = fc.record({ do: fc.constant('address' as const), pod: index, ips: fc.subarray(IPS) });
const happening = fc.oneof(
  { weight: 6, arbitrary: address },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), pod: index }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 7, arbitrary: happening },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('lose-sight' as const, 'list' as const, 'durable' as const) }),
  },
);

/** That a pod held an address: in truth, or as the ledger has it. In milliseconds since {@link NOW}. */
interface Hold {
  readonly uid: string;
  readonly ip: string;
  readonly occurrence: number;
  readonly from: number;
  to: number;
}

/** A cluster, and what it really did. */
class Cluster {
  readonly holds: Hold[] = [];
  readonly #pods = new Map<number, Pod>();
  readonly #deleted = new Set<number>();
  time = 0;

  get pods(): Pod[] {
    return [...this.#pods.values()];
  }

  /** @returns what a watch says of it, if anything happened */
  take(step: Step) {
    this.time += 10;
    if (!('pod' in step) || this.#deleted.has(step.pod)) return undefined;
    const before = this.#pods.get(step.pod);
    const now = pod(step.pod, { ips: step.do === 'address' ? step.ips : [] });
    this.#hold(now);
    if (step.do === 'delete') {
      this.#deleted.add(step.pod);
      this.#pods.delete(step.pod);
      return gone(now);
    }
    this.#pods.set(step.pod, now);
    return { type: before ? 'modified' : 'added', pod: now, resourceVersion: '9' } as const;
  }

  /** What the ledger has of it when the reader stops now. */
  ledger(): LoadedLedger {
    const known = new Map<string, KnownPod>();
    for (const { ips: _, finished: __, ...identity } of this.pods) {
      const holds = this.holds.filter(({ uid }) => uid === identity.uid);
      const open = holds.filter(({ to }) => to === Number.POSITIVE_INFINITY);
      const closed = holds.filter(({ to }) => to !== Number.POSITIVE_INFINITY);
      if (holds.length === 0) continue;
      known.set(identity.uid, {
        ...identity,
        leases: open.map(({ ip, occurrence, from }) => ({
          ip,
          occurrence,
          startedAt: new Date(NOW.getTime() + from),
          startInferred: false,
        })),
        ...(closed.length > 0 && {
          ended: new Map(closed.map(({ ip, occurrence }) => [ip, occurrence + 1])),
        }),
      });
    }
    return {
      term: 1,
      writtenMsAgo: 3_600_000,
      known,
      position: { resourceVersion: '5', knownAt: new Date(NOW.getTime() + this.time) },
    };
  }

  #hold({ uid, ips }: Pod): void {
    const open = this.holds.filter((hold) => hold.uid === uid && hold.to === Number.POSITIVE_INFINITY);
    for (const hold of open) if (!ips.includes(hold.ip)) hold.to = this.time;
    for (const ip of ips) {
      if (open.some((hold) => hold.ip === ip)) continue;
      const occurrence = this.holds.filter((hold) => hold.uid === uid && hold.ip === ip).length;
      this.holds.push({ uid, ip, occurrence, from: this.time, to: Number.POSITIVE_INFINITY });
    }
  }
}

/** The table of leases: an end, once known, stays. */
function write(
  table: Map<string, Hold>,
  { pod: { uid }, ip, occurrence, startedAt, end }: LeaseRecord,
): void {
  const key = `${uid} ${ip} ${occurrence}`;
  const sinceNow = (date: Date) => date.getTime() - NOW.getTime();
  const to = end ? sinceNow(end.at) : Number.POSITIVE_INFINITY;
  const row = table.get(key);
  if (row === undefined) table.set(key, { uid, ip, occurrence, from: sinceNow(startedAt), to });
  else if (row.to === Number.POSITIVE_INFINITY) row.to = Math.max(to, row.from);
}

const holdersOf = (ip: string, at: number, holds: Iterable<Hold>) =>
  [...holds]
    .filter((hold) => hold.ip === ip && hold.from <= at && at < hold.to)
    .map(({ uid }) => uid)
    .sort();

interface History {
  readonly beforeStop: readonly Step[];
  readonly whileAway: readonly Step[];
  readonly withoutLedger: readonly Step[];
  readonly withLedger: readonly Step[];
  readonly room: number;
  /** When the ledger can be loaded at last. */
  readonly loaded: 'during the first list' | 'during a later list' | 'later';
}

/** What somebody believes to be open who has heard of these starts and ends. */
function openAccordingTo(ids: ReadonlySet<string>): string[] {
  const leases = Array.from({ length: PODS }, (_, index) => pod(index).uid).flatMap((uid) =>
    IPS.flatMap((ip) => Array.from({ length: MAX_LEASES }, (_, n) => ({ uid, ip, n }))),
  );
  const isOpen = ({ uid, ip, n }: (typeof leases)[number]) =>
    ids.has(eventId(uid, ip, 'allocated', n)) && !ids.has(eventId(uid, ip, 'deallocated', n));
  return leases.filter(isOpen).map(({ uid, ip }) => `${uid} ${ip}`);
}

/** Runs a reader that could load its ledger only after a while. */
async function run(history: History) {
  const cluster = new Cluster();
  for (const step of history.beforeStop) cluster.take(step);
  const restored = cluster.ledger();
  const table = new Map(
    cluster.holds.map((hold): [string, Hold] => [`${hold.uid} ${hold.ip} ${hold.occurrence}`, { ...hold }]),
  );
  const heard = new Set(
    [...table.values()].flatMap(({ uid, ip, occurrence, to }) => [
      eventId(uid, ip, 'allocated', occurrence),
      ...(to === Number.POSITIVE_INFINITY ? [] : [eventId(uid, ip, 'deallocated', occurrence)]),
    ]),
  );
  const closed = [...table.values()]
    .filter(({ to }) => to !== Number.POSITIVE_INFINITY)
    .map((hold) => ({ ...hold }));
  for (const step of history.whileAway) cluster.take(step);

  const reader = createChanges(history.room);
  const unseen: Array<{ from: number; to: number }> = [];
  let lostSightAt: number | undefined;
  const list = async (reason: ListReason) => {
    cluster.time += 10;
    reader.time.now = new Date(NOW.getTime() + cluster.time);
    await reader.changes.replaceAll(cluster.pods, '5', reason);
    if (lostSightAt !== undefined) unseen.push({ from: lostSightAt, to: cluster.time + 2 });
    lostSightAt = undefined;
  };
  const see = async (step: Step) => {
    const event = cluster.take(step);
    reader.time.now = new Date(NOW.getTime() + cluster.time);
    if (step.do === 'lose-sight') lostSightAt ??= cluster.time;
    if (step.do === 'list') await list('expired');
    if (step.do === 'durable') reader.makeDurable();
    reader.outlet.room = 1_000;
    if (event && lostSightAt === undefined) expect(reader.changes.apply(event)).toBe(true);
  };
  const adopt = async () => expect(await reader.changes.adopt(restored)).toBe(true);
  const firstList = list('start');
  const firstListAt = reader.time.now;
  if (history.loaded === 'during the first list') await adopt();
  await firstList;
  for (const step of history.withoutLedger) await see(step);
  reader.outlet.room = history.room;
  const listing = history.loaded === 'during a later list' ? list('expired') : undefined;
  if (history.loaded !== 'during the first list') await adopt();
  await listing;
  for (const step of history.withLedger) await see(step);
  await list('expired');
  reader.makeDurable();
  const inLedger = new Set(table.keys());
  const starts = new Map<string, Pick<LeaseRecord, 'startedAt' | 'startInferred'>>();
  for (const record of reader.ledger.leases) {
    const key = `${record.pod.uid} ${record.ip} ${record.occurrence}`;
    // An end says of its start what its start said. The ledger keeps its own, which the first list did not know.
    const { startedAt, startInferred } = record;
    if (!inLedger.has(key)) expect(starts.get(key) ?? record).toMatchObject({ startedAt, startInferred });
    starts.set(key, { startedAt, startInferred });
    write(table, record);
  }
  for (const { event_id } of reader.told) heard.add(event_id);
  return { cluster, heard, table, closed, firstListAt, unseen, reader };
}

const steps = (maxLength: number) => fc.array(step, { maxLength });
const happenings = (maxLength: number) => fc.array(happening, { maxLength });

it('a ledger that is loaded late ends with what the cluster really did, whatever was told before', async () => {
  const histories = fc.record({
    beforeStop: happenings(6),
    whileAway: happenings(3),
    withoutLedger: steps(8),
    withLedger: steps(5),
    room: fc.constantFrom(1, 1_000),
    loaded: fc.constantFrom(
      'during the first list' as const,
      'during a later list' as const,
      'later' as const,
    ),
  });
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const { cluster, heard, table, closed, firstListAt, unseen, reader } = await run(history);
      const sinceNow = firstListAt.getTime() - NOW.getTime();
      // The starts in a list are told as a millisecond later.
      for (let at = sinceNow + 2; at < cluster.time + 5; at += 1) {
        if (unseen.some(({ from, to }) => from <= at && at <= to)) continue;
        for (const ip of IPS)
          expect(holdersOf(ip, at, table.values()), `${ip} at ${at}`).toEqual(
            holdersOf(ip, at, cluster.holds),
          );
      }
      expect([...table.values()]).toEqual(expect.arrayContaining(closed));
      expect(reader.ledger.gaps.find(({ reason }) => reason === 'start')?.endedAt).toEqual(firstListAt);
      const open = cluster.holds.filter(({ to }) => to === Number.POSITIVE_INFINITY);
      expect(openAccordingTo(heard).sort()).toEqual(open.map(({ uid, ip }) => `${uid} ${ip}`).sort());
      for (const { uid, ip, occurrence, to } of table.values()) {
        expect(heard).toContain(eventId(uid, ip, 'allocated', occurrence));
        if (to < Number.POSITIVE_INFINITY)
          expect(heard).toContain(eventId(uid, ip, 'deallocated', occurrence));
      }
    }),
    { numRuns: 2_000 },
  );
});
