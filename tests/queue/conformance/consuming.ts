import { createLogger, type QueueSession, type Replacement, startQueueLink } from '@podips/shared';
import { expect, it, vi } from 'vitest';
import { enqueue, queueSettings } from '../../support/pod-queue.js';
import { bodiesLeft, bodiesOf, collect, numbered, type Stage, until } from './stage.js';

const log = createLogger('test', 'silent');
const PREFETCH = 100;
const BEAT_MS = 1_000;

/** A message stays on the queue until somebody has acknowledged it. */
export function describeConsuming(stage: Stage): void {
  it('gives a message to the next consumer after one has died with it, again and again', async () => {
    const queue = stage.newQueue();
    await enqueue(queue, bodiesOf(numbered(queue, 3)));
    for (let death = 0; death < 5; death += 1) {
      const proxy = await stage.proxy();
      const session = await stage.connect({ ...queue, port: proxy.port });
      const received = collect(session, queue, PREFETCH);
      await until(received, 3);
      proxy.cut();
      await session.closed;
    }
    const received = collect(await stage.connect(queue), queue, PREFETCH);
    await until(received, 3);
    expect(bodiesOf(received)).toEqual(bodiesOf(numbered(queue, 3)));
  });

  it('gives it to another one when a consumer falls silent, though its connection stays open', async () => {
    const queue = stage.newQueue();
    await enqueue(queue, ['held']);
    const proxy = await stage.proxy();
    const silent = await stage.connect({ ...queue, port: proxy.port }, { heartbeatMs: BEAT_MS });
    await until(collect(silent, queue, PREFETCH), 1);
    const received = collect(await stage.connect(queue), queue, PREFETCH);
    proxy.halfOpen(true);
    await until(received, 1);
    expect(bodiesOf(received)).toEqual(['held']);
    await silent.closed;
  });

  it('puts one of a hundred elsewhere and takes the acknowledgements of the others', async () => {
    const queue = stage.newQueue();
    const elsewhere = stage.newQueue();
    await enqueue(queue, bodiesOf(numbered(queue, PREFETCH)));
    const session = await stage.connect(queue);
    const received = collect(session, queue, PREFETCH);
    await until(received, PREFETCH);
    const [first, ...others] = received;
    if (!first) throw new Error('nothing received');
    const message = { destination: elsewhere.name, body: first.body, headers: { reason: 'a:b\nc' } };
    await session.replace([{ received: first, message }]);
    for (const other of others) session.ack(other);
    await session.close();
    expect(await bodiesLeft(queue)).toEqual([]);
    expect(await bodiesLeft(elsewhere)).toEqual(bodiesOf([first]));
  });

  it('puts them back when a subscription ends, each once', async () => {
    const queue = stage.newQueue();
    await enqueue(queue, bodiesOf(numbered(queue, 300)));
    const session = await stage.connect(queue);
    const copies: Replacement[] = [];
    const end = session.subscribe(queue.name, PREFETCH, (received) =>
      copies.push({ received, message: { destination: queue.name, body: received.body } }),
    );
    await vi.waitFor(() => expect(copies.length).toBeGreaterThanOrEqual(PREFETCH / 2));
    await end(copies);
    await session.close();
    expect((await bodiesLeft(queue)).sort()).toEqual(bodiesOf(numbered(queue, 300)).sort());
  });

  it('is connected again after the connection was cut, and goes on', async () => {
    const queue = stage.newQueue();
    const proxy = await stage.proxy();
    const bodies: string[] = [];
    const events = {
      onUp: (session: QueueSession) =>
        void session.subscribe(queue.name, PREFETCH, (message) => {
          bodies.push(Buffer.from(message.body).toString());
          session.ack(message);
        }),
      onDown: vi.fn(),
      onAlive: () => undefined,
    };
    const link = startQueueLink(queueSettings({ ...queue, port: proxy.port }), events, log);
    try {
      await enqueue(queue, ['before']);
      await vi.waitFor(() => expect(bodies).toEqual(['before']));
      proxy.cut();
      await vi.waitFor(() => expect(events.onDown).toHaveBeenCalled());
      await enqueue(queue, ['after']);
      await vi.waitFor(() => expect(bodies).toContain('after'));
    } finally {
      await link.stop();
    }
  });

  it('sends no more than the prefetch, however many wait', async () => {
    const queue = stage.newQueue();
    await enqueue(queue, bodiesOf(numbered(queue, 2_000)));
    const session = await stage.connect(queue);
    const received = collect(session, queue, 10);
    await until(received, 1);
    // The broker answers each of these after what it had to send before.
    const aside = stage.newQueue();
    for (let round = 0; round < 20; round += 1) await session.send(numbered(aside, 1));
    expect(received.length).toBeLessThanOrEqual(MOST_OF_10);
  });

  it('keeps an idle connection, by heart-beats in both directions', async () => {
    const queue = stage.newQueue();
    const session = await stage.connect(queue, { heartbeatMs: BEAT_MS });
    const beats = new Set<number>();
    await vi.waitFor(() => {
      beats.add(session.bytesRead);
      expect(beats.size).toBeGreaterThan(5);
    });
    expect(session.open).toBe(true);
  });

  it('is left when it falls silent, though the connection stays open', async () => {
    const proxy = await stage.proxy();
    const session = await stage.connect({ ...stage.newQueue(), port: proxy.port }, { heartbeatMs: 500 });
    proxy.halfOpen(true);
    await session.closed;
    expect(session.open).toBe(false);
  });
}

/** Where the bound is one of bytes, small messages are more. */
const MOST_OF_10 = 60;
