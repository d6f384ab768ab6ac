import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Running } from '@podips/shared';

export interface WebHook extends Running {
  readonly url: string;
  readonly calls: readonly { readonly method: string; readonly path: string; readonly body: string }[];
  /** How it answers from now on. */
  answer: (request: IncomingMessage, response: ServerResponse) => void;
}

/** An HTTP server that remembers what was posted, and answers 204 until the test sets another status. */
export async function startWebHook(): Promise<WebHook> {
  const calls: WebHook['calls'][number][] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    calls.push({ method: request.method ?? '', path: request.url ?? '', body });
    hook.answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server that listens has an AddressInfo; only pipes and closed servers have not.
  const { port } = server.address() as AddressInfo;
  const hook: WebHook = {
    url: `http://127.0.0.1:${port}`,
    calls,
    answer: (_request, response) => void response.writeHead(204).end(),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return hook;
}
