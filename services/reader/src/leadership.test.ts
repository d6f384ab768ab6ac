import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { createLogger } from '@podips/shared';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { awaitLeadership, type LeadershipOptions, soleLeadership } from './leadership.js';

const log = createLogger('test', 'silent');
const signal = new AbortController().signal;
let server: Server;
let options: LeadershipOptions;

/** A database that hangs up on everybody. */
beforeEach(async () => {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.destroy();
  });
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  options = {
    database: { host: '127.0.0.1', port, user: 'podips', password: '', database: 'queue' },
    cluster: 'default',
    standbyIntervalMs: 10,
    databaseWaitMs: 50,
  };
});
afterEach(async () => {
  server.close();
  await once(server, 'close');
});

it('a reader leads without being asked for when there is no database', async () => {
  const leadership = soleLeadership();
  expect(leadership.confirmed).toBe(true);
  await leadership.confirmation;
  await leadership.release();
  await leadership.over;
});

it('a reader leads, unconfirmed, when the database has not answered for so long', async () => {
  const onStandby = vi.fn();
  const leadership = await awaitLeadership(options, { onStandby }, log, signal);
  expect(leadership?.confirmed).toBe(false);
  expect(onStandby).not.toHaveBeenCalled();
  await leadership?.release();
  await leadership?.over;
});

it('a reader that is stopped while it waits never leads', async () => {
  const stopping = new AbortController();
  const waiting = awaitLeadership(
    { ...options, databaseWaitMs: 3_600_000 },
    { onStandby: () => undefined },
    log,
    stopping.signal,
  );
  await once(server, 'connection');
  stopping.abort();
  expect(await waiting).toBeUndefined();
});
