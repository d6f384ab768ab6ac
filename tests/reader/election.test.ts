import {
  awaitLeadership,
  type Candidate,
  type KubeError,
  type Leadership,
  type Role,
  type Standing,
  soleLeadership,
} from '@podips/reader';
import { aborted, createLogger } from '@podips/shared';
import { createRandom, startProxy, type TcpProxy } from '@podips/simulation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ElectionCase, openElectionCase } from '../support/election-case.js';
import { PATIENCE } from '../support/reader-case.js';

const log = createLogger('test', 'silent');
const DURATION_SECONDS = 1;
const options = { retryMs: 50, durationMs: DURATION_SECONDS * 1_000 };
let test: ElectionCase;
let owner: AsyncDisposableStack;
beforeEach(async () => {
  test = await openElectionCase();
  owner = new AsyncDisposableStack();
});
afterEach(async () => {
  await owner.disposeAsync();
  await test[Symbol.asyncDispose]();
});

/** An answer by which an elector knew that it leads, and in which transition of the Lease. */
interface Proof {
  readonly identity: string;
  readonly transition: number;
}

/** A reader as far as the election goes: it leads, stands by, leads again, until it is stopped. */
class Elector {
  readonly identity: string;
  readonly route: TcpProxy;
  readonly failures: Array<{ error: KubeError; role: Role }> = [];
  leadership: Leadership | undefined;
  standbys = 0;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  constructor(identity: string, route: TcpProxy, candidate: Candidate) {
    this.identity = identity;
    this.route = route;
    this.#running = this.#run(candidate);
  }

