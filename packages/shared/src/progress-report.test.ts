import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createLogger } from './logger.js';
import { REPORTS_PATH, startReports } from './progress-report.js';

/** A monitor that answers with a status, and what it has received. */
async function startMonitor(status: number) {
  const received: { url: string | undefined; token: string | undefined; body: unknown }[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    received.push({ url: request.url, token: request.headers.authorization, body: JSON.parse(text) });
    response.writeHead(status).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  // A TCP server that listens has an AddressInfo; only pipes and closed servers have not.
  const { port } = server.address() as AddressInfo;
  return { received, url: `http://127.0.0.1:${port}` };
}

function start(monitorUrl: string | undefined, intervalMs: number) {
  let written = 0;
  const read = vi.fn(() => {
    written += 1;
    const counts = { delivered: [], received: written, written, inFlight: 0, lagMs: null };
    return { service: 'writer', run: '0123abcd', ...counts } as const;
  });
  const log = createLogger('test', 'silent');
  const reports = startReports({ monitorUrl, tlsVerify: true, token: 'secret', log, read, intervalMs });
  return { reports, read };
}

it('reports go out at their interval though nothing happens, with the token, and a last one at the stop', async () => {
  const { url, received } = await startMonitor(204);
  const { reports, read } = start(url, 5);
  await vi.waitFor(() => expect(received.length).toBeGreaterThan(2));
  await reports.stop();
  expect(received.at(-1)).toEqual({
    url: REPORTS_PATH,
    token: 'Bearer secret',
    body: expect.objectContaining({ service: 'writer', written: read.mock.calls.length }),
  });
});

it('a monitor that knows no reports is not asked again at once', async () => {
  const { url, received } = await startMonitor(404);
  const { reports, read } = start(url, 1);
  await vi.waitFor(() => expect(received).toHaveLength(1));
  await new Promise((resolve) => setTimeout(resolve, 20));
  await reports.stop();
  expect(received).toHaveLength(1);
  expect(read).toHaveBeenCalledTimes(1);
});

it('without a monitor nothing is read', async () => {
  const { reports, read } = start(undefined, 1);
  await reports.stop();
  expect(read).not.toHaveBeenCalled();
});
