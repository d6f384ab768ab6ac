import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Broker, startBroker } from './broker.js';
import { RawClient } from './raw-client.test.helpers.js';

const QUEUE = '/queue/pods';
let broker: Broker;
let sender: RawClient;
let watcher: RawClient;

beforeEach(async () => {
  broker = await startBroker();
  [sender, watcher] = [new RawClient(broker.port), new RawClient(broker.port)];
  for (const client of [sender, watcher]) client.connect();
  watcher.write(`SUBSCRIBE\nid:w\ndestination:${QUEUE}\n\n^@`);
  await vi.waitFor(() => expect(broker.consumers(QUEUE)).toBe(1));
});
afterEach(async () => {
  for (const client of [sender, watcher]) client.close();
  await broker.stop();
});

const send = (body: string) => sender.write(`SEND\ndestination:${QUEUE}\ntransaction:t\n\n${body}^@`);

/** Has the broker answer both clients: whatever it sent before has then been received. */
async function settled(): Promise<void> {
  for (const client of [sender, watcher]) {
    const receipts = client.framesOf('RECEIPT').length;
    client.write(`SEND\ndestination:/queue/other\nreceipt:${receipts}\n\n^@`);
    await vi.waitFor(() => expect(client.framesOf('RECEIPT').length).toBeGreaterThan(receipts));
  }
}

const seen = () => watcher.framesOf('MESSAGE').map(({ body }) => body.toString());

describe('broker transactions', () => {
  test('show nothing before COMMIT and everything after it', async () => {
    sender.write('BEGIN\ntransaction:t\n\n^@');
    for (const body of ['1', '2', '3']) send(body);
    await settled();
    expect([seen(), broker.depth(QUEUE)]).toEqual([[], 0]);
    sender.write('COMMIT\ntransaction:t\n\n^@');
    await vi.waitFor(() => expect(seen()).toEqual(['1', '2', '3']));
  });

  test('leave nothing behind after ABORT', async () => {
    sender.write('BEGIN\ntransaction:t\n\n^@');
    send('1');
    sender.write('ABORT\ntransaction:t\n\n^@');
    await settled();
    expect([seen(), broker.enqueued(QUEUE)]).toEqual([[], 0]);
  });

  test('leave nothing behind when the connection is cut', async () => {
    sender.write('BEGIN\ntransaction:t\n\n^@');
    send('1');
    await settled();
    sender.close();
    watcher.write('BEGIN\ntransaction:t\n\n^@');
    await vi.waitFor(() => expect(sender.closed).toBe(true));
    expect([seen(), broker.enqueued(QUEUE)]).toEqual([[], 0]);
  });

  test('join an ACK and a SEND: both at COMMIT, neither after ABORT', async () => {
    const from = '/queue/from';
    sender.write(
      `SEND\ndestination:${from}\n\nx^@SUBSCRIBE\nid:s\nack:client-individual\ndestination:${from}\n\n^@`,
    );
    await vi.waitFor(() => expect(sender.framesOf('MESSAGE')).toHaveLength(1));
    const id = sender.framesOf('MESSAGE')[0]?.headers.get('ack')?.replaceAll(':', '\\c');
    for (const end of ['ABORT', 'COMMIT']) {
      expect([broker.depth(from), seen()]).toEqual([1, []]);
      sender.write(`BEGIN\ntransaction:t\n\n^@ACK\nid:${id}\ntransaction:t\n\n^@`);
      send('y');
      await settled();
      expect([broker.depth(from), seen()]).toEqual([1, []]);
      sender.write(`${end}\ntransaction:t\n\n^@`);
      await settled();
    }
    expect([broker.depth(from), seen()]).toEqual([0, ['y']]);
  });

  test('change nothing when one of the messages to acknowledge is no longer held', async () => {
    const from = '/queue/from';
    sender.write(
      `SEND\ndestination:${from}\n\nx^@SUBSCRIBE\nid:s\nack:client-individual\ndestination:${from}\n\n^@`,
    );
    await vi.waitFor(() => expect(sender.framesOf('MESSAGE')).toHaveLength(1));
    const id = sender.framesOf('MESSAGE')[0]?.headers.get('ack')?.replaceAll(':', '\\c');
    sender.write(`BEGIN\ntransaction:t\n\n^@ACK\nid:${id}\ntransaction:t\n\n^@`);
    send('y');
    sender.write('UNSUBSCRIBE\nid:s\n\n^@COMMIT\ntransaction:t\n\n^@');
    await vi.waitFor(() => expect(sender.closed).toBe(true));
    expect(sender.framesOf('ERROR')[0]?.body.toString()).toContain('STOMP_MESSAGE_UNKNOWN');
    expect([broker.depth(from), broker.enqueued(QUEUE)]).toEqual([1, 0]);
  });

  test('cannot be begun twice under one name', async () => {
    sender.write('BEGIN\ntransaction:t\n\n^@BEGIN\ntransaction:t\n\n^@');
    await vi.waitFor(() => expect(sender.framesOf('ERROR')).toHaveLength(1));
  });
});
