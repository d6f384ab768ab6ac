import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, type ReceivedMessage, startQueueLink } from '@podips/shared';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Broker, type BrokerOptions, startBroker } from './broker.js';
import { RawClient } from './raw-client.test.helpers.js';
import { bodyText, openSession } from './session.test.helpers.js';

const QUEUE = '/queue/pods';
const brokers: Broker[] = [];
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'broker-'));
});
afterEach(async () => {
  for (const broker of brokers.splice(0)) await broker.stop();
  rmSync(dir, { recursive: true });
});

async function start(options: BrokerOptions): Promise<Broker> {
  const broker = await startBroker(options);
  brokers.push(broker);
  return broker;
}

const message = (body: string) => ({ destination: QUEUE, body });

describe('broker journal', () => {
  test('keeps what is not acknowledged over a stop, in order', async () => {
    const journalPath = join(dir, 'journal');
    const broker = await start({ journalPath });
    const session = await openSession(broker.port);
    await session.send(['1', '2', '3'].map(message));
    session.subscribe(QUEUE, 1, (each) => {
      if (bodyText(each) === '1') session.ack(each);
    });
    await vi.waitFor(() => expect(broker.depth(QUEUE)).toBe(2));
    await broker.stop();
    const again = await start({ journalPath, port: broker.port });
    const later = await openSession(again.port);
    const received: string[] = [];
    later.subscribe(QUEUE, 10, (each) => received.push(bodyText(each)));
    await vi.waitFor(() => expect(received).toEqual(['2', '3']));
    await later.close();
  });

  test('holds at the moment of the receipt all that a killed broker must still have', async () => {
    const journalPath = join(dir, 'journal');
    const broker = await start({ journalPath });
    const session = await openSession(broker.port);
    await session.send([message('single')]);
    await session.send(['a', 'b'].map(message));
    const atKill = join(dir, 'at-kill');
    copyFileSync(journalPath, atKill);
    expect((await start({ journalPath: atKill })).depth(QUEUE)).toBe(3);
    await session.close();
  });

  test('gives restored and new messages different ids', async () => {
    const journalPath = join(dir, 'journal');
    const broker = await start({ journalPath });
    await (await openSession(broker.port)).send([message('old')]);
    await broker.stop();
    const session = await openSession((await start({ journalPath })).port);
    await session.send([message('new')]);
    const received: ReceivedMessage[] = [];
    session.subscribe(QUEUE, 10, (each) => received.push(each));
    await vi.waitFor(() => expect(received.map(bodyText)).toEqual(['old', 'new']));
    expect(new Set(received.map(({ headers }) => headers['message-id'])).size).toBe(2);
    await session.close();
  });
});

describe('broker heart-beats', () => {
  test('reach an idle client within the agreed interval, so that it stays', async () => {
    const broker = await start({ heartbeatMs: 50 });
    const client = new RawClient(broker.port);
    client.connect('accept-version:1.2\nheart-beat:0,50\n');
    await vi.waitFor(() => expect(client.framesOf('CONNECTED')).toHaveLength(1));
    const before = client.bytesRead;
    await vi.waitFor(() => expect(client.bytesRead).toBeGreaterThan(before + 2));
    client.close();
  });

  test('that stop cost a client its connection and give its messages to others', async () => {
    const broker = await start({ heartbeatMs: 50 });
    const session = await openSession(broker.port);
    await session.send([message('x')]);
    const client = new RawClient(broker.port);
    client.connect('accept-version:1.2\nheart-beat:50,0\n');
    client.write(`SUBSCRIBE\nid:1\nack:client\ndestination:${QUEUE}\n\n^@`);
    await vi.waitFor(() => expect(client.framesOf('MESSAGE')).toHaveLength(1));
    await vi.waitFor(() => expect(client.closed).toBe(true));
    await vi.waitFor(() => expect(broker.consumers(QUEUE)).toBe(0));
    expect(broker.depth(QUEUE)).toBe(1);
    await session.close();
  });

  test('keep an idle session of the services open', async () => {
    const broker = await start({ heartbeatMs: 100 });
    let beats = 0;
    const servers = [{ host: '127.0.0.1', port: broker.port }];
    const queue = { servers, name: QUEUE, username: '', password: '' };
    const link = startQueueLink(
      { ...queue, heartbeatMs: 100, connectTimeoutMs: 2_000, receiptTimeoutMs: 2_000 },
      {
        onUp: () => undefined,
        onDown: () => undefined,
        onAlive: () => {
          beats += 1;
        },
      },
      createLogger('test', 'silent'),
    );
    await vi.waitFor(() => expect(beats).toBeGreaterThan(4));
    expect(link.state).toBe('up');
    await link.stop();
  });
});

