import { eventId } from '@podips/shared';
import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import type { Pod } from '../cluster/pod.js';
import { type Decision, decideGone, decideSeen, type IpChange, type KnownPod, type Lease } from './leases.js';
import { decideList, NO_TIMES, sightingAt } from './leases.test.helpers.js';

const IPS = ['10.0.0.1', '10.0.0.2', '10.0.0.3', 'fd00::1', 'fd00::2'];
const PODS = 5;

/** One thing that happens in the cluster, or to the reader. */
type Step =
  | { readonly do: 'create' | 'finish' | 'delete'; readonly pod: number }
  | { readonly do: 'address'; readonly pod: number; readonly ips: readonly string[] }
  /** From here on the reader sees nothing, until it lists. */
  | { readonly do: 'lose-sight' | 'list' }
  /** The reader is killed, and begins with what the ledger has: it resumes where it was, or lists. */
  | { readonly do: 'restart'; readonly resume: boolean };

const pod = fc.nat(PODS - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('create' as const), pod }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('address' as const),
      pod,
      ips: fc.subarray(IPS, { maxLength: 2 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('finish' as const), pod }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), pod }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('lose-sight' as const, 'list' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), resume: fc.boolean() }) },
);

/** A cluster, a reader of it, its ledger, and a consumer who believes every message. */
class World {
  readonly messages: IpChange[] = [];
  readonly #places = new Map<number, Pod>();
  /** The last change of each lease in the ledger. */
  readonly #ledger = new Map<string, IpChange>();
  #known: ReadonlyMap<string, KnownPod> = new Map();
  #created = 0;
  #sees = true;
  #time = 0;

  constructor() {
    this.#list(false);
  }

  take(step: Step): void {
    this.#time += 1;
    switch (step.do) {
      case 'lose-sight':
        this.#sees = false;
        break;
      case 'list':
        this.#list(true);
        break;
      case 'restart':
        this.#known = this.#knownOfLedger();
        // To resume where it was it must have seen everything up to here.
        if (!step.resume || !this.#sees) this.#list(true);
        break;
      default:
        this.#change(step);
    }
  }

  /** Brings the reader up to date. */
  catchUp(): void {
    if (!this.#sees) this.#list(true);
  }

  /** `uid ip` of everything that is held. */
  held(): string[] {
    const live = [...this.#places.values()].filter(({ finished }) => !finished);
    return live.flatMap(({ uid, ips }) => ips.map((ip) => `${uid} ${ip}`)).sort();
  }

  #change(step: Exclude<Step, { do: 'lose-sight' | 'list' | 'restart' }>): void {
    const before = this.#places.get(step.pod);
    if (step.do === 'create') {
      if (before) return;
      this.#created += 1;
      this.#see('added', this.#place(step.pod, { ...emptyPod(this.#created) }));
    } else if (before === undefined) {
      return;
    } else if (step.do === 'delete') {
      this.#places.delete(step.pod);
      this.#see('deleted', before);
    } else if (step.do === 'finish') {
      this.#see('modified', this.#place(step.pod, { ...before, finished: true }));
    } else if (step.do === 'address' && !before.finished) {
      this.#see('modified', this.#place(step.pod, { ...before, ips: step.ips }));
    }
  }

  #place(index: number, pod: Pod): Pod {
    this.#places.set(index, pod);
    return pod;
  }

  #see(type: 'added' | 'modified' | 'deleted', pod: Pod): void {
    if (!this.#sees) return;
    const known = this.#known.get(pod.uid);
    const sighting = sightingAt(this.#time);
    const decision: Decision =
      type === 'deleted'
        ? decideGone(known, 'deleted', sighting)
        : decideSeen(known, pod, type === 'added', sighting);
    const next = new Map(this.#known);
    next.delete(pod.uid);
    if (decision.known) next.set(pod.uid, decision.known);
    this.#known = next;
    this.#publish(decision.changes);
  }

  #list(inferred: boolean): void {
    const decision = decideList(this.#known, [...this.#places.values()], () =>
      sightingAt(this.#time, inferred),
    );
    this.#known = decision.known;
    this.#sees = true;
    this.#publish(decision.changes);
  }

  #publish(changes: readonly IpChange[]): void {
    this.messages.push(...changes);
    for (const change of changes) {
      const { uid } = change.pod;
      this.#ledger.set(`${uid} ${change.lease.ip} ${change.lease.occurrence}`, change);
    }
  }

  /** As the ledger is loaded: open leases, and addresses that living pods gave up. */
  #knownOfLedger(): Map<string, KnownPod> {
    const known = new Map<string, KnownPod>();
    const records = [...this.#ledger.values()];
    const over = new Set(
      records.filter(({ endReason }) => endReason && endReason !== 'changed').map((r) => r.pod.uid),
    );
    for (const { pod, lease, endReason } of records) {
      const entry: KnownPod & { leases: Lease[]; ended?: Map<string, number> } = {
        ...pod,
        leases: [...(known.get(pod.uid)?.leases ?? [])],
        ended: new Map(known.get(pod.uid)?.ended),
      };
      if (endReason === undefined) entry.leases.push(lease);
      else if (endReason === 'changed' && !over.has(pod.uid))
        entry.ended?.set(lease.ip, Math.max(lease.occurrence + 1, entry.ended.get(lease.ip) ?? 0));
      else continue;
      known.set(pod.uid, entry);
    }
    return known;
  }
}

function emptyPod(number: number): Pod {
  return {
    uid: `uid-${number}`,
    namespace: 'default',
    name: 'same-name',
    ownerKind: 'StatefulSet',
    ownerName: 'db',
    node: 'node-1',
    hostNetwork: false,
    ips: [],
    finished: false,
    times: NO_TIMES,
  };
}

/** The leases that are open after all messages, as a consumer sees it; throws when one contradicts an earlier one. */
function believe(messages: readonly IpChange[]): string[] {
  const open = new Set<string>();
  for (const { pod, lease, endReason } of messages) {
    const key = `${pod.uid} ${lease.ip}`;
    if (endReason === undefined) {
      if (open.has(key)) throw new Error(`${key} started twice`);
      open.add(key);
    } else if (!open.delete(key)) {
      throw new Error(`${key} ended without a start`);
    }
  }
  return [...open].sort();
}

const idOf = ({ pod, lease, status }: IpChange) => eventId(pod.uid, lease.ip, status, lease.occurrence);

describe('for any history of pods, with gaps and restarts anywhere', () => {
  const history = fc.array(step, { maxLength: 80 });

  it('the messages, in their order, leave exactly the leases that are open in the cluster', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const world = new World();
        for (const each of steps) world.take(each);
        world.catchUp();
        expect(believe(world.messages)).toEqual(world.held());
      }),
      { numRuns: inject('propertyRuns') },
    );
  });

  it('no two changes have the same event_id', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const world = new World();
        for (const each of steps) world.take(each);
        const ids = world.messages.map(idOf);
        expect(new Set(ids).size).toBe(ids.length);
      }),
      { numRuns: inject('propertyRuns') },
    );
  });

  it('nothing is inferred as long as nothing was missed', () => {
    const seen = step.filter(({ do: what }) => what !== 'lose-sight' && what !== 'list');
    fc.assert(
      fc.property(fc.array(seen, { maxLength: 80 }), (steps) => {
        const world = new World();
        for (const each of steps) world.take(each.do === 'restart' ? { ...each, resume: true } : each);
        expect(world.messages.filter(({ inferred }) => inferred)).toEqual([]);
      }),
      { numRuns: inject('propertyRuns') },
    );
  });
});
