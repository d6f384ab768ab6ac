import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { createLogger, type Heartbeats, startHeartbeats } from '@podips/shared';
import { createTlsFiles } from '@podips/simulation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const PATIENCE = { timeout: 20_000, interval: 50 };

let server: Server;
let seen: string[];
let heartbeats: Heartbeats | undefined;
beforeEach(async () => {
  seen = [];
  const { certPem, keyPem } = await createTlsFiles('127.0.0.1');
  server = createServer({ cert: certPem, key: keyPem }, (request, response) => {
    seen.push(request.url ?? '');
    response.end('{"status":"success"}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  await heartbeats?.stop();
  server.closeAllConnections();
  server.close();
});

function start(tlsVerify: boolean) {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  const log = createLogger('test', 'silent');
  const warn = vi.spyOn(log, 'warn');
  heartbeats = startHeartbeats({ monitorUrl: `https://127.0.0.1:${address.port}`, tlsVerify, log });
  heartbeats.report('log', 200, 'ok');
  return warn;
}

describe('heartbeats to an https monitor with an untrusted certificate', () => {
  it('are not sent, and that is said', async () => {
    const warn = start(true);
    await vi.waitFor(
      () => expect(warn).toHaveBeenCalledWith(expect.anything(), 'heartbeat not delivered'),
      PATIENCE,
    );
    expect(seen).toEqual([]);
  });

  it('are sent when the settings say not to verify it', async () => {
    start(false);
    await vi.waitFor(() => expect(seen).toEqual(['/log/200/ok']), PATIENCE);
  });
});
