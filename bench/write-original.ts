import { once } from 'node:events';
import { get } from 'node:http';
import { FluentClient } from '@fluent-org/logger';
import { DEFAULT_QUEUE_NAME, parseMessage } from '@podips/shared';
import { withStompClient } from './stomp-client.js';

export interface OriginalOptions {
  readonly brokerPort: number;
  readonly sinkPort: number;
  readonly count: number;
  /** So many messages are forwarded at a time. */
  readonly atOnce: number;
  /** Where podips 1.1 reported each message twice, and awaited the answers; undefined: nowhere. */
  readonly monitorUrl: string | undefined;
}

/**
 * Forwards this many messages with a connection to the sink for each, as podips 1.1 did. Its subscription has the mode
 * `auto`, so that the broker takes each message for delivered when it sends it; it awaits that the record is written to the
 * connection, and no ack of Fluentd.
 */
export function writeOneByOne(
  { brokerPort, sinkPort, count, atOnce, monitorUrl }: OriginalOptions,
  signal: AbortSignal,
): Promise<void> {
  return withStompClient(brokerPort, signal, (client) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const turns = Array.from({ length: atOnce }, () => Promise.resolve());
    let received = 0;
    let left = count;
    const forward = async (body: Uint8Array) => {
      if (monitorUrl) await report(`${monitorUrl}/queue/read/200/success`);
      await writeAlone(sinkPort, body);
      if (monitorUrl) await report(`${monitorUrl}/log/200/success`);
      left -= 1;
      if (left === 0) resolve();
    };
    client.subscribe({ destination: DEFAULT_QUEUE_NAME, ack: 'auto' }, async (error, message) => {
      if (error) return reject(error);
      const turn = received % atOnce;
      received += 1;
      const chunks = await message.toArray();
      const next = turns[turn]?.then(() => forward(Buffer.concat(chunks)));
      if (next) turns[turn] = next;
      next?.catch(reject);
    });
    return promise;
  });
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
    socket: { host: '127.0.0.1', port, timeout: -1, disableReconnect: true },
  });
  try {
    await client.connect();
    await client.emit(parseMessage(body));
  } finally {
    await client.shutdown();
  }
}
