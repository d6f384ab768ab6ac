import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DatabasePool, inTransaction, openPool, runStatement } from '@podips/shared';
import { freePort, type LocalPostgres, startPostgres } from '@podips/simulation';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { PATIENCE } from '../support/reader-case.js';
import { log } from '../support/test-databases.js';

let sockets: string;
let primary: LocalPostgres;
let standby: LocalPostgres;
let deadPort: number;

/** A server and one that follows it. */
beforeAll(async () => {
  sockets = mkdtempSync(join(tmpdir(), 'podips-sockets-'));
  // Also for the user that PostgreSQL runs as.
  const parameters = { unix_socket_directories: sockets, unix_socket_permissions: '0777' };
  primary = await startPostgres({ parameters });
  await primary.stop();
  standby = await startPostgres({ copyOf: primary, standbyOf: primary.settings });
  await primary.start();
  deadPort = await freePort();
});
afterAll(async () => {
  await standby?.destroy();
  await primary?.destroy();
  rmSync(sockets, { recursive: true, force: true });
});

interface Opened {
  readonly host: string;
  readonly resolve?: (name: string) => Promise<readonly string[]>;
  readonly connectTimeoutMs?: number;
}

function open({ host, ...options }: Opened): DatabasePool {
  const pool = openPool({ ...primary.settings, host }, log, options);
  onTestFinished(() => pool.end());
  return pool;
}

const at = ({ settings: { port } }: LocalPostgres) => `127.0.0.1:${port}`;
/** The port of the server that runs a statement. */
async function whoWrites(pool: DatabasePool): Promise<number | undefined> {
  const { rows } = await runStatement<{ port: number }>(pool, "SELECT current_setting('port')::int AS port");
  return rows[0]?.port;
}
async function whoReads(pool: DatabasePool): Promise<number | undefined> {
  const work = (client: { query: DatabasePool['query'] }) =>
    client.query<{ port: number }>("SELECT current_setting('port')::int AS port");
  return (await inTransaction(pool, work, { readOnly: true })).rows[0]?.port;
}

describe('of several hosts', () => {
  it('one that cannot be reached is passed over', async () => {
    const pool = open({ host: `127.0.0.1:${deadPort},${at(primary)}` });
    expect(await whoWrites(pool)).toBe(primary.settings.port);
    await expect(whoWrites(open({ host: `127.0.0.1:${deadPort}` }))).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });

  it('one whose name cannot be resolved is passed over', async () => {
    expect(await whoWrites(open({ host: `nowhere.invalid,${at(primary)}` }))).toBe(primary.settings.port);
    await expect(whoWrites(open({ host: 'nowhere.invalid' }))).rejects.toThrow('nowhere.invalid');
  });

  it('one that accepts connections and says nothing is given up at the deadline, and tried last from then on', async () => {
    const mute = await listenMute();
    const host = `127.0.0.1:${mute.port},${at(primary)}`;
    const pool = open({ host, connectTimeoutMs: 3_000 });
    expect(await whoWrites(pool)).toBe(primary.settings.port);
    // It is asked once: the answer would not be another one without TLS.
    expect(mute.accepted()).toBe(1);
    await Promise.all([whoWrites(pool), whoWrites(pool), whoWrites(pool)]);
    expect(mute.accepted()).toBe(1);
  });

  it('the first that is primary is used, to read as well', async () => {
    const host = `${at(standby)},${at(primary)}`;
    expect(await whoWrites(open({ host }))).toBe(primary.settings.port);
    expect(await whoReads(open({ host }))).toBe(primary.settings.port);
  });

  it('each address of a name is one', async () => {
    const port = primary.settings.port;
    const addresses = ['127.0.0.2', '127.0.0.1'];
    const pool = open({ host: `database:${port}`, resolve: async () => addresses });
    expect(await whoWrites(pool)).toBe(port);
  });
});

it('a standby that is named alone may be read, and says that it accepts no writes', async () => {
  const pool = open({ host: at(standby) });
  expect(await whoReads(pool)).toBe(standby.settings.port);
  await expect(whoWrites(pool)).rejects.toMatchObject({
    code: 'DATABASE_STANDBY',
    message: 'the database server is a standby, which accepts no writes',
    retryable: true,
  });
});

it('a folder is that of a Unix socket', async () => {
  const pool = open({ host: `${sockets}:${primary.settings.port}` });
  expect(await whoWrites(pool)).toBe(primary.settings.port);
});

it('a pool follows a failover, whatever connections it has', async () => {
  const pool = open({ host: `${at(primary)},${at(standby)}` });
  await Promise.all([whoWrites(pool), whoWrites(pool)]);
  await primary.stop();
  const direct = open({ host: at(standby) });
  await direct.query('SELECT pg_promote()');
  await vi.waitFor(async () => expect(await whoWrites(pool)).toBe(standby.settings.port), PATIENCE);
});

/** Listens, accepts and never answers. */
async function listenMute() {
  const accepted: Socket[] = [];
  const server: Server = createServer((socket) => void accepted.push(socket.on('error', () => undefined)));
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(async () => {
    for (const socket of accepted) socket.destroy();
    server.close();
  });
  return { port, accepted: () => accepted.length };
}
