import { DEFAULT_QUEUE_NAME, MESSAGE_CONTENT_TYPE } from '@podips/shared';
import type { Client } from 'stompit';
import { withStompClient } from './stomp-client.js';

/** How messages are grouped into transactions. */
export interface TransactionPlan {
  /** Messages in one transaction. */
  readonly size: number;
  /** Transactions without a receipt, at most. */
  readonly underWay: number;
}

export const TRANSACTION_PLANS: readonly TransactionPlan[] = [500, 1_000, 2_000].flatMap((size) =>
  [1, 2].map((underWay) => ({ size, underWay })),
);

/** Sends as fast as the library alone can. Resolves at the last receipt. */
export async function sendInTransactions(
  client: Client,
  bodies: readonly string[],
  { size, underWay }: TransactionPlan,
): Promise<void> {
  const sent = new Set<Promise<void>>();
  for (let next = 0; next < bodies.length; next += size) {
    const receipt = sendTransaction(client, bodies.slice(next, next + size), `t${next}`);
    sent.add(receipt);
    void receipt.then(() => sent.delete(receipt));
    if (sent.size === underWay) await Promise.race(sent);
  }
  await Promise.all(sent);
}

/**
 * A connection for each message, as podips 1.1 did: connect, CONNECT, SEND, DISCONNECT. go-stomp awaits CONNECTED and the
 * receipt for DISCONNECT, but none for SEND, and the message is not persistent. Its report to the monitor is left out.
 * @param atOnce so many connections
 */
export async function sendOneByOne(
  port: number,
  bodies: readonly string[],
  atOnce: number,
  signal: AbortSignal,
): Promise<void> {
  const left = bodies.values();
  const sendRest = async () => {
    for (const body of left)
      await withStompClient(port, signal, async (client) => {
        const headers = {
          destination: DEFAULT_QUEUE_NAME,
          'content-type': MESSAGE_CONTENT_TYPE,
          'content-length': Buffer.byteLength(body),
        };
        client.sendFrame('SEND', headers).end(body);
      });
  };
  await Promise.all(Array.from({ length: atOnce }, sendRest));
}

function sendTransaction(client: Client, bodies: readonly string[], transaction: string): Promise<void> {
  client.sendFrame('BEGIN', { transaction }).end();
  for (const body of bodies) send(client, body, { transaction });
  return new Promise((onReceipt) => {
    client.sendFrame('COMMIT', { transaction }, { onReceipt }).end();
  });
}

/** The headers are those of the reader's messages. */
function send(client: Client, body: string, extra: Record<string, string>): void {
  const headers = {
    destination: DEFAULT_QUEUE_NAME,
    persistent: 'true',
    'content-length': Buffer.byteLength(body),
    'content-type': MESSAGE_CONTENT_TYPE,
    ...extra,
  };
  client.sendFrame('SEND', headers).end(body);
}
