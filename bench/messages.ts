import { buildMessage, DEFAULT_QUEUE_NAME, MESSAGE_CONTENT_TYPE, QueueSession } from '@podips/shared';
import { withStompClient } from './stomp-client.js';

const HEARTBEAT_MS = 5_000;
const TIMEOUT_MS = 30_000;
const FILL_BATCH = 500;
/** Large, because automatic acknowledgements need no writes while the broker writes. */
const DRAIN_PREFETCH = 1_000;
const POD_NAME = 'checkout-frontend-6c8f5d9b7d-';
const UID_DIGITS = 12;

/** Bodies of the size that messages of a real cluster have, each about another pod. */
export function makeBodies(count: number): string[] {
  const times = { at: new Date(), observedAt: new Date(), uncertaintyMs: 1_000 };
  const origin = { hostname: 'podips-reader-74d9c5b8f6-x2x7k', dc: 'frankfurt-1' };
  return Array.from({ length: count }, (_, n) => {
    const pod = {
      uid: `3f0b7a52-1c4d-4e8a-9b6f-${n.toString(16).padStart(UID_DIGITS, '0')}`,
      namespace: 'shop-production',
      name: POD_NAME + n.toString(36).padStart(5, '0'),
      ownerKind: 'ReplicaSet',
      ownerName: 'checkout-frontend-6c8f5d9b7d',
      node: 'worker-17.frankfurt-1.example.com',
      hostNetwork: false,
    };
    const ip = `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
    const facts = { pod, ip, status: 'allocated', occurrence: 0, inferred: false, ...times } as const;
    return JSON.stringify(buildMessage(facts, origin));
  });
}

export function openSession(port: number): Promise<QueueSession> {
  return QueueSession.connect({
    server: { host: '127.0.0.1', port },
    username: '',
    password: '',
    heartbeatMs: HEARTBEAT_MS,
    connectTimeoutMs: TIMEOUT_MS,
    receiptTimeoutMs: TIMEOUT_MS,
  });
}

/** Publishes messages to the queue. */
export async function fillQueue(port: number, bodies: readonly string[], signal: AbortSignal): Promise<void> {
  const session = await openSession(port);
  try {
    for (let next = 0; next < bodies.length; next += FILL_BATCH) {
      signal.throwIfAborted();
      const batch = bodies.slice(next, next + FILL_BATCH);
      const headers = { 'content-type': MESSAGE_CONTENT_TYPE };
      await session.send(batch.map((body) => ({ destination: DEFAULT_QUEUE_NAME, body, headers })));
    }
  } finally {
    await session.close();
  }
}

/** Consumes this many messages from the queue. @throws when they do not arrive */
export function drainQueue(port: number, count: number, signal: AbortSignal): Promise<void> {
  return withStompClient(port, signal, (client) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let left = count;
    const headers = { destination: DEFAULT_QUEUE_NAME, ack: 'auto', 'activemq.prefetchSize': DRAIN_PREFETCH };
    client.subscribe(headers, (error, message) => {
      if (error) return reject(error);
      message.resume().on('end', () => {
        left -= 1;
        if (left === 0) resolve();
      });
    });
    return promise;
  });
}
