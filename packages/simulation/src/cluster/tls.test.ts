import { get } from 'node:https';
import { rootCertificates } from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import { type SimulatedCluster, startCluster } from './start-cluster.js';

let cluster: SimulatedCluster;
afterEach(() => cluster.stop());

const statusWith = (ca: string | readonly string[]) =>
  new Promise<number | undefined>((resolve, reject) => {
    get(`${cluster.url}/api/v1/pods`, { ca: [ca].flat(), agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    }).on('error', reject);
  });

it('serves TLS with a certificate of its own authority', async () => {
  cluster = await startCluster({ tls: true });
  expect(cluster.url).toMatch(/^https:/);
  expect(await statusWith(cluster.caPem ?? '')).toBe(200);
});

it('is not trusted without that authority', async () => {
  cluster = await startCluster({ tls: true });
  await expect(statusWith(rootCertificates)).rejects.toMatchObject({
    code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  });
});

it('keeps its certificate over a restart', async () => {
  cluster = await startCluster({ tls: true });
  await cluster.restart();
  expect(await statusWith(cluster.caPem ?? '')).toBe(200);
});
