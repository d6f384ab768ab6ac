import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createKubeClient, readReaderSettings } from '@podips/reader';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  startHttpProxy,
  startSocksProxy,
  startTlsRecorder,
  type TlsRecorder,
} from '../support/tls-recorder.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'podips-login-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function write(file: string, content: string): string {
  const path = join(dir, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** A plugin that prints the first of its arguments as a token, and what it learned of the cluster. */
const PLUGIN = `#!/bin/sh
test -n "$KUBERNETES_EXEC_INFO" || exit 1
printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"%s-%s"}}' "$1" "$SUFFIX"
`;

function kubeconfig(server: TlsRecorder, user: object, cluster: object = {}): string {
  const authority = Buffer.from(server.caPem).toString('base64');
  return JSON.stringify({
    'current-context': 'x',
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    clusters: [
      { name: 'c', cluster: { server: server.url, 'certificate-authority-data': authority, ...cluster } },
    ],
    users: [{ name: 'u', user }],
  });
}

type Env = Readonly<Record<string, string>>;

async function askWithKubectl(file: string, env: Env = {}): Promise<void> {
  const child = spawn('kubectl', ['get', '--raw', '/probe'], {
    env: { PATH: process.env.PATH, HOME: dir, KUBECONFIG: file, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr.pipe(process.stderr);
  expect(await once(child, 'exit')).toEqual([0, null]);
}

async function askWithReader(file: string, env: Env = {}): Promise<void> {
  const settings = readReaderSettings(['--incluster=false'], {
    KUBECONFIG: file,
    PODIPS_HOST: 'http://m',
    ...env,
  });
  const client = createKubeClient(settings.kubeConfig);
  const signal = AbortSignal.timeout(20_000);
  const { body } = await client.get({
    path: '/probe',
    query: {},
    headersDeadlineMs: 20_000,
    bodyIdleMs: 20_000,
    signal,
  });
  await body.dump();
  await client.close();
}

/** The headers by which the server knows who asks. Some kubectls ask for the version first. */
function logins({ seen }: TlsRecorder): object[] {
  return seen
    .splice(0)
    .filter(({ path }) => path.startsWith('/probe'))
    .map(({ headers }) =>
      Object.fromEntries(
        Object.entries(headers).filter(([name]) => /^(authorization|impersonate-.*)$/.test(name)),
      ),
    );
}

const exec = {
  apiVersion: 'client.authentication.k8s.io/v1',
  interactiveMode: 'Never',
  env: [{ name: 'SUFFIX', value: 'end' }],
};

it.each<[string, object]>([
  ['a token', { token: 'secret' }],
  ['a file with a token, which goes before a token', { token: 'secret', tokenFile: 'token' }],
  ['a name and a password', { username: 'me', password: 'pass' }],
  ['a plugin beside the kubeconfig', { exec: { ...exec, command: './plug', args: ['a'] } }],
  ['a plugin below it', { exec: { ...exec, command: 'bin/plug', args: ['b'], provideClusterInfo: true } }],
  ['a token, and a plugin that it goes before', { token: 'secret', exec: { ...exec, command: './plug' } }],
  [
    'acting for another',
    { token: 't', as: 'she', 'as-uid': '1', 'as-groups': ['g', 'h'], 'as-user-extra': { 'a/B': ['v', 'w'] } },
  ],
])('logs in as kubectl does: %s', async (_, user) => {
  const server = await startTlsRecorder();
  for (const plugin of ['plug', 'bin/plug']) chmodSync(write(`sub/${plugin}`, PLUGIN), 0o755);
  write('sub/token', 'from-file\n');
  const file = write('sub/config', kubeconfig(server, user));
  await askWithKubectl(file);
  const expected = logins(server);
  await askWithReader(file);
  expect(expected).toHaveLength(1);
  expect(logins(server)).toEqual(expected);
});

/** A plugin whose token is what it was given. */
const TELLTALE = `#!/bin/sh
token=$(printf '%s' "$KUBERNETES_EXEC_INFO" | base64 -w 0)
printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"%s"}}' "$token"
`;

it.each([false, true])('gives plugins the information that kubectl gives: %s', async (provideClusterInfo) => {
  const server = await startTlsRecorder();
  chmodSync(write('sub/plug', TELLTALE), 0o755);
  write('sub/ca.crt', server.caPem);
  const extension = { name: 'client.authentication.k8s.io/exec', extension: { audience: 'me' } };
  const cluster = {
    'certificate-authority-data': undefined,
    'certificate-authority': 'ca.crt',
    'tls-server-name': 'localhost',
    extensions: [extension],
  };
  const user = { exec: { ...exec, command: './plug', provideClusterInfo } };
  const file = write('sub/config', kubeconfig(server, user, cluster));
  const told = () =>
    logins(server).map((headers) => {
      const [token = ''] = Object.values(headers).map((value) => String(value).replace('Bearer ', ''));
      return JSON.parse(Buffer.from(token, 'base64').toString('utf8'));
    });
  await askWithKubectl(file);
  const expected = told();
  await askWithReader(file);
  expect(expected).toMatchObject([{ kind: 'ExecCredential' }]);
  expect(told()).toEqual(expected);
});

const tokenUntil = (seconds: number, issuer: string) => {
  const claims = { iss: issuer, aud: 'me', sub: 'she', iat: seconds - 3_600, exp: seconds };
  return `${encode({ alg: 'RS256' })}.${encode(claims)}.c2ln`;
};
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

it('refreshes an OIDC token that has expired, as kubectl does', async () => {
  const server = await startTlsRecorder();
  const now = Math.floor(Date.now() / 1_000);
  const issuer = await startTlsRecorder(({ path }) =>
    path.startsWith('/.well-known')
      ? { issuer: issuer.url, token_endpoint: `${issuer.url}/token`, jwks_uri: `${issuer.url}/keys` }
      : {
          access_token: 'unused',
          token_type: 'bearer',
          refresh_token: 'next',
          id_token: tokenUntil(now + 3_600, issuer.url),
        },
  );
  const config = {
    'client-id': 'me',
    'client-secret': 'secret',
    'id-token': tokenUntil(now - 60, issuer.url),
    'idp-issuer-url': issuer.url,
    'idp-certificate-authority-data': Buffer.from(issuer.caPem).toString('base64'),
    'refresh-token': 'first',
  };
  const user = { 'auth-provider': { name: 'oidc', config } };
  const refreshes = () =>
    issuer.seen
      .splice(0)
      .filter(({ path }) => path === '/token')
      .map(({ headers, body }) => ({
        login: headers.authorization,
        form: Object.fromEntries(new URLSearchParams(body)),
      }));
  // Kubectl writes what it got to its file.
  await askWithKubectl(write('kubectl', kubeconfig(server, user)));
  const [expected, expectedRefreshes] = [logins(server), refreshes()];
  expect(expected).toEqual([{ authorization: `Bearer ${tokenUntil(now + 3_600, issuer.url)}` }]);
  await askWithReader(write('reader', kubeconfig(server, user)));
  expect(logins(server)).toEqual(expected);
  expect(refreshes()).toEqual(expectedRefreshes);
});

it('goes through the proxy of the kubeconfig or the environment, as kubectl does', async () => {
  const server = await startTlsRecorder();
  const [http, socks] = [await startHttpProxy(server.port), await startSocksProxy(server.port)];
  // A name that only the proxy knows.
  const cluster = { server: 'https://cluster.invalid:6443', 'tls-server-name': 'localhost' };
  const plain = write('plain', kubeconfig(server, { token: 't' }, cluster));
  const proxied = write(
    'proxied',
    kubeconfig(server, { token: 't' }, { ...cluster, 'proxy-url': socks.url }),
  );
  for (const ask of [askWithKubectl, askWithReader]) {
    await ask(plain, { HTTPS_PROXY: http.url, NO_PROXY: 'other.invalid' });
    await ask(plain, { https_proxy: http.url.replace('http://', '') });
    await ask(proxied, { HTTPS_PROXY: http.url });
  }
  expect(new Set(http.asked)).toEqual(new Set(['cluster.invalid:6443']));
  expect(new Set(socks.asked)).toEqual(new Set(['cluster.invalid']));
  expect(logins(server)).toHaveLength(6);
});
