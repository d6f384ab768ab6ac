import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from '../logger.js';
import { httpSpecs, statusDirSpecs } from '../settings/index.js';
import { openStatusFile } from '../status-file.js';
import { type ProbeOptions, probe, STATUS_AGE_LIMIT_MS } from './probe.js';

const NOW_MS = Date.parse('2026-11-20T14:05:00Z');
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'podips-probe-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function options(changes: Partial<ProbeOptions> = {}): ProbeOptions {
  return { statusDir: dir, httpHost: '::', httpPort: 1, now: () => NOW_MS, timeoutMs: 5_000, ...changes };
}

function statusFile(name: string, ageMs: number): void {
  writeFileSync(join(dir, name), '');
  utimesSync(join(dir, name), NOW_MS / 1_000, (NOW_MS - ageMs) / 1_000);
}

describe('a probe of status files', () => {
  test('succeeds while all of them are fresh', async () => {
    statusFile('kubernetes_status', 0);
    statusFile('queue_status', STATUS_AGE_LIMIT_MS);
    expect(await probe(['kubernetes_status', 'queue_status'], options())).toEqual([]);
  });

  test('says which file is too old, and which is missing', async () => {
    statusFile('kubernetes_status', STATUS_AGE_LIMIT_MS + 1_000);
    expect(await probe(['kubernetes_status', 'queue_status'], options())).toEqual([
      expect.stringMatching(/kubernetes_status is 301 s old/),
      expect.stringMatching(/queue_status is missing/),
    ]);
  });

  test('says when a file cannot be read', async () => {
    statusFile('no-folder', 0);
    const [problem] = await probe(['queue_status'], options({ statusDir: join(dir, 'no-folder') }));
    expect(problem).toMatch(/queue_status cannot be read: ENOTDIR/);
  });

  test('follows what a service writes and removes', async () => {
    const file = openStatusFile({ dir, name: 'log_status', log: createLogger('test', 'silent') });
    const ask = () => probe(['log_status'], options({ now: Date.now }));
    file.works();
    expect(await ask()).toEqual([]);
    file.fails();
    expect(await ask()).toHaveLength(1);
  });

  test('fails without a target', async () => {
    expect(await probe([], options())).toHaveLength(1);
  });

  test('knows the defaults of the services', () => {
    expect(statusDirSpecs.STATUS_DIR.default).toBe('/tmp');
    expect(httpSpecs.HTTP_HOST.default).toBe('::');
    expect(httpSpecs.HTTP_PORT.default).toBe(8080);
  });
});

describe('a probe of an HTTP path', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  async function serve(status: number | undefined, host = '127.0.0.1'): Promise<number> {
    server = createServer((_request, response) => {
      if (status !== undefined) response.writeHead(status).end('x');
    });
    await new Promise<void>((resolve) => server?.listen(0, host, resolve));
    // A TCP server that listens has an AddressInfo.
    return (server.address() as AddressInfo).port;
  }

  test('succeeds on a 2xx response', async () => {
    expect(await probe(['/healthz'], options({ httpPort: await serve(200) }))).toEqual([]);
  });

  test.each(['::1', '127.0.0.1', '::ffff:127.0.0.1'])('finds a server that listens on %s', async (host) => {
    const httpPort = await serve(200, host);
    expect(await probe(['/healthz'], options({ httpPort }))).toEqual([]);
    expect(await probe(['/healthz'], options({ httpPort, httpHost: host }))).toEqual([]);
  });

  test('says which status came instead', async () => {
    const [problem] = await probe(['/readyz'], options({ httpPort: await serve(503) }));
    expect(problem).toMatch(/\/readyz answers 503$/);
  });

  test('does not wait for ever', async () => {
    const httpPort = await serve(undefined);
    const [problem] = await probe(['/healthz'], options({ httpPort, timeoutMs: 50 }));
    expect(problem).toMatch(/no answer within 50 ms/);
    server?.closeAllConnections();
  });

  test('says that the connection is refused', async () => {
    const httpPort = await serve(200);
    await new Promise((resolve) => server?.close(resolve));
    expect((await probe(['/healthz'], options({ httpPort })))[0]).toMatch(/ECONNREFUSED/);
  });
});
