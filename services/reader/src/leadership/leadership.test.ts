import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@podips/shared';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openMarkers } from '../store/marker-file.js';
import { awaitLeadership, type LeadershipOptions, soleLeadership } from './leadership.js';

const log = createLogger('test', 'silent');
const signal = new AbortController().signal;
let server: Server;
let dir: string;
let options: LeadershipOptions;

/** The parameters by which clients introduced themselves. */
let introduced: string[];

/** A database that hangs up on everybody who has said who he is. */
beforeEach(async () => {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (bytes) => {
      // Length and version, then names and values in turn, each ended by a zero.
      const words = bytes.subarray(8).toString().split('\0');
      introduced.push(...words.filter((word, n) => n % 2 === 0 && word !== ''));
      socket.destroy();
    });
  });
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  introduced = [];
  dir = mkdtempSync(join(tmpdir(), 'podips-rival-'));
  options = {
    rival: openMarkers(dir, log).rival,
    database: { host: '127.0.0.1', port, user: 'podips', password: '', database: 'queue' },
    cluster: 'default',
    standbyIntervalMs: 10,
    databaseWaitMs: 50,
  };
});
afterEach(async () => {
  server.close();
  await once(server, 'close');
  rmSync(dir, { recursive: true });
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

it('a reader that was told of another one stands by without a database, as do those after a restart', async () => {
  options.rival.set(new Date());
  const restarted = { ...options, databaseWaitMs: 0, rival: openMarkers(dir, log).rival };
  const stopping = new AbortController();
  let attempts = 0;
  const onStandby = () => {
    attempts += 1;
    if (attempts === 3) stopping.abort();
  };
  expect(await awaitLeadership(restarted, { onStandby }, log, stopping.signal)).toBeUndefined();
  expect(attempts).toBe(3);
});

it('what a reader knows of another one is gone when it leads, and lasts where nothing can be written', () => {
  options.rival.set(new Date());
  options.rival.clear();
  expect(openMarkers(dir, log).rival.since).toBeUndefined();
  const warn = vi.spyOn(log, 'warn');
  const note = openMarkers(join(dir, 'missing'), log).rival;
  note.set(new Date());
  note.set(new Date());
  expect(note.since).toBeDefined();
  expect(warn).toHaveBeenCalledTimes(1);
  warn.mockRestore();
});

it('a reader asks with no parameter that a pooler of connections would refuse', async () => {
  const leadership = await awaitLeadership(
    { ...options, databaseWaitMs: 0 },
    { onStandby: vi.fn() },
    log,
    signal,
  );
  await leadership?.release();
  expect(new Set(introduced)).toEqual(new Set(['user', 'database', 'client_encoding', 'application_name']));
});
