import { expect, it } from 'vitest';
import { claimedLease, type Lease, newLease, parseLease, releasedLease } from './lease.js';

const NOW = new Date('2026-11-26T12:00:05.123Z');
const RENEWED = '2026-11-26T12:00:05.123000Z';
const ACQUIRED = '2026-11-26T11:00:00.000000Z';
const CLAIM = { holder: 'reader-1', durationSeconds: 10 };

const STORED = {
  kind: 'Lease',
  apiVersion: 'coordination.k8s.io/v1',
  metadata: {
    name: 'podips-reader',
    namespace: 'podips',
    resourceVersion: '7',
    uid: 'u',
    labels: { team: 'net' },
  },
  spec: {
    holderIdentity: 'reader-1',
    leaseDurationSeconds: 15,
    acquireTime: ACQUIRED,
    renewTime: '2026-11-26T12:00:00.000000Z',
    leaseTransitions: 3,
    strategy: 'OldestEmulationVersion',
  },
};
const stored = (spec: object = {}): Lease =>
  parseLease(JSON.stringify({ ...STORED, spec: { ...STORED.spec, ...spec } }));

it('a Lease is read', () => {
  expect(stored()).toMatchObject({
    resourceVersion: '7',
    holder: 'reader-1',
    durationMs: 15_000,
    acquireTime: ACQUIRED,
    transitions: 3,
  });
});

it('a Lease that has nothing in it has no holder and has expired', () => {
  const empty = parseLease(JSON.stringify({ kind: 'Lease', metadata: { resourceVersion: '1' } }));
  expect(empty).toMatchObject({ holder: '', durationMs: 0, transitions: 0, acquireTime: undefined });
});

it.each(['', 'no JSON', '[]', '{}', '{"kind":"Status"}', '{"kind":"Lease","metadata":{}}'])(
  'an answer that is no Lease is an error: %s',
  (text) => {
    expect(() => parseLease(text)).toThrow(/no Lease/);
  },
);

it('a new Lease has its holder and no transition', () => {
  expect(newLease('podips', 'podips-reader', CLAIM, NOW)).toEqual({
    kind: 'Lease',
    apiVersion: 'coordination.k8s.io/v1',
    metadata: {
      name: 'podips-reader',
      namespace: 'podips',
      labels: { 'app.kubernetes.io/name': 'podips', 'app.kubernetes.io/component': 'reader' },
    },
    spec: {
      holderIdentity: 'reader-1',
      leaseDurationSeconds: 10,
      acquireTime: RENEWED,
      renewTime: RENEWED,
      leaseTransitions: 0,
    },
  });
});

it('a renewal moves the time of the renewal only, and keeps what others have set', () => {
  expect(claimedLease(stored(), CLAIM, NOW)).toEqual({
    ...STORED,
    spec: { ...STORED.spec, leaseDurationSeconds: 10, renewTime: RENEWED },
  });
});

it.each(['reader-2', ''])('taking the Lease over from "%s" is a transition', (holderIdentity) => {
  expect(claimedLease(stored({ holderIdentity }), CLAIM, NOW)).toEqual({
    ...STORED,
    spec: {
      ...STORED.spec,
      holderIdentity: 'reader-1',
      leaseDurationSeconds: 10,
      acquireTime: RENEWED,
      renewTime: RENEWED,
      leaseTransitions: 4,
    },
  });
});

it('a release empties the holder, with the shortest duration that the API server accepts', () => {
  expect(releasedLease(stored(), NOW)).toEqual({
    ...STORED,
    spec: {
      ...STORED.spec,
      holderIdentity: '',
      leaseDurationSeconds: 1,
      acquireTime: RENEWED,
      renewTime: RENEWED,
    },
  });
});
