import type { QueueSession } from '@podips/shared';
import { expect, it } from 'vitest';
import { bodiesLeft, bodiesOf, numbered, type Stage } from './stage.js';

/** As many messages as the reader sends at once, and as many batches as it has in flight. */
const BATCH = 500;
const IN_FLIGHT = 2;

/** What a broker has confirmed, it has. */
export function describeDurability(stage: Stage): void {
  it('carries messages of any bytes, one or many, in order', async () => {
    const queue = stage.newQueue();
    const session = await stage.connect(queue);
    const odd = { destination: queue.name, body: 'grün ☸ \n:\\ \0 nul' };
    await session.send([odd]);
    await session.send(numbered(queue, BATCH));
    expect(await bodiesLeft(queue)).toEqual(bodiesOf([odd, ...numbered(queue, BATCH)]));
  });

  it('keeps them while it is stopped', async () => {
    const queue = stage.newQueue();
    const session = await stage.connect(queue);
    await session.send(numbered(queue, 50));
    await stage.broker.stop('SIGTERM');
    await stage.broker.start();
    expect(await bodiesLeft(queue)).toEqual(bodiesOf(numbered(queue, 50)));
  });

  it.each([1, 4])('has all that is durable after a kill, %i batches after the first', async (batches) => {
    expect(await lostByKill(stage, batches)).toEqual([]);
  });
}

/**
 * Sends to a new queue as the reader does, and kills the broker in the moment in which a batch has become durable.
 * @returns the durable messages that it does not have afterwards
 */
export async function lostByKill(stage: Stage, batches: number): Promise<string[]> {
  const queue = stage.newQueue();
  const session = await stage.connect(queue);
  const durable = new Set<string>();
  let killed: Promise<void> | undefined;
  let next = 0;
  const sendOn = async () => {
    while (session.open && killed === undefined) {
      const messages = numbered(queue, BATCH, BATCH * next++);
      if (!(await isDurable(session, messages))) return;
      for (const body of bodiesOf(messages)) durable.add(body);
      if (durable.size >= BATCH * batches) killed ??= stage.broker.stop('SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, sendOn));
  await killed;
  await stage.broker.start();
  const left = new Set(await bodiesLeft(queue));
  return [...durable].filter((body) => !left.has(body));
}

async function isDurable(session: QueueSession, messages: ReturnType<typeof numbered>): Promise<boolean> {
  try {
    await session.send(messages);
    return true;
  } catch {
    return false; // the broker was killed before it could confirm them
  }
}
