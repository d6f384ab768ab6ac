import { AddressOrder } from './address-order.js';
import { backoffDelayMs, pause } from './backoff.js';
import { QueueError, toError } from './errors.js';
import type { Running } from './lifecycle.js';
import type { Logger } from './logger.js';
import { wrongBroker } from './queue-errors.js';
import { QueueSession } from './queue-session.js';
import type { QueueServer, QueueSettings } from './settings/queue-settings.js';

export interface QueueLinkEvents {
  /** A session is open. Called before anything else can use it. */
  onUp(session: QueueSession): void;
  /**
   * A session ended, or an attempt to open one failed. Called for each failed attempt, and with QUEUE_CLOSED for a session
   * that was closed on purpose: the next one is opened at once.
   */
  onDown(error: Error): void;
  /** Something was received from the broker within the last heart-beat interval. */
  onAlive(): void;
}

/** `connecting` only until the first attempt has ended. */
export type QueueLinkState = 'connecting' | 'up' | 'down';

export interface QueueLink extends Running {
  readonly state: QueueLinkState;
  /** The open session, undefined unless the state is `up`. */
  readonly session: QueueSession | undefined;
}

const RECONNECT = { baseMs: 200, capMs: 5_000 };
/** A session that lasted this long was a real one: the next reconnect starts from the shortest delay again. */
const STABLE_AFTER_MS = 10_000;

/** Keeps a connection to one of the brokers: the next one after every failure, with capped backoff, until stopped. */
export function startQueueLink(settings: QueueSettings, events: QueueLinkEvents, log: Logger): QueueLink {
  const stopping = new AbortController();
  const addresses = new AddressOrder();
  let state: QueueLinkState = 'connecting';
  let session: QueueSession | undefined;
  /** When the newest attempt succeeded. */
  let openedMs: number | undefined;

  const runSession = async (server: QueueServer): Promise<Error> => {
    try {
      const opened = await QueueSession.connect({ ...settings, server }, stopping.signal, addresses);
      if (opened.contradiction !== undefined) {
        await opened.close();
        return wrongBroker(server, opened.contradiction);
      }
      session = opened;
      openedMs = performance.now();
      state = 'up';
      log.info({ broker: server, server: opened.broker, dialect: opened.dialect.name }, 'queue connected');
      for (const warning of opened.warnings) log.warn({ broker: server }, warning);
      events.onUp(opened);
      return await watchSession(opened, settings.heartbeatMs, events);
    } catch (err) {
      return toError(err);
    }
  };

  const run = async () => {
    // Attempts and sessions each have a backoff of their own: the length of an outage says nothing about a session.
    let attempts = 0;
    let shortSessions = 0;
    let next = 0;
    while (!stopping.signal.aborted) {
      const server = settings.servers[next % settings.servers.length];
      if (server === undefined) throw new TypeError('a queue link needs at least one server');
      openedMs = undefined;
      const error = await runSession(server);
      session = undefined;
      if (error instanceof QueueError && error.code === 'QUEUE_CLOSED' && !stopping.signal.aborted) {
        state = 'connecting';
        events.onDown(error);
        continue;
      }
      // A line for each outage, not for each attempt.
      const level = state === 'down' ? 'debug' : 'warn';
      state = 'down';
      if (stopping.signal.aborted) return;
      next += 1;
      log[level]({ err: error, broker: server }, 'queue not connected');
      events.onDown(error);
      if (openedMs === undefined) attempts += 1;
      else {
        attempts = 0;
        shortSessions = performance.now() - openedMs > STABLE_AFTER_MS ? 0 : shortSessions + 1;
      }
      await pause(backoffDelayMs(Math.max(attempts, shortSessions, 1) - 1, RECONNECT), stopping.signal);
    }
  };
  const ended = run();

  return {
    get state() {
      return state;
    },
    get session() {
      return session;
    },
    async stop() {
      stopping.abort();
      await session?.close();
      await ended;
    },
  };
}

/** Reports signs of life until the session ends; the heart-beat supervision inside the session ends a silent one. */
async function watchSession(
  session: QueueSession,
  heartbeatMs: number,
  events: QueueLinkEvents,
): Promise<QueueError> {
  let bytesRead = 0;
  events.onAlive();
  const timer = setInterval(() => {
    if (session.bytesRead === bytesRead) return;
    bytesRead = session.bytesRead;
    events.onAlive();
  }, heartbeatMs);
  try {
    return await session.closed;
  } finally {
    clearInterval(timer);
  }
}
