import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChildProgram, freePort, startChildProgram } from '@podips/simulation';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { createRawHttp } from '../support/raw-http.js';

const PATIENCE = { timeout: 60_000, interval: 50 };
const REQUESTS = 2_000;
const NOWHERE = '127.0.0.1:1';

let dir: string;
let program: ChildProgram | undefined;
let http: ReturnType<typeof createRawHttp> | undefined;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'podips-pipelined-'));
});
afterEach(async () => {
  http?.destroyAll();
  await program?.stop();
});
afterAll(() => rm(dir, { recursive: true, force: true }));

// The programs have the heap that they have in the images. What they need is out of reach, which does not matter here.
it.each([
  { name: 'reader', path: '/metrics', clients: 2, connectionsEach: 50 },
  { name: 'writer', path: '/metrics', clients: 2, connectionsEach: 50 },
  { name: 'monitor', path: '/', clients: 2, connectionsEach: 100 },
])(
  'the $name lives on and answers others while $clients clients read none of the answers to their pipelined requests',
  async ({ name, path, clients, connectionsEach }) => {
    const port = await freePort();
    const child = startChildProgram({
      name,
      program: `services/${name}/dist/main.js`,
      args: name === 'reader' ? ['--incluster=false'] : [],
      env: {
        HTTP_HOST: '127.0.0.1',
        HTTP_PORT: String(port),
        CONFIG_DIR: dir,
        STATUS_DIR: dir,
        MONITOR_DATA_DIR: dir,
        HOME: dir,
        QUEUE_HOST: NOWHERE,
        LOG_SERVER: '127.0.0.1',
        LOG_SERVER_PORT: '1',
        KUBE_APISERVER_URL: `http://${NOWHERE}`,
      },
    });
    program = child;
    const url = `http://127.0.0.1:${port}`;
    await vi.waitFor(() => fetch(`${url}/healthz`), PATIENCE);
    const raw = createRawHttp(port);
    http = raw;
    const closed = Array.from({ length: clients * connectionsEach }, (_, n) => {
      const connection = raw.open(`127.0.4.${1 + (n % clients)}`);
      connection.socket.pause();
      connection.send(`GET ${path} HTTP/1.1\r\nhost: ${name}\r\n\r\n`.repeat(REQUESTS));
      return new Promise((resolve) => connection.socket.on('error', resolve).on('close', resolve));
    });
    // Not that of the connections, which notice it only when they read: that the server has no more of them.
    await vi.waitFor(async () => expect((await fetch(`${url}${path}`)).status).toBe(200), PATIENCE);
    raw.resumeAll();
    await Promise.all(closed);
    expect(child.running).toBe(true);
    expect(await child.peakBytes()).toBeLessThan(300_000_000);
  },
);
