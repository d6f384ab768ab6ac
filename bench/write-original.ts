import { once } from 'node:events';
import { get } from 'node:http';
import { FluentClient } from '@fluent-org/logger';
import { DEFAULT_QUEUE_NAME, parseMessage, type ReceivedMessage } from '@podips/shared';
import { openSession } from './messages.js';
import { within } from './until.js';

/** As the writer's, so that only the way to the sink differs. */
const PREFETCH = 100;
const DEADLINE_MS = 120_000;
const ACK_TIMEOUT_MS = 30_000;

/**
 * Forwards this many messages, one after the other, with a connection to the sink for each.
 * @param monitorUrl where podips 1.1 reported each message twice, and waited for the answers; undefined: nowhere
 */
export async function writeOneByOne(
  brokerPort: number,
  sinkPort: number,
  count: number,
  monitorUrl: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const session = await openSession(brokerPort);
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  void session.closed.then(reject);
  let left = count;
  let last = Promise.resolve();
  const forward = async (received: ReceivedMessage) => {
    if (monitorUrl) await report(`${monitorUrl}/queue/read/200/success`);
    await writeAlone(sinkPort, received.body);
    if (monitorUrl) await report(`${monitorUrl}/log/200/success`);
    session.ack(received);
    left -= 1;
    if (left === 0) resolve();
  };
  // At most the prefetch are in this chain.
  session.subscribe(DEFAULT_QUEUE_NAME, PREFETCH, (received) => {
    last = last.then(() => forward(received));
    last.catch(reject);
  });
  try {
    await within({ deadlineMs: DEADLINE_MS, signal }, done);
  } finally {
    await session.close();
  }
}

/** A request on a connection of its own. */
async function report(url: string): Promise<void> {
  const request = get(url, { agent: false });
  const [response] = await once(request, 'response');
  response.resume();
  await once(response, 'end');
}

async function writeAlone(port: number, body: Uint8Array): Promise<void> {
  const client = new FluentClient('audit.pod_ip', {
    ack: { ackTimeout: ACK_TIMEOUT_MS },
    socket: { host: '127.0.0.1', port, timeout: -1, disableReconnect: true },
  });
  try {
    await client.connect();
    await client.emit(parseMessage(body));
  } finally {
    await client.shutdown();
  }
}
