import type { ReceivedMessage } from '@podips/shared';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Broker, startBroker } from './broker.js';
import { CLASSIC } from './classic.js';
import { RawClient } from './raw-client.test.helpers.js';
import { bodyText, openSession } from './session.test.helpers.js';

const QUEUE = '/queue/pods';
let broker: Broker;
beforeEach(async () => {
  broker = await startBroker();
});
afterEach(() => broker.stop());

const message = (body: string) => ({ destination: QUEUE, body });

/** Waits until the broker has done all that the client said before. */
async function settled(client: RawClient, receipt = 'settled'): Promise<void> {
  client.write(`BEGIN\ntransaction:${receipt}\nreceipt:${receipt}\n\n^@`);
  await vi.waitFor(() => {
    expect(client.framesOf('RECEIPT').map(({ headers }) => headers.get('receipt-id'))).toContain(receipt);
  });
}

describe('broker with the client of the services', () => {
  test('delivers messages in order, with headers and binary bodies, and forgets what is acknowledged', async () => {
    const session = await openSession(broker.port);
    const binary = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    await session.send([message('one')]);
    await session.send([
      { destination: QUEUE, body: binary, headers: { 'x:odd': 'a:b\\c\nd' } },
      message(''),
    ]);
    expect(broker.depth(QUEUE)).toBe(3);
    const received: ReceivedMessage[] = [];
    session.subscribe(QUEUE, 100, (each) => received.push(each));
    await vi.waitFor(() => expect(received).toHaveLength(3));
    expect(received.map(({ body }) => Buffer.from(body))).toEqual(
      ['one', binary, ''].map((body) => Buffer.from(body)),
    );
    expect(received[1]?.headers['x:odd']).toBe('a:b\\c\nd');
    for (const each of received) session.ack(each);
    await vi.waitFor(() => expect(broker.depth(QUEUE)).toBe(0));
    expect(broker.enqueued(QUEUE)).toBe(3);
    await session.close();
    expect(broker.consumers(QUEUE)).toBe(0);
  });

  test('puts a replacement in the place of a received message', async () => {
    const session = await openSession(broker.port);
    await session.send([message('first')]);
    const received: ReceivedMessage[] = [];
    session.subscribe(QUEUE, 1, (each) => received.push(each));
    await vi.waitFor(() => expect(received).toHaveLength(1));
    const [first] = received;
    if (!first) throw new Error('unreachable');
    await session.replace([{ received: first, message: message('second') }]);
    await vi.waitFor(() => expect(received.map(bodyText)).toEqual(['first', 'second']));
    expect(broker.depth(QUEUE)).toBe(1);
    await session.close();
  });

  test('redelivers the messages of a consumer that left to the next one, in order and marked', async () => {
    const [leaving, staying] = [await openSession(broker.port), await openSession(broker.port)];
    await staying.send(['1', '2', '3', '4', '5'].map(message));
    const taken: ReceivedMessage[] = [];
    leaving.subscribe(QUEUE, 3, (each) => taken.push(each));
    await vi.waitFor(() => expect(taken).toHaveLength(3));
    await leaving.close();
    const received: ReceivedMessage[] = [];
    staying.subscribe(QUEUE, 100, (each) => received.push(each));
    await vi.waitFor(() => expect(received.map(bodyText)).toEqual(['1', '2', '3', '4', '5']));
    expect(received.map(({ headers }) => headers.redelivered)).toEqual([
      'true',
      'true',
      'true',
      undefined,
      undefined,
    ]);
    await staying.close();
  });

  test('shares messages among consumers in turn', async () => {
    const sessions = await Promise.all([1, 2, 3].map(() => openSession(broker.port)));
    const counts = [0, 0, 0];
    sessions.forEach((session, index) => {
      session.subscribe(QUEUE, 100, (each) => {
        counts[index] = (counts[index] ?? 0) + 1;
        session.ack(each);
      });
    });
    await vi.waitFor(() => expect(broker.consumers(QUEUE)).toBe(3));
    await sessions[0]?.send(Array.from({ length: 30 }, (_, n) => message(`${n}`)));
    await vi.waitFor(() => expect(counts).toEqual([10, 10, 10]));
    for (const session of sessions) await session.close();
  });

  test('carries ten thousand messages in transactions through a small prefetch, each once and in order', async () => {
    const [sender, receiver] = [await openSession(broker.port), await openSession(broker.port)];
    const received: string[] = [];
    receiver.subscribe(QUEUE, 100, (each) => {
      received.push(bodyText(each));
      receiver.ack(each);
    });
    const bodies = Array.from({ length: 10_000 }, (_, n) => `${n}`);
    for (let start = 0; start < bodies.length; start += 1_000)
      await sender.send(bodies.slice(start, start + 1_000).map(message));
    await vi.waitFor(() => expect(received).toHaveLength(bodies.length));
    expect(received).toEqual(bodies);
    await vi.waitFor(() => expect(broker.depth(QUEUE)).toBe(0));
    await sender.close();
    await receiver.close();
  });

  test('stop ends all connections', async () => {
    const session = await openSession(broker.port);
    await broker.stop();
    expect(await session.closed).toMatchObject({ code: 'QUEUE_CONNECTION_FAILED', retryable: true });
  });
});

