import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Broker, startBroker } from './broker.js';
import { RawClient } from './raw-client.test.helpers.js';
import { openSession } from './session.test.helpers.js';

const QUEUE = '/queue/pods';
let broker: Broker;
beforeEach(async () => {
  broker = await startBroker({ heartbeatMs: 100 });
});
afterEach(() => broker.stop());

const message = (body: string) => ({ destination: QUEUE, body });

describe('broker faults', () => {
  test('a failing SEND is answered with ERROR once, and nothing is stored', async () => {
    broker.faults.failNext('SEND', 'out of luck');
    const session = await openSession(broker.port);
    await expect(session.send([message('1')])).rejects.toThrow(/out of luck/);
    expect(broker.depth(QUEUE)).toBe(0);
    const next = await openSession(broker.port);
    await next.send([message('1')]);
    await next.close();
  });

  test('a failing COMMIT leaves nothing of the transaction', async () => {
    broker.faults.failNext('COMMIT');
    const session = await openSession(broker.port);
    await expect(session.send(['1', '2'].map(message))).rejects.toMatchObject({ retryable: true });
    expect(broker.enqueued(QUEUE)).toBe(0);
  });

  test('a failing ACK leaves the message on the queue for the next consumer', async () => {
    broker.faults.failNext('ACK');
    const session = await openSession(broker.port);
    await session.send([message('1')]);
    session.subscribe(QUEUE, 10, (each) => session.ack(each));
    await session.closed;
    const next = await openSession(broker.port);
    const redelivered: unknown[] = [];
    next.subscribe(QUEUE, 10, (each) => {
      redelivered.push(each.headers.redelivered);
      next.ack(each);
    });
    await vi.waitFor(() => expect(broker.depth(QUEUE)).toBe(0));
    expect(redelivered).toEqual(['true']);
    await next.close();
  });

  test('a broker that never answers CONNECT keeps the connection open and answers nothing', async () => {
    broker.faults.ignoreConnect(true);
    await expect(openSession(broker.port, { connectTimeoutMs: 200 })).rejects.toMatchObject({
      code: 'QUEUE_CONNECT_TIMEOUT',
    });
    broker.faults.ignoreConnect(false);
    await (await openSession(broker.port)).close();
  });

  test('a silent broker reads nothing, and a client with heart-beats leaves it', async () => {
    const plain = new RawClient(broker.port);
    plain.connect();
    await vi.waitFor(() => expect(plain.framesOf('CONNECTED')).toHaveLength(1));
    const session = await openSession(broker.port, { heartbeatMs: 100 });
    broker.faults.goSilent(true);
    plain.write(`SEND\ndestination:${QUEUE}\nreceipt:1\n\nlost^@`);
    const unanswered = session.send([message('1')]);
    await expect(unanswered).rejects.toMatchObject({ code: 'QUEUE_CONNECTION_FAILED' });
    expect([plain.closed, plain.framesOf('RECEIPT'), broker.depth(QUEUE)]).toEqual([false, [], 0]);
    broker.faults.goSilent(false);
    await vi.waitFor(() => expect(plain.closed).toBe(true));
    const next = await openSession(broker.port);
    await next.send([message('2')]);
    await next.close();
    expect(broker.depth(QUEUE)).toBe(1);
  });
});
