import { describe, expect, it, vi } from 'vitest';
import { COMPLETE } from '../support/reader-case.js';
import { startSystem } from '../support/system.js';
import { ACTIVEMQ, ARTEMIS_STAND_IN, type BrokerCase, RABBITMQ, USER } from './conformance/brokers.js';
import { lostByKill } from './conformance/durability.js';
import { useBroker } from './conformance/stage.js';

const KILLS = 20;
/** Two thousand messages before each of them. */
const BATCHES = 4;
const CONNECTIONS = 40;
/** At the usual interval of five seconds they take two minutes. */
const BEATS = 24;
const PATIENCE = { timeout: 300_000, interval: 1_000 };

describe(RABBITMQ.name, () => {
  const stage = useBroker(RABBITMQ);

  it(`has all that is durable after each of ${KILLS} kills`, async () => {
    for (let kill = 0; kill < KILLS; kill += 1) expect(await lostByKill(stage, BATCHES)).toEqual([]);
  });
});

describe('idle connections', () => {
  const stages = [ACTIVEMQ, RABBITMQ].map(useBroker);

  it(`are kept for ${BEATS} heart-beats, ${CONNECTIONS} by each broker`, async () => {
    const opened = stages.flatMap((stage) => {
      const queue = stage.newQueue();
      return Array.from({ length: CONNECTIONS }, () => stage.connect(queue));
    });
    const sessions = await Promise.all(opened);
    const beats = sessions.map(() => new Set<number>());
    await vi.waitFor(() => {
      for (const [index, session] of sessions.entries()) beats[index]?.add(session.bytesRead);
      expect(Math.min(...beats.map(({ size }) => size))).toBeGreaterThan(BEATS);
    }, PATIENCE);
    expect(sessions.filter(({ open }) => !open)).toEqual([]);
  });
});

describe.each([RABBITMQ, ARTEMIS_STAND_IN])('the whole chain with $name', (broker: BrokerCase) => {
  it('delivers every change, though the broker is killed while messages are in flight', async () => {
    await using resources = new AsyncDisposableStack();
    const login = { QUEUE_USERNAME: USER.name, QUEUE_PASSWORD: USER.password };
    const system = await startSystem({ startBroker: () => broker.start(), env: { all: login } });
    resources.defer(() => system.destroy());
    const { pods } = system.cluster;
    for (let round = 0; round < 3; round += 1) {
      const started = Array.from({ length: 300 }, (_, n) => pods.start({ name: `pod-${round}-${n}` }));
      const before = system.sink.distinct;
      await vi.waitFor(() => expect(system.sink.distinct).toBeGreaterThan(before), PATIENCE);
      await system.broker.stop('SIGKILL');
      for (const pod of started.slice(100)) pods.delete(pod);
      await system.broker.start();
    }
    await vi.waitFor(() => expect(system.verdict().missing).toEqual([]), PATIENCE);
    expect(system.verdict()).toMatchObject(COMPLETE);
  });
});
