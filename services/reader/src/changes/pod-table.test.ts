import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { KnownPod } from './leases.js';
import { PodTable } from './pod-table.js';

const MS = fc.integer({ min: -8.64e15 / 4, max: 8.64e15 / 4 });
const COUNTS = fc
  .array(fc.tuple(fc.string({ minLength: 1 }), fc.nat()), { minLength: 1 })
  .map((counts) => new Map(counts));
const TEXT = fc.string({ unit: 'grapheme' });
const LEASE = fc.record(
  {
    ip: TEXT,
    network: fc.string({ minLength: 1 }),
    occurrence: fc.nat(),
    started: fc.record({
      notBefore: fc.oneof(MS, fc.constant(Number.NEGATIVE_INFINITY)),
      best: MS,
      notAfter: MS,
    }),
    startInferred: fc.boolean(),
  },
  { requiredKeys: ['ip', 'occurrence', 'started', 'startInferred'] },
);
const POD: fc.Arbitrary<KnownPod> = fc.record(
  {
    uid: TEXT,
    namespace: TEXT,
    name: TEXT,
    ownerKind: TEXT,
    ownerName: TEXT,
    node: TEXT,
    hostNetwork: fc.boolean(),
    workload: fc.option(fc.record({ kind: TEXT, name: TEXT, revision: TEXT, serviceAccount: TEXT }), {
      nil: undefined,
    }),
    leases: fc.array(LEASE),
    ended: COUNTS,
    times: fc.record({
      kubeletWroteAt: fc.option(fc.nat(), { nil: undefined }),
      deletionAskedAt: fc.option(fc.nat(), { nil: undefined }),
      terminationGraceSeconds: fc.nat(),
    }),
    restarts: COUNTS,
  },
  {
    requiredKeys: [
      'uid',
      'namespace',
      'name',
      'ownerKind',
      'ownerName',
      'node',
      'hostNetwork',
      'workload',
      'leases',
    ],
  },
);

it('gives every pod back as it was put, however often others come and go', () => {
  const steps = fc.array(fc.record({ pod: POD, isGone: fc.boolean() }), { maxLength: 40 });
  fc.assert(
    fc.property(steps, (changes) => {
      const table = new PodTable();
      const model = new Map<string, KnownPod>();
      for (const { pod, isGone } of changes) {
        table.set(pod);
        model.set(pod.uid, pod);
        expect(table.get(pod.uid)).toEqual(pod);
        if (!isGone) continue;
        table.delete(pod.uid);
        model.delete(pod.uid);
      }
      expect([...table]).toEqual([...model.values()]);
      expect(table.size).toBe(model.size);
    }),
  );
});

const pod = (uid: string, namespace = 'shop'): KnownPod => ({
  ...{ uid, namespace, name: uid, ownerKind: 'Job', ownerName: 'job', node: 'node-1', hostNetwork: false },
  ...{ workload: undefined, leases: [] },
});

it('a round finds what was neither put nor seen in it, also in the place of one that is gone', () => {
  const table = new PodTable(['a', 'b', 'c', 'd'].map((uid) => pod(uid)));
  table.startRound();
  table.see('a');
  table.see('unknown');
  table.delete('b');
  table.set(pod('new'));
  table.set(pod('c'));
  expect([...table.unseen()].filter((uid) => uid !== undefined)).toEqual(['d']);
  table.startRound();
  table.see('d');
  expect([...table.unseen()].filter((uid) => uid !== undefined)).toEqual(['a', 'c', 'new']);
});

it('rounds work beyond any number of pods that was expected', () => {
  const uids = Array.from({ length: 3_000 }, (_, n) => `uid-${n}`);
  const table = new PodTable(uids.map((uid) => pod(uid)));
  table.startRound();
  for (const uid of uids.slice(1)) table.see(uid);
  expect([...table.unseen()].filter((uid) => uid !== undefined)).toEqual(['uid-0']);
});

it('the pods of a namespace can be taken out, and of no other that begins like it', () => {
  const table = new PodTable([pod('a', 'shop'), pod('b', 'shop-2'), pod('c', 'shop')]);
  expect([...table.take('shop')].map(({ uid }) => uid)).toEqual(['a', 'c']);
  expect([...table].map(({ uid }) => uid)).toEqual(['b']);
});
