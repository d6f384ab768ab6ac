import { DEFAULT_QUEUE_NAME } from '@podips/shared';
import type { Client, Message } from 'stompit';
import { withStompClient } from './stomp-client.js';

/** How a consumer acknowledges. */
export interface AckPlan {
  /** STOMP's `client-individual`: an ACK for each message. `client`: an ACK is for all before it as well. */
  readonly mode: 'client-individual' | 'client';
  /** Whether the ACKs of one iteration of the event loop leave together, instead of each in packets of its own. */
  readonly together: boolean;
}

/** With the writer's guarantee: a message that Fluentd does not have, or that is held, keeps no other one from its ACK. */
export const EACH_PLANS: readonly AckPlan[] = [
  { mode: 'client-individual', together: false },
  { mode: 'client-individual', together: true },
];
export const CUMULATIVE_PLAN: AckPlan = { mode: 'client', together: true };

/** As the writer's. */
const PREFETCH = 100;
/** In the mode `client`: as many as are in a chunk of the writer. */
const MESSAGES_PER_ACK = 25;

/** Messages are received by the library alone, and acknowledged at once. @returns how many per second, after `skip` of them */
export function acknowledgeOnly(
  port: number,
  { mode, together }: AckPlan,
  { skip, count }: { readonly skip: number; readonly count: number },
  signal: AbortSignal,
): Promise<number> {
  return withStompClient(port, signal, (client) => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const each = mode === 'client' ? MESSAGES_PER_ACK : 1;
    let received = 0;
    let startedMs = 0;
    const take = (message: Message) => {
      received += 1;
      if (received === skip) startedMs = performance.now();
      const isLast = received === skip + count;
      if (together) corkForThisTurn(client);
      if (received % each === 0 || isLast) client.ack(message);
      if (isLast) resolve((count * 1_000) / (performance.now() - startedMs));
    };
    const headers = { destination: DEFAULT_QUEUE_NAME, ack: mode, 'activemq.prefetchSize': PREFETCH };
    client.subscribe(headers, (error, message) => {
      if (error) return reject(error);
      message.resume().on('end', () => take(message));
    });
    return promise;
  });
}

function corkForThisTurn(client: Client): void {
  const socket = client.getTransportSocket();
  if (socket.writableCorked > 0) return;
  socket.cork();
  setImmediate(() => socket.uncork());
}
