import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, expect, vi } from 'vitest';
import { EXACT, it, type OpenCase, PATIENCE, type ReaderCase } from '../support/reader-case.js';

const TOKEN = 'token-one';
const SERVICE_ACCOUNT = 'var/run/secrets/kubernetes.io/serviceaccount';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A cluster with TLS and a token, with some pods. */
async function openSecureCase(openCase: OpenCase): Promise<ReaderCase> {
  const test = await openCase({ tls: true, token: TOKEN });
  test.cluster.workloads.scaleDeployment('web', 3);
  return test;
}

async function write(test: ReaderCase, name: string, content: string): Promise<string> {
  const path = join(test.dir, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return path;
}

const caPem = ({ cluster }: ReaderCase) => cluster.caPem ?? '';

/** JSON is YAML too. */
function kubeconfig(test: ReaderCase, cluster: object, user: object): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'me' } }],
    clusters: [{ name: 'here', cluster: { server: test.cluster.url, ...cluster } }],
    users: [{ name: 'me', user }],
  });
}

it('reads a cluster that a URL, a token and a file with its authority lead to', async ({ openCase }) => {
  const test = await openSecureCase(openCase);
  const caFile = await write(test, 'ca.crt', caPem(test));
  await test.startReader({ KUBE_APITOKEN: TOKEN, KUBE_CA_CERT_FILE: caFile });
  expect(await test.caughtUp()).toEqual(EXACT);
});

it('reads the cluster of the file that KUBECONFIG names', async ({ openCase }) => {
  const test = await openSecureCase(openCase);
  const authority = { 'certificate-authority-data': Buffer.from(caPem(test)).toString('base64') };
  const file = await write(test, 'my-cluster.yaml', kubeconfig(test, authority, { token: TOKEN }));
  await test.startReader({ KUBECONFIG: file, KUBE_APISERVER_URL: 'http://127.0.0.1:1' });
  expect(await test.caughtUp()).toEqual(EXACT);
});

it('reads the cluster of $HOME/.kube/config when nothing names another file', async ({ openCase }) => {
  const test = await openSecureCase(openCase);
  const authority = { 'certificate-authority': await write(test, 'ca.crt', caPem(test)) };
  await write(test, '.kube/config', kubeconfig(test, authority, { token: TOKEN }));
  await test.startReader({ KUBE_APISERVER_URL: 'http://127.0.0.1:1' });
  expect(await test.caughtUp()).toEqual(EXACT);
});

async function startInCluster(test: ReaderCase) {
  await write(test, join(SERVICE_ACCOUNT, 'ca.crt'), caPem(test));
  await write(test, join(SERVICE_ACCOUNT, 'token'), `${TOKEN}\n`);
  const address = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: `${test.cluster.port}` };
  // The library reads them from the process.
  for (const [name, value] of Object.entries(address)) vi.stubEnv(name, value);
  const root = { KUBE_SERVICEACCOUNT_ROOT: `${test.dir}/`, KUBE_APISERVER_URL: undefined };
  return test.startReader({ ...address, ...root }, []);
}

it('reads the cluster that it runs in with the files of its service account', async ({ openCase }) => {
  const test = await openSecureCase(openCase);
  await startInCluster(test);
  expect(await test.caughtUp()).toEqual(EXACT);
});

it('takes the new token from the file of its service account at once when the old one is refused', async ({
  openCase,
}) => {
  const test = await openSecureCase(openCase);
  const reader = await startInCluster(test);
  expect(await test.caughtUp()).toEqual(EXACT);

  await write(test, join(SERVICE_ACCOUNT, 'token'), 'token-two');
  test.cluster.faults.issueToken('token-two');
  test.cluster.faults.closeWatches();
  test.cluster.workloads.scaleDeployment('web', 5);
  expect(await test.caughtUp()).toEqual(EXACT);
  expect(await reader.problems()).toBeUndefined();
  expect(await reader.metric('api_failures_total{status="401"}')).toBeUndefined();
});

it('refuses a certificate that it does not trust, and says so', async ({ openCase }) => {
  const test = await openSecureCase(openCase);
  const reader = await test.startReader({ KUBE_APITOKEN: TOKEN });
  await vi.waitFor(
    async () => expect((await reader.problems())?.kubernetes).toMatch(/cannot be reached: .*certificate/),
    PATIENCE,
  );
  expect(await reader.metric('api_failures_total{status="503"}')).toBeGreaterThan(0);
  expect(reader.logged()).toContain('leader lease not readable');
  expect([...test.cluster.requests, ...test.cluster.leaseRequests]).toEqual([]);
  expect(test.records).toEqual([]);
});
