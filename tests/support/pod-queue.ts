import { randomUUID } from 'node:crypto';
import {
  type BrokerName,
  buildMessage,
  type Environment,
  type OutgoingMessage,
  type PodIpMessage,
  QueueSession,
  type QueueSettings,
  type ReceivedMessage,
} from '@podips/shared';
import type { BrokerUser } from '@podips/simulation';
import { inject } from 'vitest';

const DEADLINE_MS = 60_000;
const PREFETCH = 100;
const BATCH = 500;

/** A queue of one test's own. */
export interface TestQueue {
  readonly port: number;
  readonly name: string;
  /** The login that the broker wants; undefined: none. */
  readonly user?: BrokerUser;
  /** The dialect for messages that need not outlive the broker. Default: its own. */
  readonly fillAs?: BrokerName;
}

/** At the broker that all files of a run share. */
export function newQueue(): TestQueue {
  return { port: inject('queuePort'), name: `/queue/test-${randomUUID()}` };
}

/** Where a service finds a queue. */
export function queueEnvironment({ port, name, user }: TestQueue): Environment {
  const login = user ? { QUEUE_USERNAME: user.name, QUEUE_PASSWORD: user.password } : {};
  return { QUEUE_HOST: '127.0.0.1', QUEUE_PORT: String(port), QUEUE_NAME: name, ...login };
}

export function queueSettings({ port, name, user }: TestQueue): QueueSettings {
  return {
    servers: [{ host: '127.0.0.1', port }],
    name,
    username: user?.name ?? '',
    password: user?.password ?? '',
    heartbeatMs: 5_000,
    connectTimeoutMs: 30_000,
    receiptTimeoutMs: DEADLINE_MS,
  };
}

/** A client of its own at the broker, as far from the code under test as the session class allows. */
export function connectQueue(queue: TestQueue, broker?: BrokerName): Promise<QueueSession> {
  const server = { host: '127.0.0.1', port: queue.port };
  return QueueSession.connect({ ...queueSettings(queue), server, broker });
}

/** Puts messages on a queue; they are durable when it resolves, unless the queue has `fillAs`. */
export async function enqueue(
  queue: TestQueue,
  bodies: readonly (string | Uint8Array | object)[],
  headers: Record<string, string> = {},
): Promise<void> {
  const session = await connectQueue(queue, queue.fillAs);
  const messages = bodies.map((body): OutgoingMessage => {
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    return { destination: queue.name, body: raw ? body : JSON.stringify(body), headers };
  });
  for (let start = 0; start < messages.length; start += BATCH)
    await session.send(messages.slice(start, start + BATCH));
  await session.close();
}

/** Consumes everything on a queue that is not in flight: a message of our own, sent last, marks the end. */
export async function takeAll(queue: TestQueue): Promise<ReceivedMessage[]> {
  const session = await connectQueue(queue);
  const end = randomUUID();
  const taken: ReceivedMessage[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${queue.name} has no end`)), DEADLINE_MS);
      session.subscribe(queue.name, PREFETCH, (received) => {
        session.ack(received);
        if (Buffer.from(received.body).toString() !== end) {
          taken.push(received);
          return;
        }
        clearTimeout(timer);
        resolve();
      });
      // Its arrival is all that counts, not that it would outlive the broker.
      session.send([{ destination: queue.name, body: end }]).catch(reject);
    });
  } finally {
    await session.close();
  }
  return taken;
}

/** A message as the reader makes it; every index gives another `event_id`. */
export function podMessage(index: number): PodIpMessage {
  const pod = {
    uid: `uid-${index}`,
    namespace: 'shop',
    name: `cart-${index}`,
    ownerKind: 'ReplicaSet',
    ownerName: 'cart',
    node: 'node-1',
    hostNetwork: false,
  };
  const facts = { pod, ip: '10.0.0.7', status: 'allocated', occurrence: 0, inferred: false } as const;
  const at = new Date('2026-11-20T14:05:00.123Z');
  return buildMessage(
    { ...facts, at, observedAt: at, uncertaintyMs: 1_000 },
    { hostname: 'reader-1', dc: 'dc-1' },
  );
}

export function podMessages(count: number): PodIpMessage[] {
  return Array.from({ length: count }, (_, index) => podMessage(index));
}

/** The body of a message as text. */
export function textOf(message: ReceivedMessage | undefined): string {
  return Buffer.from(message?.body ?? []).toString();
}

/** Consumes the messages on a queue that are not in flight. @returns their number */
export async function countLeft(queue: TestQueue): Promise<number> {
  return (await takeAll(queue)).length;
}
