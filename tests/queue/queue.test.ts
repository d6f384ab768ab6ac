import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { createLogger, QueueSession, type QueueSettings, startQueueLink } from '@podips/shared';
import { type ActiveMq, freePort, startActiveMq, startProxy, type TcpProxy } from '@podips/simulation';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

const log = createLogger('test', 'silent');
const PATIENCE = { timeout: 30_000, interval: 50 };
const USER = 'podips';
const PASSWORD = 'secret';

let broker: ActiveMq;
let queue: string;
let tests = 0;
beforeAll(async () => {
  broker = await startActiveMq({ users: [{ name: USER, password: PASSWORD }] });
});
afterAll(() => broker?.destroy());
beforeEach(() => {
  tests += 1;
  queue = `/queue/test-${tests}`;
});

const settings = (overrides: Partial<QueueSettings> = {}): QueueSettings => ({
  servers: [{ host: '127.0.0.1', port: broker.port }],
  name: '/queue/pods',
  username: USER,
  password: PASSWORD,
  heartbeatMs: 5_000,
  connectTimeoutMs: 30_000,
  receiptTimeoutMs: 30_000,
  ...overrides,
});

async function connect(overrides: Partial<QueueSettings> = {}): Promise<QueueSession> {
  const all = settings(overrides);
  const [server] = all.servers;
  if (!server) throw new Error('no server');
  return QueueSession.connect({ ...all, server });
}

const messages = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ destination: queue, body: `{"n":${index}}` }));

describe('a queue session', () => {
  it('rejects what has no receipt when the broker is killed', async () => {
    const session = await connect();
    broker.freeze();
    const rejected = expect(session.send(messages(10))).rejects.toMatchObject({
      code: 'QUEUE_CONNECTION_FAILED',
      retryable: true,
    });
    await broker.stop('SIGKILL');
    await rejected;
    await expect(session.send(messages(1))).rejects.toMatchObject({ retryable: true });
    await broker.start();
  });

  it('notices a broker that is frozen, though its socket stays open', async () => {
    const session = await connect({ heartbeatMs: 500 });
    expect(session.warnings).toEqual([]);
    broker.freeze();
    await session.closed;
    broker.thaw();
  });

  it('ends when a receipt is overdue, because it is unknown what the broker has', async () => {
    // Without heart-beats in time only the receipt can show it.
    const session = await connect({ heartbeatMs: 60_000, receiptTimeoutMs: 300 });
    broker.freeze();
    await expect(session.send(messages(1))).rejects.toMatchObject({ code: 'QUEUE_RECEIPT_TIMEOUT' });
    expect(session.open).toBe(false);
    broker.thaw();
  });
});

describe('connecting', () => {
  let silent: Server;
  let proxy: TcpProxy | undefined;
  beforeEach(async () => {
    silent = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
  });
  afterEach(async () => {
    await proxy?.stop();
    silent.close();
  });
  const silentServer = () => {
    const address = silent.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return { host: '127.0.0.1', port: address.port };
  };

  it('has a deadline that covers the answer to CONNECT', async () => {
    await expect(connect({ servers: [silentServer()], connectTimeoutMs: 200 })).rejects.toMatchObject({
      code: 'QUEUE_CONNECT_TIMEOUT',
    });
  });

  it('tries the next broker when one fails', async () => {
    silent.on('connection', (socket) => socket.destroy());
    const servers = [{ host: '127.0.0.1', port: await freePort() }, silentServer(), ...settings().servers];
    const onDown = vi.fn();
    const events = { onUp: vi.fn(), onDown, onAlive: vi.fn() };
    const link = startQueueLink(settings({ servers }), events, log);
    await vi.waitFor(() => expect(link.state).toBe('up'), PATIENCE);
    expect(onDown).toHaveBeenCalledTimes(2);
    await link.stop();
  });

  it('reconnects after the connection was cut, and reports that it is alive in between', async () => {
    proxy = await startProxy({ host: '127.0.0.1', port: broker.port });
    const events = { onUp: vi.fn(), onDown: vi.fn(), onAlive: vi.fn() };
    const link = startQueueLink(
      settings({ servers: [{ host: '127.0.0.1', port: proxy.port }], heartbeatMs: 1_000 }),
      events,
      log,
    );
    await vi.waitFor(() => expect(events.onAlive.mock.calls.length).toBeGreaterThan(2), PATIENCE);
    proxy.cut();
    await vi.waitFor(() => expect(events.onUp).toHaveBeenCalledTimes(2), PATIENCE);
    expect(events.onDown).toHaveBeenCalledTimes(1);
    await link.stop();
  });
});
