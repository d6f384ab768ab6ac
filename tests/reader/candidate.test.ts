import type { Candidate } from '@podips/reader';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ElectionCase, NAME, openElectionCase } from '../support/election-case.js';

const signal = new AbortController().signal;
let test: ElectionCase;
let seconds: number;
beforeEach(async () => {
  test = await openElectionCase();
  seconds = 0;
});
afterEach(() => test[Symbol.asyncDispose]());

const START = Date.parse('2026-11-26T12:00:00.000Z');
const clocks = { steadyMs: () => seconds * 1_000, now: () => new Date(START + seconds * 1_000) };
/** A candidate whose clock on the wall is hours off. */
const wrong = { ...clocks, now: () => new Date(START - 5 * 3_600_000) };
const reader = (identity: string) => test.candidate(identity, { clocks });
const ask = async (candidate: Candidate, atSeconds = seconds) => {
  seconds = atSeconds;
  const standing = await candidate.ask(signal);
  return standing.leads ? 'leads' : `follows ${standing.holder} for ${standing.expiresInMs / 1_000} s`;
};
const { namespace, name } = NAME;

describe('a candidate', () => {
  it('creates the Lease where there is none, and renews it', async () => {
    const first = reader('a');
    expect(await ask(first, 0)).toBe('leads');
    expect(await ask(first, 2)).toBe('leads');
    expect(test.lease?.spec).toEqual({
      holderIdentity: 'a',
      leaseDurationSeconds: 10,
      acquireTime: '2026-11-26T12:00:00.000000Z',
      renewTime: '2026-11-26T12:00:02.000000Z',
      leaseTransitions: 0,
    });
  });

  it('follows while the holder renews, for as long as that takes', async () => {
    const [first, second] = [reader('a'), reader('b')];
    await ask(first, 0);
    for (let time = 2; time < 60; time += 2) {
      expect(await ask(second, time)).toMatch('follows a for 10 s');
      expect(await ask(first, time)).toBe('leads');
    }
  });

  it.each([
    ['with the same clock', clocks],
    ['whatever the clock of the holder says', wrong],
  ])('takes over when the Lease has not changed for its duration, %s', async (_, holderClocks) => {
    const [first, second] = [test.candidate('a', { clocks: holderClocks }), reader('b')];
    await ask(first, 0);
    expect(await ask(second, 1)).toBe('follows a for 10 s');
    expect(await ask(second, 5)).toBe('follows a for 6 s');
    expect(await ask(second, 9)).toBe('follows a for 2 s');
    expect(await ask(second, 11)).toBe('leads');
    expect(test.lease?.spec).toMatchObject({
      holderIdentity: 'b',
      acquireTime: '2026-11-26T12:00:11.000000Z',
      leaseTransitions: 1,
    });
    expect(await ask(first, 12)).toBe('follows b for 10 s');
  });

  it('waits as long as the Lease says, whatever its own duration is', async () => {
    await ask(test.candidate('a', { clocks, durationSeconds: 20 }), 0);
    const second = reader('b');
    for (const time of [0, 5, 10, 15]) expect(await ask(second, time)).toBe(`follows a for ${20 - time} s`);
    expect(await ask(second, 20)).toBe('leads');
  });

  it('waits again after an outage, in which the holder could not renew', async () => {
    const [first, second] = [reader('a'), reader('b')];
    await ask(first, 0);
    await ask(second, 1);
    test.cluster.faults.failNext({ status: 503, on: 'lease' });
    await expect(ask(second, 4)).rejects.toMatchObject({ status: 503 });
    expect(await ask(second, 60)).toBe('follows a for 10 s');
    expect(await ask(first, 61)).toBe('leads');
  });

  it('that does not run when the Lease expires does not take it before it has looked', async () => {
    const [first, second] = [reader('a'), reader('b')];
    await ask(first, 0);
    await ask(second, 1);
    await ask(first, 100);
    expect(await ask(second, 100)).toBe('follows a for 10 s');
  });

  it('takes a released Lease at once', async () => {
    const [first, second] = [reader('a'), reader('b')];
    await ask(first);
    await first.release(signal);
    expect(test.lease?.spec).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
    expect(await ask(second)).toBe('leads');
    expect(test.lease?.spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  });

  it('keeps leading when the Lease was edited, emptied or deleted, as long as it sees no other holder', async () => {
    const first = reader('a');
    await ask(first);
    test.cluster.leases.edit(namespace, name, { leaseDurationSeconds: 99 });
    expect(await ask(first)).toBe('leads');
    test.cluster.leases.edit(namespace, name, { holderIdentity: '' });
    expect(await ask(first)).toBe('leads');
    test.cluster.leases.delete(namespace, name);
    expect(await ask(first)).toBe('leads');
    expect(test.lease?.spec.holderIdentity).toBe('a');
  });

  it('that led follows every other holder, even one whose Lease has expired', async () => {
    const [first, second] = [reader('a'), reader('b')];
    await ask(first, 0);
    for (const time of [1, 5, 9, 11]) await ask(second, time);
    const afterAges = await ask(first, 100_000);
    expect(afterAges).toBe('follows b for 10 s');
    for (const time of [4, 8, 10]) await ask(first, 100_000 + time);
    expect(test.lease?.spec).toMatchObject({ holderIdentity: 'a', leaseTransitions: 2 });
  });

  it('that led follows as well when its successor has released the Lease', async () => {
    const [first, second] = [reader('a'), reader('b')];
    await ask(first, 0);
    for (const time of [1, 5, 9, 11]) await ask(second, time);
    await second.release(signal);
    expect(await ask(first, 12)).toBe('follows  for 1 s');
    expect(await ask(first, 12)).toBe('leads');
    expect(test.lease?.spec).toMatchObject({ holderIdentity: 'a', leaseTransitions: 2 });
  });

  it('loses nothing when the answer to its claim is lost', async () => {
    const first = reader('a');
    test.cluster.faults.loseLeaseWrites();
    await expect(ask(first, 0)).rejects.toMatchObject({ code: 'KUBE_UNREACHABLE' });
    expect(await ask(first, 2)).toBe('leads');
    test.cluster.faults.loseLeaseWrites();
    await expect(ask(first, 4)).rejects.toMatchObject({ code: 'KUBE_UNREACHABLE' });
    expect(await ask(first, 6)).toBe('leads');
    expect(test.lease?.spec).toMatchObject({
      acquireTime: '2026-11-26T12:00:00.000000Z',
      renewTime: '2026-11-26T12:00:06.000000Z',
      leaseTransitions: 0,
    });
  });

  it('releases the Lease whose renewal was not answered, and never that of another', async () => {
    const [first, second] = [reader('a'), reader('b')];
    await ask(first, 0);
    test.cluster.faults.loseLeaseWrites();
    await expect(ask(first, 2)).rejects.toThrow();
    await first.release(signal);
    expect(test.lease?.spec.holderIdentity).toBe('');
    await ask(second, 3);
    await first.release(signal);
    expect(test.lease?.spec.holderIdentity).toBe('b');
  });

  it('releases the Lease whose first claim was not answered', async () => {
    const first = reader('a');
    test.cluster.faults.loseLeaseWrites();
    await expect(ask(first, 0)).rejects.toThrow();
    expect(test.lease?.spec.holderIdentity).toBe('a');
    await first.release(signal);
    expect(test.lease?.spec.holderIdentity).toBe('');
  });

  it('does not believe an answer that waited for its process to thaw', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const first = reader('a');
      const asking = first.ask(signal);
      vi.setSystemTime(Date.now() + 60_000);
      await expect(asking).rejects.toMatchObject({ code: 'KUBE_TIMEOUT' });
      expect(await ask(first)).toBe('leads');
    } finally {
      vi.useRealTimers();
    }
  });
});

