import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { EXEC_PROVIDER, ExecAuthenticator } from './exec-plugin.js';
import { createKubeClient } from './kube-client.js';
import { withoutCaches } from './kube-config.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'podips-plugin-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A plugin that notes its process id, and then does what the script says. */
function userOf(script: string) {
  const file = join(dir, 'plug');
  writeFileSync(file, `echo $$ >> "$PIDS"\n${script}\n`);
  const env = [{ name: 'PIDS', value: join(dir, 'pids') }];
  return { authProvider: { config: { command: '/bin/sh', args: [file], env } } };
}

const pids = () => readFileSync(join(dir, 'pids'), 'utf8').trim().split('\n').map(Number);

/** One that was killed is not alive while nobody has collected it, as is the way of orphans in some containers. */
const isAlive = (pid: number) => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

const credential = (status: object) => `printf '%s' '${JSON.stringify({ kind: 'ExecCredential', status })}'`;

it('starts one plugin for all requests that wait, and kills it when it hangs', async () => {
  const authenticator = new ExecAuthenticator(1_000);
  const user = userOf('sh -c \'echo $$ >> "$PIDS"; exec sleep 600\'; true');
  const asked = [{}, {}, {}].map((options) => authenticator.applyAuthentication(user, options));
  for (const one of asked) await expect(one).rejects.toThrow('/bin/sh did not end within 1000 ms');
  // The script, and the program that it started.
  expect(pids()).toHaveLength(2);
  await vi.waitFor(() => expect(pids().filter(isAlive)).toEqual([]));
});

it('kills a plugin that does not stop to write', async () => {
  const asked = new ExecAuthenticator().applyAuthentication(userOf('exec yes secret'), {});
  await expect(asked).rejects.toThrow(/^the plugin \/bin\/sh printed more than 1048576 characters$/);
  await vi.waitFor(() => expect(pids().filter(isAlive)).toEqual([]));
});

it('gives a plugin no input to wait for, and shows what it hands out until that expires', async () => {
  const authenticator = new ExecAuthenticator();
  const shown = async (status: object) => {
    const options = { headers: { Accept: 'a' } };
    await authenticator.applyAuthentication(userOf(`cat\n${credential(status)}`), options);
    return options;
  };
  const past = { token: 'one', expirationTimestamp: '2020-01-01T00:00:00Z' };
  expect(await shown(past)).toEqual({ headers: { Accept: 'a', Authorization: 'Bearer one' } });
  const certificate = { clientCertificateData: 'c', clientKeyData: 'k' };
  const expected = { headers: { Accept: 'a' }, cert: 'c', key: 'k' };
  expect(await shown(certificate)).toEqual(expected);
  expect(await shown({ token: 'three' })).toEqual(expected);
  expect(pids()).toHaveLength(2);
});

it('asks once for all requests that were refused together', async () => {
  const refused: ServerResponse[] = [];
  const server = createServer(({ headers }, response) => {
    if (headers.authorization === 'Bearer two') return void response.end('{}');
    refused.push(response);
    if (refused.length === 3) for (const one of refused) one.writeHead(401).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  // A TCP server that listens has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  const { authProvider } = userOf(
    `test "$(wc -l < "$PIDS")" -gt 1 || { ${credential({ token: 'one' })}; exit; }\n${credential({ token: 'two' })}`,
  );
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'c', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
    { name: 'u', authProvider: { name: EXEC_PROVIDER, ...authProvider } },
  );
  const client = createKubeClient(withoutCaches(config));
  onTestFinished(() => client.close());
  const request = {
    path: '/x',
    query: {},
    headersDeadlineMs: 20_000,
    bodyIdleMs: 20_000,
    signal: AbortSignal.timeout(20_000),
  };
  const answers = await Promise.all([1, 2, 3].map(() => client.get(request)));
  for (const { body } of answers) await body.dump();
  expect(pids()).toHaveLength(2);
});

it('says which plugin cannot be started', async () => {
  const user = { authProvider: { config: { command: join(dir, 'none'), args: ['secret'] } } };
  const asked = new ExecAuthenticator().applyAuthentication(user, {});
  await expect(asked).rejects.toThrow(new Error(`the plugin ${join(dir, 'none')} cannot be started: ENOENT`));
});

it.each([
  ['echo away >&2; exit 3', 'the plugin /bin/sh ended with 3: away'],
  ['echo secret', 'the plugin /bin/sh printed no ExecCredential'],
  ['echo {}', 'the plugin /bin/sh printed no ExecCredential'],
])('says how a plugin failed, without its output: %s', async (script, text) => {
  const asked = new ExecAuthenticator().applyAuthentication(userOf(script), {});
  await expect(asked).rejects.toThrow(new Error(text));
});
