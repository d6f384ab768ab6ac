import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { FluentServer } from '@fluent-org/logger';
import { AddressOrder } from '@podips/shared';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  FLUENT_OPTIONS,
  RecordingServer,
  serverAt,
  startSilentServer,
} from './fluent-server.test.helpers.js';
import { FluentSession, probeFluent } from './fluent-session.js';
import { type LogEvent, toLogEvent } from './record.js';

type LookupDone = (err: null, addresses: LookupAddress[]) => void;
type Resolver = ConstructorParameters<typeof AddressOrder>[0];

/** A deadline that a connection on this machine meets, however busy it is. */
const SOON_MS = 2_000;
const PATIENT_MS = 30_000;
const never = new AbortController().signal;
let server: RecordingServer;
let port: number | undefined;
beforeEach(async () => {
  server = await RecordingServer.start();
  port = server.port;
});
afterEach(() => server.close());

/** An order for which every name has these addresses. */
const orderOf = (...addresses: string[]) => {
  const found = addresses.map((address) => ({ address, family: 4 }));
  const resolve = (_host: string, _options: object, done: LookupDone) => done(null, found);
  // The order asks for all addresses alone; the system's resolver has more forms than that.
  return new AddressOrder(resolve as Resolver);
};
const event = (n: number): LogEvent => toLogEvent(Buffer.from(`{"n":${n}}`), 1_700_000_000_000);
const open = (to = port, options = {}, signal = never) =>
  FluentSession.connect(serverAt(to), { ...FLUENT_OPTIONS, ...options }, new AddressOrder(), signal);
const connect = async (...to: Parameters<typeof open>) => {
  const session = await open(...to);
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
    await expect(open()).rejects.toMatchObject({
      code: 'FLUENT_CONNECT_FAILED',
      retryable: true,
      status: 503,
    });
    server = await RecordingServer.start();
  });

  it('that is stopped while it connects ends at once', async () => {
    const stopping = new AbortController();
    const connecting = open(port, {}, stopping.signal);
    stopping.abort();
    await expect(connecting).rejects.toMatchObject({ code: 'FLUENT_CONNECT_FAILED' });
  });

  it('that waits in vain for the greeting of a server with a shared key says so', async () => {
    const login = { sharedKey: 'key', username: '', password: '' };
    await expect(open(port, { login, connectTimeoutMs: SOON_MS })).rejects.toMatchObject({
      code: 'FLUENT_CONNECT_FAILED',
      message: expect.stringContaining('no greeting of a server with a shared key within'),
    });
  });

  it('that waits in vain for TLS says so', async () => {
    const { port: silentPort } = await silent();
    await expect(open(silentPort, { tls: {}, connectTimeoutMs: 50 })).rejects.toMatchObject({
      code: 'FLUENT_CONNECT_FAILED',
      message: expect.stringContaining('no TLS connection within 50 ms'),
    });
  });

  it('names the file of TLS that cannot be read any more', async () => {
    await expect(open(port, { tls: { caFile: '/nowhere/ca.crt' } })).rejects.toMatchObject({
      code: 'FLUENT_CONNECT_FAILED',
      message: expect.stringContaining('LOG_TLS'),
    });
  });

  it('reaches the second address of a name whose first takes connections and stays mute', async () => {
    const login = { sharedKey: 'key', username: '', password: '' };
    const security = { serverHostname: 'fluentd', sharedKey: 'key', authorize: false, userDict: {} };
    const good = new FluentServer({ security, listenOptions: { host: '127.0.0.3', port: 0 } });
    await good.listen();
    onTestFinished(() => good.close());
    const mute = createServer((socket) => void sockets.push(socket)).listen(good.port, '127.0.0.2');
    const sockets: Socket[] = [];
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      mute.close();
    });
    await once(mute, 'listening');
    const addresses = orderOf('127.0.0.2', '127.0.0.3');
    const server = { host: 'fluentd.example', port: good.port ?? 0 };
    const attempt = (connectTimeoutMs: number) =>
      FluentSession.connect(server, { ...FLUENT_OPTIONS, login, connectTimeoutMs }, addresses, never);
    await expect(attempt(SOON_MS)).rejects.toMatchObject({ code: 'FLUENT_CONNECT_FAILED' });
    const session = await attempt(PATIENT_MS);
    expect(sockets).toHaveLength(1);
    session.close();
  });

  it('without a login reaches the second address when the first acknowledges nothing', async () => {
    const good = new FluentServer({ listenOptions: { host: '127.0.0.3', port: 0 } });
    await good.listen();
    onTestFinished(() => good.close());
    const mute = createServer((socket) => socket.resume()).listen(good.port, '127.0.0.2');
    onTestFinished(() => void mute.close());
    await once(mute, 'listening');
    const addresses = orderOf('127.0.0.2', '127.0.0.3');
    const server = { host: 'fluentd.example', port: good.port ?? 0 };
    const reach = (ackTimeoutMs: number) =>
      FluentSession.connect(server, { ...FLUENT_OPTIONS, ackTimeoutMs }, addresses, never);
    const first = await reach(50);
    await expect(first.send([event(1)])).rejects.toMatchObject({ code: 'FLUENT_ACK_TIMEOUT' });
    const second = await reach(PATIENT_MS);
    onTestFinished(() => second.close());
    await second.send([event(1)]);
  });

  it('ends when an ack is overdue, because it is unknown what Fluentd has stored', async () => {
    const { port: silentPort } = await silent();
    const session = await connect(silentPort, { ackTimeoutMs: 50 });
    const late = { code: 'FLUENT_ACK_TIMEOUT', status: 504, retryable: true };
    await expect(session.send([event(1)])).rejects.toMatchObject(late);
    expect(await session.closed).toMatchObject(late);
    await expect(session.send([event(2)])).rejects.toMatchObject(late);
  });

  it('rejects all that is not acknowledged when the connection is reset', async () => {
    const { port: silentPort } = await silent((socket) => socket.resetAndDestroy());
    const session = await connect(silentPort);
    const sends = [session.send([event(1)]), session.send([event(2)])];
    for (const { status, reason } of await Promise.allSettled(sends).then(rejections)) {
      expect(status).toBe('rejected');
      expect(reason).toMatchObject({ retryable: true, status: 503 });
    }
    await session.closed;
  });

  it('reports a connection that Fluentd closes while nothing is sent', async () => {
    const { port: silentPort, sockets } = await silent();
    const session = await connect(silentPort);
    await vi.waitFor(() => expect(sockets.size).toBe(1));
    for (const socket of sockets) socket.destroy();
    expect(await session.closed).toMatchObject({ retryable: true, status: 503 });
  });

  it('that is closed by us rejects what is under way, and closes twice without harm', async () => {
    const { port: silentPort } = await silent();
    const session = await connect(silentPort);
    const sent = expect(session.send([event(1)])).rejects.toMatchObject({ code: 'FLUENT_CLOSED' });
    session.close();
    session.close();
    await sent;
    expect(await session.closed).toMatchObject({ code: 'FLUENT_CLOSED' });
  });
});

describe('a probe', () => {
  it('succeeds where something accepts connections', async () => {
    await expect(
      probeFluent(serverAt(port), FLUENT_OPTIONS, new AddressOrder(), never),
    ).resolves.toBeUndefined();
  });

  it('fails where nothing does', async () => {
    await server.close();
    await expect(
      probeFluent(serverAt(port), FLUENT_OPTIONS, new AddressOrder(), never),
    ).rejects.toMatchObject({
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
