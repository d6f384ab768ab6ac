import { createLogger, DEFAULT_QUEUE_NAME, DIALECTS, type ReceivedMessage } from '@podips/shared';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  FLUENT_OPTIONS,
  RecordingServer,
  serverAt,
  startSilentServer,
} from './fluent-server.test.helpers.js';
import { FluentSession } from './fluent-session.js';
import { Forwarder, type ForwarderOptions } from './forwarder.js';
import { Inbox, type InboxSession } from './inbox.js';

const HOUR_MS = 3_600_000;
const log = createLogger('test', 'silent');
const events = { onAlive: vi.fn(), onConnected: vi.fn(), onWritten: vi.fn(), onFailed: vi.fn() };
let server: RecordingServer;
let port: number | undefined;
let inbox: Inbox;
let forwarder: Forwarder;
let stopping: AbortController;
let running: Promise<void>;
let deliver: ((message: ReceivedMessage) => void) | undefined;
let acked: number;
let requeued: number;

beforeEach(async () => {
  vi.clearAllMocks();
  deliver = undefined;
  acked = 0;
  requeued = 0;
  stopping = new AbortController();
  server = await RecordingServer.start();
  port = server.port;
});
afterEach(async () => {
  vi.restoreAllMocks();
  stopping.abort();
  await running;
  await server.close();
});

function start(options: Partial<ForwarderOptions> = {}): void {
  const defaults = { batchDelayMs: 1, batchSize: 5, probeIntervalMs: HOUR_MS };
  const session: InboxSession = {
    subscribe(_destination, _prefetch, listener) {
      deliver = listener;
      return async (replacements = []) => {
        deliver = undefined;
        await session.replace(replacements);
      };
    },
    ack() {
      acked += 1;
    },
    async replace(replacements) {
      requeued += replacements.length;
    },
    dialect: DIALECTS.activemq,
  };
  const inboxEvents = { onReceived: vi.fn(), onInvalid: vi.fn(), onRequeued: vi.fn(), onHeld: vi.fn() };
  inbox = new Inbox(
    { queue: DEFAULT_QUEUE_NAME, prefetch: 100 },
    { ...inboxEvents, onReady: () => forwarder.wake() },
    log,
  );
  const servers = [serverAt(port)];
  forwarder = new Forwarder({ ...FLUENT_OPTIONS, servers, ...defaults, ...options }, inbox, events, log);
  inbox.sessionStarted(session);
  running = forwarder.run(stopping.signal);
}

/** Delivers messages as soon as intake is open. */
async function deliverMessages(count: number): Promise<void> {
  await vi.waitFor(() => expect(deliver).toBeDefined());
  for (let n = 0; n < count; n += 1)
    deliver?.({ headers: { 'message-id': `${n}` }, body: Buffer.from(`{"n":${n}}`) });
}

