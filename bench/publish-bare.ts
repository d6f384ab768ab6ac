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

export const TRANSACTION_PLANS: readonly TransactionPlan[] = [100, 500, 1_000].flatMap((size) =>
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

/** A connection for each message, as podips 1.1 did. */
export async function sendOneByOne(
  port: number,
  bodies: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (const body of bodies) {
    await withStompClient(
      port,
      signal,
      (client) => new Promise<void>((done) => send(client, body, {}, done)),
    );
  }
}

function sendTransaction(client: Client, bodies: readonly string[], transaction: string): Promise<void> {
  client.sendFrame('BEGIN', { transaction }).end();
  for (const body of bodies) send(client, body, { transaction });
  return new Promise((onReceipt) => {
    client.sendFrame('COMMIT', { transaction }, { onReceipt }).end();
  });
}

/** The headers are those of the reader's messages. */
function send(client: Client, body: string, extra: Record<string, string>, onReceipt?: () => void): void {
  const headers = {
    destination: DEFAULT_QUEUE_NAME,
    persistent: 'true',
    'content-length': Buffer.byteLength(body),
    'content-type': MESSAGE_CONTENT_TYPE,
    ...extra,
  };
  client.sendFrame('SEND', headers, onReceipt ? { onReceipt } : undefined).end(body);
}