describe('broker with raw frames', () => {
  let client: RawClient;
  beforeEach(() => {
    client = new RawClient(broker.port);
  });
  afterEach(() => client.close());

  test('processes all frames that arrive in one packet', async () => {
    client.write(
      `CONNECT\naccept-version:1.2\n\n^@SEND\ndestination:${QUEUE}\nreceipt:a\\cb\n\nhello^@\n` +
        `SUBSCRIBE\nid:7\ndestination:${QUEUE}\n\n^@DISCONNECT\nreceipt:bye\n\n^@`,
    );
    await vi.waitFor(() => expect(client.closed).toBe(true));
    expect(client.commands).toEqual(['CONNECTED', 'RECEIPT', 'RECEIPT']);
    expect(client.frames.map(({ headers }) => headers.get('receipt-id'))).toEqual([undefined, 'a:b', 'bye']);
  });

  test.each([
    ['1.0,1.1,1.2', '1.2'],
    ['1.1,2.0', '1.1'],
    ['1.0', '1.0'],
    ['', '1.0'],
  ])('a client that accepts "%s" gets %s', async (accepted, version) => {
    client.connect(accepted === '' ? '' : `accept-version:${accepted}\n`);
    await vi.waitFor(() => expect(client.frames[0]?.headers.get('version')).toBe(version));
  });

  test('acknowledges in auto mode by itself', async () => {
    client.connect();
    client.write(`SUBSCRIBE\nid:7\ndestination:${QUEUE}\n\n^@SEND\ndestination:${QUEUE}\n\nhello^@`);
    await vi.waitFor(() => expect(client.framesOf('MESSAGE')).toHaveLength(1));
    expect(client.framesOf('MESSAGE')[0]?.headers.has('ack')).toBe(false);
    expect(broker.depth(QUEUE)).toBe(0);
  });

  test('in client mode an ACK covers all that was delivered before', async () => {
    client.connect();
    client.write(`SUBSCRIBE\nid:7\nack:client\ndestination:${QUEUE}\n\n^@`);
    for (const body of ['1', '2', '3']) client.write(`SEND\ndestination:${QUEUE}\n\n${body}^@`);
    await vi.waitFor(() => expect(client.framesOf('MESSAGE')).toHaveLength(3));
    client.write(`ACK\nid:${client.framesOf('MESSAGE')[1]?.headers.get('ack')}\n\n^@`);
    await settled(client);
    expect(broker.depth(QUEUE)).toBe(1);
  });

  test('a STOMP 1.1 client acknowledges by message-id', async () => {
    client.connect('accept-version:1.1\n');
    client.write(`SUBSCRIBE\nid:7\nack:client-individual\ndestination:${QUEUE}\n\n^@`);
    client.write(`SEND\ndestination:${QUEUE}\n\nhello^@`);
    await vi.waitFor(() => expect(client.framesOf('MESSAGE')).toHaveLength(1));
    const id = client.framesOf('MESSAGE')[0]?.headers.get('message-id')?.replaceAll(':', '\\c');
    client.write(`ACK\nsubscription:7\nmessage-id:${id}\n\n^@`);
    await settled(client);
    expect(broker.depth(QUEUE)).toBe(0);
  });

  test('NACK moves a message to the dead letter queue', async () => {
    client.connect();
    client.write(`SUBSCRIBE\nid:7\nack:client-individual\ndestination:${QUEUE}\n\n^@`);
    client.write(`SEND\ndestination:${QUEUE}\nx:kept\n\nbad^@`);
    await vi.waitFor(() => expect(client.framesOf('MESSAGE')).toHaveLength(1));
    client.write(
      `NACK\nid:${client.framesOf('MESSAGE')[0]?.headers.get('ack')?.replaceAll(':', '\\c')}\n\n^@`,
    );
    await settled(client);
    expect([broker.depth(QUEUE), broker.depth(CLASSIC.deadLetterQueue)]).toEqual([0, 1]);
    client.write(`SUBSCRIBE\nid:8\ndestination:${CLASSIC.deadLetterQueue}\n\n^@`);
    await vi.waitFor(() => expect(client.framesOf('MESSAGE')[1]?.headers.get('x')).toBe('kept'));
    expect(client.framesOf('MESSAGE')[1]?.body.toString()).toBe('bad');
  });

  test('UNSUBSCRIBE gives back what is not acknowledged', async () => {
    client.connect();
    client.write(`SEND\ndestination:${QUEUE}\n\nhello^@`);
    client.write(`SUBSCRIBE\nid:7\nack:client\ndestination:${QUEUE}\n\n^@`);
    await vi.waitFor(() => expect(client.framesOf('MESSAGE')).toHaveLength(1));
    client.write('UNSUBSCRIBE\nid:7\n\n^@');
    client.write(`SUBSCRIBE\nid:8\nack:client\ndestination:${QUEUE}\n\n^@`);
    await vi.waitFor(() => expect(client.framesOf('MESSAGE')).toHaveLength(2));
    const [, again] = client.framesOf('MESSAGE');
    expect([again?.headers.get('subscription'), again?.headers.get('redelivered')]).toEqual(['8', 'true']);
  });

  test.each([
    ['a command before CONNECT', '', 'SEND\ndestination:/queue/a\n\n^@', 'STOMP_NOT_CONNECTED'],
    ['garbage', '', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n^@', 'STOMP_NOT_CONNECTED'],
    ['an unsupported version', '', 'CONNECT\naccept-version:3.0\n\n^@', 'STOMP_VERSION_UNSUPPORTED'],
    ['a bad heart-beat', '', 'CONNECT\nheart-beat:soon\n\n^@', 'STOMP_FRAME_MALFORMED'],
    ['an unknown command', '1.2', 'FLY\n\n^@', 'STOMP_COMMAND_UNKNOWN'],
    ['SEND without a destination', '1.2', 'SEND\n\n^@', 'STOMP_HEADER_MISSING'],
    ['a topic', '1.2', 'SUBSCRIBE\nid:1\ndestination:/topic/a\n\n^@', 'STOMP_DESTINATION_UNSUPPORTED'],
    [
      'an unknown ack mode',
      '1.2',
      'SUBSCRIBE\nid:1\nack:no\ndestination:/queue/a\n\n^@',
      'STOMP_FRAME_MALFORMED',
    ],
    ['an unknown subscription', '1.2', 'UNSUBSCRIBE\nid:1\n\n^@', 'STOMP_SUBSCRIPTION_UNKNOWN'],
    ['an ACK of nothing', '1.2', 'ACK\nid:1\n\n^@', 'STOMP_MESSAGE_UNKNOWN'],
    ['an unknown transaction', '1.2', 'COMMIT\ntransaction:t\n\n^@', 'STOMP_TRANSACTION_UNKNOWN'],
    ['a frame that is too long', '1.2', 'SEND\ncontent-length:99999999\n\n', 'STOMP_FRAME_TOO_LARGE'],
  ])('answers %s with ERROR and closes', async (_what, version, text, code) => {
    if (version !== '') client.connect();
    client.write(text);
    await vi.waitFor(() => expect(client.closed).toBe(true));
    expect(client.frames.at(-1)?.command).toBe('ERROR');
    expect(client.frames.at(-1)?.body.toString()).toContain(code);
  });

  test('names the receipt that a refused frame asked for', async () => {
    client.connect();
    client.write('SEND\nreceipt:r1\ndestination:/topic/a\n\n^@');
    await vi.waitFor(() => expect(client.framesOf('ERROR')[0]?.headers.get('receipt-id')).toBe('r1'));
  });
});
