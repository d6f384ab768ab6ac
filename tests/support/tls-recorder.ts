import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { createTlsFiles } from '@podips/simulation';
import { onTestFinished } from 'vitest';

export interface SeenRequest {
  readonly headers: IncomingMessage['headers'];
  readonly path: string;
  readonly body: string;
}

export interface TlsRecorder {
  readonly url: string;
  readonly port: number;
  readonly caPem: string;
  readonly seen: SeenRequest[];
}

/** An HTTPS server on loopback that remembers what it was asked. */
export async function startTlsRecorder(
  answer: (request: SeenRequest) => object = () => ({}),
): Promise<TlsRecorder> {
  const { caPem, certPem, keyPem } = await createTlsFiles();
  const seen: SeenRequest[] = [];
  const onRequest: RequestListener = async (request, response) => {
    const one = { headers: request.headers, path: request.url ?? '', body: await text(request) };
    seen.push(one);
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer(one)));
  };
  const port = await listen(createServer({ cert: certPem, key: keyPem }, onRequest));
  return { url: `https://127.0.0.1:${port}`, port, caPem, seen };
}

/** A SOCKS5 proxy without login that leads to one port, whatever it is asked for, and remembers what it was asked for. */
export async function startSocksProxy(targetPort: number): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createTcpServer((client) => {
    client.on('error', () => client.destroy());
    client.once('data', () => {
      client.write(Buffer.of(5, 0));
      client.once('data', (request: Buffer) => {
        // Version, command, reserved, type 3: a name; its length, itself, and a port.
        asked.push(request.subarray(5, -2).toString('utf8'));
        const target = connect(targetPort, '127.0.0.1');
        target.on('error', () => client.destroy());
        client.write(Buffer.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 0));
        client.pipe(target).pipe(client);
      });
    });
  });
  return { url: `socks5://127.0.0.1:${await listen(server)}`, asked };
}

/** An HTTP proxy that leads to one port, whatever it is asked for, and remembers what it was asked for. */
export async function startHttpProxy(targetPort: number): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createTcpServer((client) => {
    client.on('error', () => client.destroy());
    client.once('data', (request: Buffer) => {
      asked.push(request.toString('latin1').split(' ')[1] ?? '');
      const target = connect(targetPort, '127.0.0.1');
      target.on('error', () => client.destroy());
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(target).pipe(client);
    });
  });
  return { url: `http://127.0.0.1:${await listen(server)}`, asked };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  // A server that listens on TCP has an AddressInfo.
  return (server.address() as AddressInfo).port;
}
