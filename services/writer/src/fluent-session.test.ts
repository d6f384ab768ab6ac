import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { fluentOptions, RecordingServer, startSilentServer } from './fluent-server.test.helpers.js';
import { FluentSession, probeFluent } from './fluent-session.js';
import { type LogEvent, toLogEvent } from './record.js';

const never = new AbortController().signal;
let server: RecordingServer;
let port: number | undefined;
beforeEach(async () => {
  server = await RecordingServer.start();
  port = server.port;
});
afterEach(() => server.close());

const event = (n: number): LogEvent => toLogEvent(Buffer.from(`{"n":${n}}`), 1_700_000_000_000);
const connect = async (options = fluentOptions(port)) => {
  const session = await FluentSession.connect(options, never);
  onTestFinished(() => session.close());
  return session;
};
const silent = async (onData?: Parameters<typeof startSilentServer>[0]) => {
  const started = await startSilentServer(onData);
  onTestFinished(() => started.stop());
  return started;
};

describe('a session with Fluentd', () => {
  it('has delivered the events when a send resolves, in order and with the tag', async () => {
    const session = await connect();
    await session.send([event(1), event(2)]);
    await session.send([event(3)]);
    expect(server.entries.map(({ record }) => record)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(new Set(server.entries.map(({ tag }) => tag))).toEqual(new Set(['audit.pod_ip']));
  });

  it('sends several chunks without waiting for each ack', async () => {
    const session = await connect();
    await Promise.all(Array.from({ length: 50 }, (_, n) => session.send([event(n)])));
    expect(server.entries).toHaveLength(50);
  });

  it('is refused where nothing listens', async () => {
    await server.close();
    await expect(FluentSession.connect(fluentOptions(port), never)).rejects.toMatchObject({
      code: 'FLUENT_CONNECT_FAILED',
      retryable: true,
      status: 503,
    });
    server = await RecordingServer.start();
  });

  it('that is stopped while it connects ends at once', async () => {
    const stopping = new AbortController();
    const connecting = FluentSession.connect(fluentOptions(port), stopping.signal);
    stopping.abort();
    await expect(connecting).rejects.toMatchObject({ code: 'FLUENT_CONNECT_FAILED' });
  });

  it('ends when an ack is overdue, because it is unknown what Fluentd has stored', async () => {
    const { port: silentPort } = await silent();
    const session = await connect({ ...fluentOptions(silentPort), ackTimeoutMs: 50 });
    const late = { code: 'FLUENT_ACK_TIMEOUT', status: 504, retryable: true };
    await expect(session.send([event(1)])).rejects.toMatchObject(late);
    expect(await session.closed).toMatchObject(late);
    await expect(session.send([event(2)])).rejects.toMatchObject(late);
  });

  it('rejects all that is not acknowledged when the connection is reset', async () => {
    const { port: silentPort } = await silent((socket) => socket.resetAndDestroy());
    const session = await connect(fluentOptions(silentPort));
    const sends = [session.send([event(1)]), session.send([event(2)])];
    for (const { status, reason } of await Promise.allSettled(sends).then(rejections)) {
      expect(status).toBe('rejected');
      expect(reason).toMatchObject({ retryable: true, status: 503 });
    }
    await session.closed;
  });

  it('reports a connection that Fluentd closes while nothing is sent', async () => {
    const { port: silentPort, sockets } = await silent();
    const session = await connect(fluentOptions(silentPort));
    await vi.waitFor(() => expect(sockets.size).toBe(1));
    for (const socket of sockets) socket.destroy();
    expect(await session.closed).toMatchObject({ retryable: true, status: 503 });
  });

  it('that is closed by us rejects what is under way, and closes twice without harm', async () => {
    const { port: silentPort } = await silent();
    const session = await connect(fluentOptions(silentPort));
    const sent = expect(session.send([event(1)])).rejects.toMatchObject({ code: 'FLUENT_CLOSED' });
    session.close();
    session.close();
    await sent;
    expect(await session.closed).toMatchObject({ code: 'FLUENT_CLOSED' });
  });
});

describe('a probe', () => {
  it('succeeds where something accepts connections', async () => {
    await expect(probeFluent(fluentOptions(port), never)).resolves.toBeUndefined();
  });

  it('fails where nothing does', async () => {
    await server.close();
    await expect(probeFluent(fluentOptions(port), never)).rejects.toMatchObject({
      code: 'FLUENT_CONNECT_FAILED',
    });
    server = await RecordingServer.start();
  });
});

function rejections(results: readonly PromiseSettledResult<void>[]) {
  return results.map((result) => ({
    status: result.status,
    reason: result.status === 'rejected' ? result.reason : undefined,
  }));
}
