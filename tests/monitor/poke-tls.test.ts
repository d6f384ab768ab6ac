import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { startCronjob } from '@podips/cronjob';
import { createLogger } from '@podips/shared';
import { createTlsFiles } from '@podips/simulation';
import { expect, onTestFinished, test } from 'vitest';

/** A monitor behind TLS, with a certificate that no process trusts. @returns its base URL */
async function startMonitor(): Promise<string> {
  const { certPem, keyPem } = await createTlsFiles();
  const server = createServer({ cert: certPem, key: keyPem }, (_request, response) =>
    response.end('{"status":"success"}'),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // A TCP server that listens has an AddressInfo; only pipes and closed servers have not.
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each([true, false])('an unknown certificate of the monitor, PODIPS_TLS_VERIFY=%s', async (tlsVerify) => {
  const monitorUrl = await startMonitor();
  const options = { once: true, monitorUrl, tlsVerify, timeoutMs: 10_000, schedule: '* * * * *' } as const;
  const job = await startCronjob({ ...options, logLevel: 'silent' }, createLogger('cronjob', 'silent'));
  if (tlsVerify)
    await expect(job.finished).rejects.toMatchObject({
      code: 'POKE_FAILED',
      cause: { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
    });
  else await expect(job.finished).resolves.toBeUndefined();
});