  get leads(): boolean {
    return this.leadership !== undefined;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(candidate: Candidate): Promise<void> {
    const { signal } = this.#stopping;
    const events = {
      onStandby: () => {
        this.standbys += 1;
      },
      onFailure: (error: KubeError, role: Role) => void this.failures.push({ error, role }),
    };
    while (!signal.aborted) {
      const leadership = await awaitLeadership(candidate, options, events, log, signal);
      if (leadership === undefined) return;
      this.leadership = leadership;
      await Promise.race([leadership.over, aborted(signal)]);
      this.leadership = undefined;
      await leadership.release();
    }
  }
}

const proofs: Proof[] = [];
beforeEach(() => {
  proofs.length = 0;
});

/** Starts one with a way of its own to the API server, and notes each answer that says that it leads. */
async function startElector(identity: string): Promise<Elector> {
  const { cluster } = test;
  const route = await startProxy({ host: '127.0.0.1', port: cluster.port });
  owner.defer(() => route.stop());
  const candidate = test.candidate(identity, {
    durationSeconds: DURATION_SECONDS,
    server: `http://127.0.0.1:${route.port}`,
    deadlineMs: options.durationMs / 2,
  });
  const ask = candidate.ask.bind(candidate);
  vi.spyOn(candidate, 'ask').mockImplementation(async (signal): Promise<Standing> => {
    const standing = await ask(signal);
    if (standing.leads) proofs.push({ identity, transition: test.lease?.spec.leaseTransitions ?? -1 });
    return standing;
  });
  const elector = new Elector(identity, route, candidate);
  owner.defer(() => elector.stop());
  return elector;
}

/** Waits until one of them leads and the others have seen that; no other one believes to lead. */
async function untilOneLeads(electors: readonly Elector[]): Promise<Elector> {
  return vi.waitFor(() => {
    const leaders = electors.filter(({ leads }) => leads);
    expect(leaders).toHaveLength(1);
    expect(test.lease?.spec.holderIdentity).toBe(leaders[0]?.identity);
    return leaders[0] as Elector; // there is one, as the line above has shown
  }, PATIENCE);
}

/** In the order of the answers, each holder is followed by a later one, and none comes back into its own transition. */
function expectOneLeaderAtATime(): void {
  const transitions = proofs.map(({ transition }) => transition);
  expect(transitions).toEqual(transitions.toSorted((a, b) => a - b));
  const holders = Map.groupBy(proofs, ({ transition }) => transition);
  for (const [, answers] of holders) expect(new Set(answers.map(({ identity }) => identity)).size).toBe(1);
}

const proofsOf = (elector: Elector) => proofs.filter(({ identity }) => identity === elector.identity).length;

/** The faults of an elector. Each is ended by `heal`. */
const FAULTS: Readonly<Record<string, (leader: Elector) => void>> = {
  'cannot reach the API server, which does not notice': ({ route }) => route.halfOpen(true),
  'is cut off': ({ route }) => {
    void route.refuse(true);
    route.cut();
  },
  'has a way to the API server that is too slow': ({ route }) => {
    route.delayMs = options.durationMs;
  },
};
async function heal({ route }: Elector): Promise<void> {
  route.halfOpen(false);
  route.delayMs = 0;
  route.cut();
  await route.refuse(false);
}

describe.each([2, 3])('of %i readers', (count) => {
  let electors: readonly Elector[];
  beforeEach(async () => {
    electors = await Promise.all(Array.from({ length: count }, (_, n) => startElector(`reader-${n}`)));
  });
  afterEach(() => expectOneLeaderAtATime());

  it('one leads, and another one at once when that one stops', async () => {
    const leader = await untilOneLeads(electors);
    await leader.stop();
    const next = await untilOneLeads(electors);
    expect(next).not.toBe(leader);
    expect(test.lease?.spec.leaseTransitions).toBe(1);
  });

  it.each(Object.keys(FAULTS))('the leader %s: another one leads, and the first follows it', async (name) => {
    const leader = await untilOneLeads(electors);
    FAULTS[name]?.(leader);
    const others = electors.filter((elector) => elector !== leader);
    await vi.waitFor(() => expect(others.some(({ leads }) => leads)).toBe(true), PATIENCE);
    // It cannot know: what it does meanwhile is fenced by the ledger, and has the event_ids of the other's messages.
    expect(leader.leads).toBe(true);
    const before = proofsOf(leader);
    await heal(leader);
    await untilOneLeads(electors);
    if (test.lease?.spec.leaseTransitions === 1) expect(proofsOf(leader)).toBe(before);
  });

  it.each([
    ['refuses connections', 25, () => test.cluster.faults.refuseConnections()],
    ['fails', 25, () => test.cluster.faults.failNext({ status: 500, on: 'lease', count: 1_000_000 })],
    ['forbids it', 25, () => test.cluster.faults.forbidLeases()],
    ['does not answer in time', 4, () => test.cluster.faults.delayLeases(60_000)],
  ])('no other one leads while the API server %s', async (_, failures, begin) => {
    const leader = await untilOneLeads(electors);
    const others = electors.filter((elector) => elector !== leader);
    // One that has not seen the Lease yet does not know that it stands by.
    await vi.waitFor(() => expect(others.every(({ standbys }) => standbys > 0)).toBe(true), PATIENCE);
    begin();
    test.cluster.faults.dropConnections();
    // With the pauses between them, so many failures take longer than the Lease lasts.
    const due = electors.map((elector) => elector.failures.length + failures);
    await vi.waitFor(() => {
      for (const [n, elector] of electors.entries())
        expect(elector.failures.length).toBeGreaterThan(due[n] ?? 0);
    }, PATIENCE);
    expect(electors.filter(({ leads }) => leads)).toEqual([leader]);
    expect(leader.failures.at(-1)?.role).toBe('leader');
    for (const { failures: errors } of others) expect(errors.at(-1)?.role).toBe('standby');
    test.cluster.faults.clear();
    await test.cluster.faults.acceptConnections();
    await untilOneLeads(electors);
  });

  it.each([1, 2, 3])('one leads at a time whatever fails, seed %i', async (seed) => {
    const random = createRandom(seed);
    for (let step = 0; step < 12; step += 1) {
      const elector = random.pick(electors);
      const steps = [
        () => test.cluster.faults.loseLeaseWrites(random.integer(3)),
        () => test.cluster.faults.failNext({ status: 503, on: 'lease', count: 10 }),
        () => random.pick(Object.values(FAULTS))(elector),
        () => heal(elector),
      ];
      await random.pick(steps)();
      const [answers, failures] = [proofs.length, elector.failures.length];
      await vi.waitFor(
        () => expect(proofs.length - answers + elector.failures.length - failures).toBeGreaterThan(3),
        PATIENCE,
      );
    }
    test.cluster.faults.clear();
    for (const elector of electors) await heal(elector);
    await untilOneLeads(electors);
  });
});

describe('a leader that is asked to confirm that it leads', () => {
  const signal = new AbortController().signal;
  const lead = async (): Promise<Leadership> => {
    const elector = await startElector('a');
    await untilOneLeads([elector]);
    return elector.leadership as Leadership; // it leads, as the line above has shown
  };

  it('does so with an answer that was asked for afterwards', async () => {
    const leadership = await lead();
    const before = proofs.length;
    expect(await leadership.confirm(signal)).toBe(true);
    expect(proofs.length).toBeGreaterThan(before);
  });

  it('waits for an answer while there is none', async () => {
    const leadership = await lead();
    test.cluster.faults.failNext({ status: 503, on: 'lease', count: 3 });
    expect(await leadership.confirm(signal)).toBe(true);
  });

  it('says that it does not when another one holds the Lease', async () => {
    const leadership = await lead();
    test.cluster.leases.edit('podips', 'podips-reader', { holderIdentity: 'b' });
    expect(await leadership.confirm(signal)).toBe(false);
    await leadership.over;
    expect(test.lease?.spec.holderIdentity).not.toBe('');
  });

  it('says so to a caller that cannot wait', async () => {
    const leadership = await lead();
    test.cluster.faults.forbidLeases();
    const stopping = new AbortController();
    const confirmed = leadership.confirm(stopping.signal);
    stopping.abort();
    expect(await confirmed).toBe(false);
  });
});

it('a reader that may not read the Lease does not lead, says what is missing, and leads when it may', async () => {
  test.cluster.faults.forbidLeases();
  const elector = await startElector('a');
  await vi.waitFor(() => expect(elector.failures.length).toBeGreaterThan(2), PATIENCE);
  expect(elector.leads).toBe(false);
  expect(elector.failures[0]).toMatchObject({
    role: 'unknown',
    error: { status: 403, message: expect.stringContaining('get, create and update') },
  });
  test.cluster.faults.forbidLeases(false);
  await untilOneLeads([elector]);
});

it('a reader that is stopped while it stands by, or while it waits for an answer, leaves the Lease alone', async () => {
  const leader = await startElector('a');
  await untilOneLeads([leader]);
  const standby = await startElector('b');
  await vi.waitFor(() => expect(standby.standbys).toBeGreaterThan(0), PATIENCE);
  await standby.stop();
  expect(test.lease?.spec.holderIdentity).toBe('a');
  expect(leader.leads).toBe(true);
});

it('the only reader leads without a Lease', async () => {
  const leadership = soleLeadership();
  expect(await leadership.confirm(new AbortController().signal)).toBe(true);
  await leadership.release();
  await leadership.over;
  expect(test.lease).toBeUndefined();
});
