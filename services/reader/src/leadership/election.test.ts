import { setImmediate } from 'node:timers/promises';
import { createLogger } from '@podips/shared';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KubeError } from '../cluster/kube-client.js';
import { Candidate } from './candidate.js';
import { awaitLeadership, type ElectionOptions, type Leadership, type Role } from './election.js';
import { type Lease, newLease, parseLease } from './lease.js';
import type { LeaseClient } from './lease-client.js';

/** The injected time: each wait and each request moves it on, and after the last moment every wait is cut short. */
const time = vi.hoisted(() => ({ nowMs: 0, endMs: 0, waits: [] as number[] }));
vi.mock('@podips/shared', async (importOriginal) => ({
  ...(await importOriginal<typeof import('@podips/shared')>()),
  pause: async (ms: number, signal?: AbortSignal) => {
    time.waits.push(ms);
    time.nowMs += ms;
    await setImmediate();
    return time.nowMs < time.endMs && !signal?.aborted;
  },
}));
beforeEach(() => {
  time.nowMs = 0;
  time.endMs = 60_000;
  time.waits = [];
});

const log = createLogger('test', 'silent');
const NAME = { namespace: 'podips', name: 'podips-reader' };
const clocks = { steadyMs: () => time.nowMs, now: () => new Date(time.nowMs) };

interface ServerOptions {
  readonly latencyMs?: number;
  /** @returns the failure that answers this request, the first of which is 1 */
  readonly failure?: (request: number) => KubeError | undefined;
}

/** An API server with one Lease. */
class Server implements LeaseClient {
  #lease: Lease | undefined;
  #requests = 0;
  #version = 0;
  readonly #options: ServerOptions;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  /** When the Lease was last acquired. */
  get acquiredMs(): number {
    return Date.parse(this.#lease?.acquireTime ?? '');
  }

  /** Another reader holds the Lease from now on, and never renews it. */
  holdBy(holder: string, durationSeconds: number): void {
    this.#store(newLease(NAME.namespace, NAME.name, { holder, durationSeconds }, clocks.now()));
  }

  async get(): Promise<Lease | undefined> {
    this.#wait();
    return this.#lease;
  }

  async create(object: object): Promise<Lease | undefined> {
    this.#wait();
    return this.#lease === undefined ? this.#store(object) : undefined;
  }

  async update(object: object): Promise<Lease | undefined> {
    this.#wait();
    const { metadata } = object as { metadata: { resourceVersion: string } }; // as the candidate writes it
    return metadata.resourceVersion === this.#lease?.resourceVersion ? this.#store(object) : undefined;
  }

  #wait(): void {
    time.nowMs += this.#options.latencyMs ?? 0;
    this.#requests += 1;
    const failure = this.#options.failure?.(this.#requests);
    if (failure) throw failure;
  }

  #store(object: object): Lease {
    const { metadata } = object as { metadata: object }; // as the candidate writes it
    this.#version += 1;
    const resourceVersion = String(this.#version);
    this.#lease = parseLease(JSON.stringify({ ...object, metadata: { ...metadata, resourceVersion } }));
    return this.#lease;
  }
}

const busy = (retryAfterMs: number) =>
  new KubeError('KUBE_REFUSED', 'too many requests', { status: 429, retryAfterMs });

interface Attempt extends ServerOptions {
  readonly options?: ElectionOptions;
  readonly leaseSeconds?: number;
}

/** Runs a standby beside a leader that is dead. @returns when it led; undefined when it did not within a minute */
async function takeOver({
  options = { retryMs: 2_000, durationMs: 10_000 },
  leaseSeconds = options.durationMs / 1_000,
  ...server
}: Attempt) {
  const client = new Server(server);
  client.holdBy('dead', leaseSeconds);
  const durationSeconds = options.durationMs / 1_000;
  const candidate = new Candidate(client, { lease: NAME, identity: 'standby', durationSeconds }, clocks);
  const stopping = new AbortController();
  const events = {
    onStandby: () => void (time.nowMs >= time.endMs && stopping.abort()),
    onFailure: () => void (time.nowMs >= time.endMs && stopping.abort()),
  };
  const leadership = await awaitLeadership(candidate, options, events, log, stopping.signal);
  const { acquiredMs } = client;
  await leadership?.release();
  return leadership && acquiredMs;
}

describe('a standby takes over from a dead leader', () => {
  it.each([
    ['with the usual settings', {}, 13_000],
    ['when every answer takes almost its deadline', { latencyMs: 4_900 }, 30_000],
    [
      'with the longest interval and slow answers',
      { latencyMs: 1_400, options: { retryMs: 3_333, durationMs: 10_000 } },
      17_000,
    ],
    ['with the shortest Lease', { latencyMs: 150, options: { retryMs: 333, durationMs: 1_000 } }, 2_000],
    ['whose Lease is much shorter than its own', { leaseSeconds: 3 }, 4_000],
    [
      'when every third answer says that it has to wait',
      { failure: (request: number) => (request % 3 === 2 ? busy(60_000) : undefined) },
      20_000,
    ],
  ] as const)('%s', async (_, attempt: Attempt, withinMs) => {
    expect(await takeOver(attempt)).toBeLessThanOrEqual(withinMs);
  });
});

describe('a leader', () => {
  const options = { retryMs: 2_000, durationMs: 10_000 };
  const signal = new AbortController().signal;
  const roles: Role[] = [];
  /** The failure of every request, while there is one. */
  let failure: KubeError | undefined;
  let leadership: Leadership;
  beforeEach(async () => {
    roles.length = 0;
    failure = undefined;
    time.endMs = Number.POSITIVE_INFINITY;
    const client = new Server({ failure: () => failure });
    const candidate = new Candidate(client, { lease: NAME, identity: 'a', durationSeconds: 10 }, clocks);
    const events = {
      onStandby: () => undefined,
      onFailure: (_: KubeError, role: Role) => void roles.push(role),
    };
    leadership = (await awaitLeadership(candidate, options, events, log, signal)) as Leadership; // nothing fails
  });
  afterEach(() => leadership.release());

  it('does not wait for longer than half of its Lease, whatever the API server asks for', async () => {
    failure = busy(60_000);
    await vi.waitFor(() => expect(roles.length).toBeGreaterThan(5));
    expect(Math.max(...time.waits)).toBe(5_000);
  });

  it('says that it is unconfirmed for as long as it waits for the answer that confirms it', async () => {
    failure = busy(0);
    await vi.waitFor(() => expect(roles.at(-1)).toBe('leader'));
    const confirmed = leadership.confirm(signal);
    await vi.waitFor(() => expect(roles.at(-1)).toBe('unconfirmed'));
    failure = undefined;
    expect(await confirmed).toBe(true);
    failure = busy(0);
    await vi.waitFor(() => expect(roles.at(-1)).toBe('leader'));
  });
});
