import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OutgoingMessage, QueueSession, type ReceivedMessage } from '@podips/shared';
import { startProxy, type TcpProxy } from '@podips/simulation';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import { queueSettings, type TestQueue, takeAll, textOf } from '../../support/pod-queue.js';
import { type BrokerCase, type BrokerUnderTest, USER } from './brokers.js';
import { createCertificates, type TestCertificates } from './certificates.js';

/** The broker of a suite, and what a test needs at it; all of it ends with the test. */
export interface Stage {
  readonly broker: BrokerUnderTest;
  /** Those of the broker and its clients, where it can be had with TLS. */
  readonly certificates: TestCertificates;
  /** A queue of the test's own. */
  newQueue(): TestQueue;
  connect(queue: TestQueue, overrides?: Partial<SessionOptions>): Promise<QueueSession>;
  /** A way to the broker that can be cut. */
  proxy(): Promise<TcpProxy>;
}

type SessionOptions = Parameters<typeof QueueSession.connect>[0];

/** Starts the broker once for the suite that this is called in. */
export function useBroker(broker: BrokerCase): Stage {
  const open: (() => Promise<void>)[] = [];
  let running: BrokerUnderTest | undefined;
  let certificates: TestCertificates | undefined;
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'podips-conformance-'));
    if (broker.isReal) certificates = await createCertificates(dir);
    running = await broker.start(certificates?.broker);
  });
  afterAll(async () => {
    await running?.destroy();
    await rm(dir, { recursive: true, force: true });
  });
  afterEach(async () => {
    for (const end of open.splice(0).reverse()) await end();
  });
  const get = () => {
    if (!running) throw new Error(`${broker.name} is not running`);
    return running;
  };
  return {
    get broker() {
      return get();
    },
    get certificates() {
      if (!certificates) throw new Error(`${broker.name} has no TLS here`);
      return certificates;
    },
    newQueue() {
      const { fillAs } = broker;
      const queue = { port: get().port, name: `/queue/test-${randomUUID()}`, user: USER };
      return fillAs ? { ...queue, fillAs } : queue;
    },
    async connect(queue, overrides = {}) {
      const server = { host: '127.0.0.1', port: queue.port };
      const session = await QueueSession.connect({ ...queueSettings(queue), server, ...overrides });
      open.push(() => session.close());
      return session;
    },
    async proxy() {
      const proxy = await startProxy({ host: '127.0.0.1', port: get().port });
      open.push(() => proxy.stop());
      return proxy;
    },
  };
}

/** Bodies that are told apart by their number. */
export function numbered(queue: TestQueue, count: number, first = 0): OutgoingMessage[] {
  return Array.from({ length: count }, (_, index) => ({
    destination: queue.name,
    body: JSON.stringify({ n: first + index }),
    headers: { 'content-type': 'application/json' },
  }));
}

export const bodiesOf = (messages: readonly { readonly body: string | Uint8Array }[]) =>
  messages.map(({ body }) => Buffer.from(body).toString());

/** Subscribes, and collects what comes without acknowledging it. */
export function collect(session: QueueSession, queue: TestQueue, prefetch: number): ReceivedMessage[] {
  const received: ReceivedMessage[] = [];
  session.subscribe(queue.name, prefetch, (message) => received.push(message));
  return received;
}

/** Waits for so many messages. */
export async function until(received: readonly ReceivedMessage[], count: number): Promise<void> {
  await vi.waitFor(() => expect(received.length).toBeGreaterThanOrEqual(count));
}

/** Consumes all that is on a queue. @returns the bodies, in their order */
export async function bodiesLeft(queue: TestQueue): Promise<string[]> {
  return (await takeAll(queue)).map(textOf);
}