it('of many candidates one leads', async () => {
  const candidates = Array.from({ length: 10 }, (_, n) => reader(`reader-${n}`));
  for (let round = 0; round < 3; round += 1) {
    const answers = await Promise.allSettled(candidates.map((candidate) => ask(candidate, round)));
    const leaders = answers.filter((answer) => answer.status === 'fulfilled' && answer.value === 'leads');
    expect(leaders).toHaveLength(1);
  }
});

describe('an error', () => {
  it.each([
    [
      'names the rights that are missing',
      403,
      /leader lease podips\/podips-reader: .*get, create and update.*403.*forbidden/,
    ],
    ['names the namespace that does not exist', 404, /LEASE_NAMESPACE.*"podips" not found/],
  ])('%s', async (_, status, message) => {
    const { faults, leases } = test.cluster;
    if (status === 403) faults.forbidLeases();
    else leases.deleteNamespace(namespace);
    await expect(ask(reader('a'))).rejects.toMatchObject({ status, message: expect.stringMatching(message) });
  });

  it('comes when the API server takes too long', async () => {
    await ask(reader('a'));
    test.cluster.faults.delayLeases(60_000);
    const { get } = test.client(test.cluster.url, 100);
    await expect(get(signal)).rejects.toMatchObject({ code: 'KUBE_TIMEOUT', status: 504 });
  });
});