describe('broker bounds', () => {
  test('a client that does not read gets no more than the bound, and the rest when it reads again', async () => {
    const broker = await start({ maxPendingBytes: 10_000 });
    const sender = await openSession(broker.port);
    const slow = new RawClient(broker.port);
    slow.connect();
    await vi.waitFor(() => expect(slow.framesOf('CONNECTED')).toHaveLength(1));
    slow.pause();
    slow.write(`SUBSCRIBE\nid:1\nack:auto\ndestination:${QUEUE}\n\n^@`);
    await vi.waitFor(() => expect(broker.consumers(QUEUE)).toBe(1));
    // Far more than the buffers of the operating system take.
    const body = 'x'.repeat(100_000);
    for (let n = 0; n < 10; n += 1) await sender.send(Array.from({ length: 20 }, () => message(body)));
    expect(broker.depth(QUEUE)).toBeGreaterThan(10);
    slow.resume();
    await vi.waitFor(() => expect(slow.framesOf('MESSAGE')).toHaveLength(200));
    slow.close();
    await sender.close();
  });

  test('a client that sends and never reads its receipts is cut off', async () => {
    const broker = await start({ maxPendingBytes: 500_000, maxBodyBytes: 1_000 });
    const client = new RawClient(broker.port);
    client.connect();
    await vi.waitFor(() => expect(client.framesOf('CONNECTED')).toHaveLength(1));
    client.pause();
    const receipt = 'r'.repeat(50_000);
    const frames = `SEND\ndestination:${QUEUE}\nreceipt:${receipt}\n\nx^@`.repeat(10);
    for (let n = 0; n < 100; n += 1) client.write(frames);
    client.write('SUBSCRIBE\nid:1\ndestination:/queue/after\n\n^@');
    await vi.waitFor(() => expect(broker.depth(QUEUE)).toBeGreaterThan(10));
    client.resume();
    await vi.waitFor(() => expect(client.closed).toBe(true));
    expect(client.framesOf('RECEIPT').length).toBeLessThan(1_000);
    expect(broker.consumers('/queue/after')).toBe(0);
  });

  test('prefetch limits what a consumer holds', async () => {
    const broker = await start({});
    const client = new RawClient(broker.port);
    client.connect();
    for (let n = 0; n < 5; n += 1) client.write(`SEND\ndestination:${QUEUE}\n\n${n}^@`);
    const prefetch = 'activemq.prefetchSize:2\nack:client-individual';
    client.write(`SUBSCRIBE\nid:1\n${prefetch}\ndestination:${QUEUE}\nreceipt:1\n\n^@`);
    await vi.waitFor(() => expect(client.framesOf('MESSAGE')).toHaveLength(2));
    const id = client.framesOf('MESSAGE')[0]?.headers.get('ack')?.replaceAll(':', '\\c');
    client.write(`ACK\nid:${id}\nreceipt:2\n\n^@`);
    await vi.waitFor(() => expect(client.framesOf('MESSAGE')).toHaveLength(3));
    client.close();
  });

  test('refuses messages beyond its limit and accepts them again when there is room', async () => {
    const broker = await start({ maxMessages: 2 });
    const session = await openSession(broker.port);
    await session.send(['1', '2'].map(message));
    await expect(session.send([message('3')])).rejects.toMatchObject({ retryable: true });
    expect(broker.depth(QUEUE)).toBe(2);
    const next = await openSession(broker.port);
    next.subscribe(QUEUE, 10, (each) => next.ack(each));
    await vi.waitFor(() => expect(broker.depth(QUEUE)).toBe(0));
    await next.send([message('3')]);
    await next.close();
  });

  test('lets in only who knows the password', async () => {
    const broker = await start({ users: [{ name: 'writer', password: 'a:b\\' }] });
    const refused = openSession(broker.port, { username: 'writer', password: 'wrong' });
    await expect(refused).rejects.toMatchObject({ name: 'QueueError' });
    await (await openSession(broker.port, { username: 'writer', password: 'a:b\\' })).close();
  });

  test('fails to start on a port that is taken', async () => {
    const { port } = await start({});
    await expect(startBroker({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
