/// <reference path="../packages/shared/src/stompit.d.ts" />
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import stompit, { type Client } from 'stompit';
import { within } from './until.js';

const DEADLINE_MS = 60_000;
const MAX_HEADER_LINE_BYTES = 65_536;
const MAX_HEADERS = 100;

/**
 * Opens a bare connection for `work`, without anything that podips adds, and closes it. The work fails when the
 * connection does, when the signal aborts, and after a minute.
 */
export async function withStompClient<T>(
  port: number,
  signal: AbortSignal,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const socket = connectTcp({ host: '127.0.0.1', port, noDelay: true });
  const client = new stompit.Client(socket, {
    heartbeat: [0, 0],
    maxLineLength: MAX_HEADER_LINE_BYTES,
    maxHeaders: MAX_HEADERS,
  });
  const { promise: failed, reject } = Promise.withResolvers<never>();
  // It may end when it is no longer awaited.
  failed.catch(() => undefined);
  client.on('error', reject);
  client.on('end', () => reject(new Error('the broker closed the connection')));
  const session = async () => {
    await Promise.race([once(socket, 'connect'), failed]);
    await Promise.race([logIn(client), failed]);
    const result = await Promise.race([work(client), failed]);
    await logOut(client);
    return result;
  };
  try {
    return await within({ deadlineMs: DEADLINE_MS, signal }, session());
  } finally {
    client.destroy();
  }
}

function logIn(client: Client): Promise<void> {
  return settled((done) => client.connect({ host: '127.0.0.1' }, done));
}

/** Resolves at the end that follows the receipt for DISCONNECT: the broker has processed everything before it. */
function logOut(client: Client): Promise<void> {
  return settled((done) => client.disconnect(done));
}

function settled(start: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
}
