import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from '@podips/shared';
import { expect, it, onTestFinished, vi } from 'vitest';
import { testMessage } from './alerts/message.js';
import { createWebhookChannel } from './alerts/webhook-channel.js';
import { startPeers } from './peers/peers.js';
import { createFetch, NO_PROXIES } from './proxy.js';
import { readMonitorSettings } from './settings.js';

const MESSAGE = testMessage(0, { cluster: 'fra1', pageUrl: undefined });
const signal = new AbortController().signal;

/** A proxy that answers in place of the server, and refuses tunnels. */
async function startProxy() {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(200).end('{}');
  });
  server.on('connect', (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // A TCP server that listens has an AddressInfo; only pipes and closed servers have not.
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

it('alerts go through the proxies of the settings, in small letters too', async () => {
  const { url, asked } = await startProxy();
  const { proxies } = readMonitorSettings({
    http_proxy: url,
    HTTPS_PROXY: url,
    NO_PROXY: '.internal.invalid',
  });
  const send = (target: string) => createWebhookChannel(target, createFetch(proxies)).send(MESSAGE, signal);
  await send('http://hooks.invalid/path');
  await expect(send('https://hooks.invalid/path')).rejects.toThrow(
    `hooks.invalid cannot be reached (through the proxy ${new URL(url).host}: UND_ERR_ABORTED)`,
  );
  await expect(send('http://hooks.internal.invalid/')).rejects.toThrow(/cannot be reached \(E\w+\)/);
  expect(asked).toEqual(['POST http://hooks.invalid/path', 'CONNECT hooks.invalid:443']);
});

it('other monitors are asked through them', async () => {
  const { url, asked } = await startProxy();
  const peers = startPeers({
    settings: {
      peers: [{ name: 'fra2', url: 'http://fra2.invalid', authorization: undefined }],
      intervalMs: 10,
    },
    proxies: { ...NO_PROXIES, HTTP_PROXY: url },
    memory: { recall: () => undefined, remember: () => undefined },
    now: () => 0,
    log: createLogger('monitor', 'silent'),
  });
  onTestFinished(() => peers.stop());
  await vi.waitFor(() => expect(asked).toContain('GET http://fra2.invalid/api/v1/status'));
});

it('a proxy that is no URL is a wrong setting, whose login is not repeated', () => {
  const read = () => readMonitorSettings({ HTTPS_PROXY: 'ftp://me:secret@proxy', HTTP_PROXY: 'http://' });
  expect(read).toThrow(/HTTPS_PROXY must be the URL of a proxy .*\n.*HTTP_PROXY must be the URL of a proxy/s);
  expect(read).not.toThrow(/secret/);
});