describe('the forwarder', () => {
  it('acknowledges a message when Fluentd has it', async () => {
    start();
    await deliverMessages(3);
    await vi.waitFor(() => expect(acked).toBe(3));
    expect(server.entries.map(({ record }) => record)).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
    expect(events.onWritten.mock.calls.map(([batch]) => batch.length)).toEqual([3]);
    expect([inbox.size, requeued]).toEqual([0, 0]);
  });

  it('sends a full chunk at once, and what is left when it is asked to drain', async () => {
    start({ batchDelayMs: HOUR_MS });
    await deliverMessages(7);
    await vi.waitFor(() => expect(acked).toBe(5));
    expect(inbox.waiting).toBe(2);
    await forwarder.drain(AbortSignal.timeout(10_000));
    expect([acked, inbox.size]).toEqual([7, 0]);
  });

  it('drains no longer than it may', async () => {
    const silent = await startSilentServer();
    port = silent.port;
    start();
    await deliverMessages(3);
    await forwarder.drain(AbortSignal.abort());
    expect([acked, inbox.size]).toEqual([0, 3]);
    await silent.stop();
  });

  it('requeues all messages in flight when an ack is overdue, and reports a timeout', async () => {
    const silent = await startSilentServer();
    port = silent.port;
    start({ ackTimeoutMs: 50 });
    await deliverMessages(3);
    await vi.waitFor(() => expect(requeued).toBe(3));
    expect([acked, inbox.size]).toEqual([0, 0]);
    expect(events.onFailed.mock.calls[0]?.[0]).toMatchObject({ code: 'FLUENT_ACK_TIMEOUT', status: 504 });
    stopping.abort();
    await running;
    await silent.stop();
  });

  it('calls it an outage when every server of the list has failed', async () => {
    await server.close();
    start({ servers: [serverAt(port), { host: '127.0.0.1', port: 1 }] });
    await vi.waitFor(() => expect(events.onFailed.mock.calls.length).toBeGreaterThan(2));
    const othersLeft = events.onFailed.mock.calls.map(([, others]) => others);
    expect(othersLeft.slice(0, 3)).toEqual([true, false, false]);
    server = await RecordingServer.start();
  });

  it('calls it an outage also when connections last, but no server acknowledges', async () => {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => {
      now += HOUR_MS;
      return now;
    });
    const silent = [await startSilentServer(), await startSilentServer()];
    onTestFinished(async () => void (await Promise.all(silent.map((one) => one.stop()))));
    start({ servers: silent.map((one) => serverAt(one.port)), ackTimeoutMs: 50 });
    for (let failures = 1; failures <= 2; failures += 1) {
      await deliverMessages(1);
      await vi.waitFor(() => expect(events.onFailed).toHaveBeenCalledTimes(failures));
    }
    expect(events.onFailed.mock.calls.map(([, othersLeft]) => othersLeft)).toEqual([true, false]);
    stopping.abort();
    await running;
  });

  it('keeps intake closed while it has no connection', async () => {
    await server.close();
    start();
    await vi.waitFor(() => expect(events.onFailed).toHaveBeenCalled());
    expect(deliver).toBeUndefined();
    server = await RecordingServer.start(port);
    await deliverMessages(1);
    await vi.waitFor(() => expect(acked).toBe(1));
    expect(events.onConnected).toHaveBeenCalledTimes(1);
  });

  it('writes one line for an outage, not one for each attempt', async () => {
    const warn = vi.spyOn(log, 'warn');
    await server.close();
    start();
    await vi.waitFor(() => expect(events.onFailed.mock.calls.length).toBeGreaterThan(1));
    expect(warn).toHaveBeenCalledTimes(1);
    server = await RecordingServer.start();
  });

  it('writes a line also for an outage that begins while the link is idle', async () => {
    const warn = vi.spyOn(log, 'warn');
    start();
    await vi.waitFor(() => expect(events.onConnected).toHaveBeenCalled());
    await server.close();
    await vi.waitFor(() => expect(events.onFailed.mock.calls.length).toBeGreaterThan(1));
    expect(warn).toHaveBeenCalledTimes(1);
    server = await RecordingServer.start();
  });

  it('returns to a preferred server that answers again, without sending anything twice', async () => {
    const standby = await RecordingServer.start();
    onTestFinished(() => standby.close());
    await server.close();
    start({ servers: [serverAt(port), serverAt(standby.port)], probeIntervalMs: 5 });
    await deliverMessages(5);
    await vi.waitFor(() => expect(standby.entries).toHaveLength(5));
    server = await RecordingServer.start(port);
    await deliverMessages(5);
    await vi.waitFor(() => expect(acked).toBe(10));
    expect(server.entries).toEqual([]);
    const now = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => now + HOUR_MS);
    await vi.waitFor(async () => {
      await deliverMessages(5);
      expect(server.entries.length).toBeGreaterThan(0);
    });
    await vi.waitFor(() => expect(inbox.size).toBe(0));
    expect(acked).toBe(server.entries.length + standby.entries.length);
    expect(requeued).toBe(0);
    expect(events.onConnected.mock.calls.map(([place]) => place)).toEqual([1, 0]);
    expect(events.onFailed.mock.calls.map(([, othersLeft]) => othersLeft)).toEqual([true]);
  });

  it('forwards over a new session when a preferred server answers after the old one has ended', async () => {
    const standby = await RecordingServer.start();
    onTestFinished(() => standby.close());
    const connect = FluentSession.connect.bind(FluentSession);
    const sessions: FluentSession[] = [];
    const firstAnswer = Promise.withResolvers<void>();
    let probes = 0;
    vi.spyOn(FluentSession, 'connect').mockImplementation(async (to, ...rest) => {
      const isProbe = to.port === port && sessions.length > 0;
      if (isProbe) {
        probes += 1;
        if (probes > 1) throw new Error('it answers only once');
        await firstAnswer.promise;
      }
      const session = await connect(to, ...rest);
      if (to.port !== port) sessions.push(session);
      return session;
    });
    await server.close();
    start({ servers: [serverAt(port), serverAt(standby.port)], probeIntervalMs: 5 });
    await deliverMessages(1);
    await vi.waitFor(() => expect(acked).toBe(1));
    server = await RecordingServer.start(port);
    const now = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => now + HOUR_MS);
    await vi.waitFor(() => expect(probes).toBe(1));
    sessions.forEach((session) => void session.close());
    await vi.waitFor(() => expect(events.onConnected).toHaveBeenCalledTimes(2));
    firstAnswer.resolve();
    await vi.waitFor(() => expect(probes).toBeGreaterThan(1));
    await deliverMessages(1);
    await vi.waitFor(() => expect(acked).toBe(2));
    expect(standby.entries).toHaveLength(2);
  });

  it('proves an idle link by probes', async () => {
    start({ probeIntervalMs: 10 });
    await vi.waitFor(() => expect(events.onAlive.mock.calls.length).toBeGreaterThan(1));
    expect(events.onWritten).not.toHaveBeenCalled();
  });

  it('ends while it waits for the next attempt', async () => {
    await server.close();
    start();
    await vi.waitFor(() => expect(events.onFailed).toHaveBeenCalled());
    stopping.abort();
    await running;
    server = await RecordingServer.start();
  });
});
