import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from './logger.js';
import { closedByUs } from './queue-errors.js';
import { startQueueLink } from './queue-link.js';
import type { QueueSettings } from './settings/queue-settings.js';

/** The delay before each further attempt, in milliseconds. */
const waits = vi.hoisted((): number[] => []);
type Outcome = number | 'refused' | 'closed on purpose' | 'another broker';
/** The result of each attempt: refused, or a session that lasts for so many milliseconds. */
const attempts = vi.hoisted((): Outcome[] => []);
const close = vi.hoisted(() => vi.fn(async () => undefined));
const clock = vi.hoisted(() => ({ nowMs: 0 }));

vi.mock('./backoff.js', async (importOriginal) => ({
  ...(await importOriginal<typeof import('./backoff.js')>()),
  pause: async (ms: number, signal: AbortSignal) => {
    waits.push(ms);
    // Nothing is left to answer: waits until the link is stopped.
    if (attempts.length === 0)
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    return !signal.aborted;
  },
}));
vi.mock('./queue-session.js', () => ({
  QueueSession: {
    async connect() {
      const attempt = attempts.shift();
      if (attempt === undefined || attempt === 'refused') throw new Error('ECONNREFUSED');
      return {
        broker: 'ActiveMQ/5.18.3',
        contradiction: attempt === 'another broker' ? 'QUEUE_BROKER is rabbitmq' : undefined,
        dialect: { name: 'ActiveMQ Classic' },
        warnings: [],
        bytesRead: 0,
        /** Waited for when the session is in use. */
        get closed() {
          if (attempt === 'closed on purpose') return Promise.resolve(closedByUs());
          clock.nowMs += Number(attempt);
          return Promise.resolve(new Error('the connection was closed'));
        },
        close,
      };
    },
  },
}));

// The link reads nothing else of them itself.
const SETTINGS = {
  servers: [{ host: 'queue', port: 61613 }],
  heartbeatMs: 1_000,
} as unknown as QueueSettings;

beforeEach(() => {
  waits.length = 0;
  vi.clearAllMocks();
  vi.spyOn(performance, 'now').mockImplementation(() => clock.nowMs);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const onUp = vi.fn();

/** Runs a link through these attempts. */
async function runThrough(...outcomes: readonly Outcome[]) {
  attempts.push(...outcomes);
  const onDown = vi.fn();
  const events = { onUp, onDown, onAlive: () => undefined };
  const link = startQueueLink(SETTINGS, events, createLogger('test', 'silent'));
  await vi.waitFor(() => expect(onDown).toHaveBeenCalledTimes(outcomes.length), { interval: 1 });
  await vi.waitFor(() => expect(waits.length).toBeGreaterThan(0), { interval: 1 });
  await link.stop();
  return onDown;
}

const refused = (count: number) => Array.from({ length: count }, () => 'refused' as const);
const SHORT_MS = 100;
const LONG_MS = 60_000;

describe('a queue link', () => {
  it('waits longer after each attempt that failed, up to five seconds', async () => {
    await runThrough(...refused(8));
    for (const [index, ceiling] of [200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000].entries()) {
      expect(waits[index]).toBeGreaterThanOrEqual(ceiling / 2);
      expect(waits[index]).toBeLessThanOrEqual(ceiling);
    }
  });

  it('starts small again after a session, however short, that followed a long outage', async () => {
    await runThrough(...refused(8), SHORT_MS, 'refused');
    expect(waits.slice(8).every((ms) => ms <= 200)).toBe(true);
  });

  it('waits longer after each session that ended soon', async () => {
    await runThrough(SHORT_MS, SHORT_MS, SHORT_MS, SHORT_MS);
    for (const [index, ceiling] of [200, 400, 800, 1_600].entries())
      expect(waits[index]).toBeGreaterThanOrEqual(ceiling / 2);
  });

  it('opens another session at once after one that was closed on purpose, and reports no failure', async () => {
    const onDown = await runThrough('closed on purpose', 'closed on purpose', 'refused');
    expect(onDown.mock.calls.map(([error]) => error.code)).toEqual([
      'QUEUE_CLOSED',
      'QUEUE_CLOSED',
      undefined,
    ]);
    expect(waits).toHaveLength(1);
  });

  it('does not use a broker that is not the one of the settings, and closes the connection', async () => {
    const onDown = await runThrough('another broker');
    const [error] = onDown.mock.calls[0] ?? [];
    expect(error).toMatchObject({
      code: 'QUEUE_WRONG_BROKER',
      message: 'queue:61613: QUEUE_BROKER is rabbitmq',
    });
    expect(close).toHaveBeenCalledTimes(1);
    expect(onUp).not.toHaveBeenCalled();
  });

  it('starts small again after a session that lasted', async () => {
    await runThrough(SHORT_MS, SHORT_MS, SHORT_MS, LONG_MS, SHORT_MS);
    expect(waits.slice(3).every((ms) => ms <= 200)).toBe(true);
  });
});
