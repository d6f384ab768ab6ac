import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Operation, Running } from '@podips/shared';

/** Receives heartbeats as the monitor does, and remembers them. */
export interface FakeMonitor extends Running {
  readonly url: string;
  /** The heartbeats of an operation, oldest first, as `<code>/<message>`. */
  heartbeats(operation: Operation): string[];
}

export async function startFakeMonitor(): Promise<FakeMonitor> {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    paths.push(decodeURIComponent(request.url ?? ''));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"success"}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server that listens has an AddressInfo; only pipes and closed servers have not.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    heartbeats(operation) {
      const prefix = `/${operation}/`;
      return paths.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
