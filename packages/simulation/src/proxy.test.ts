import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { closeServer, listen } from './listen.js';
import { startProxy, type TcpProxy } from './proxy.js';

let echo: Server;
let proxy: TcpProxy;
let upstream: Socket[];
let open: Peer[];

/** A client that notes what comes back. */
class Peer {
  text = '';
  ending: string | undefined;
  readonly socket: Socket;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (bytes) => {
      this.text += bytes.toString();
    });
    this.socket.on('error', (err: NodeJS.ErrnoException) => {
      this.ending = err.code;
    });
    this.socket.on('close', () => {
      this.ending ??= 'closed';
    });
  }
}

beforeEach(async () => {
  upstream = [];
  open = [];
  echo = createServer((socket) => {
    upstream.push(socket);
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  proxy = await startProxy({ host: '127.0.0.1', port: await listen(echo, '127.0.0.1', 0) });
});
afterEach(async () => {
  for (const { socket } of open) socket.destroy();
  await proxy.stop();
  for (const socket of upstream) socket.destroy();
  await closeServer(echo);
});

function peer(): Peer {
  const made = new Peer(proxy.port);
  open.push(made);
  return made;
}

async function connectedPeer(): Promise<Peer> {
  const made = peer();
  made.socket.write('hello');
  await vi.waitFor(() => expect(made.text).toBe('hello'));
  return made;
}

describe('proxy', () => {
  test('passes bytes in both directions, complete and in order, and the end of the connection', async () => {
    const sent = Array.from({ length: 200_000 }, (_, n) => `${n} `).join('');
    const one = peer();
    one.socket.end(sent);
    await vi.waitFor(() => expect(one.ending).toBe('closed'));
    expect(one.text).toBe(sent);
    await vi.waitFor(() => expect(proxy.connections).toBe(0));
  });

  test('cut resets all connections and accepts new ones', async () => {
    const [one, two] = [await connectedPeer(), await connectedPeer()];
    proxy.cut();
    await vi.waitFor(() => expect([one.ending, two.ending]).toEqual(['ECONNRESET', 'ECONNRESET']));
    await connectedPeer();
  });

  test('half-open swallows bytes and ends while connections stay open', async () => {
    const one = await connectedPeer();
    proxy.halfOpen(true);
    one.socket.write('lost');
    upstream[0]?.end('lost too');
    await vi.waitFor(() => expect(upstream[0]?.writableFinished).toBe(true));
    const two = peer();
    two.socket.write('also lost');
    await vi.waitFor(() => expect(proxy.connections).toBe(2));
    expect([one.text, one.ending, two.text, two.ending]).toEqual(['hello', undefined, '', undefined]);
    proxy.halfOpen(false);
    await connectedPeer();
  });

  test('refuse closes new connections and keeps the old ones', async () => {
    const old = await connectedPeer();
    await proxy.refuse(true);
    const refused = peer();
    await vi.waitFor(() => expect(refused.ending).toBe('ECONNREFUSED'));
    old.socket.write(' again');
    await vi.waitFor(() => expect(old.text).toBe('hello again'));
    await proxy.refuse(false);
    await connectedPeer();
  });

  test('holds bytes back for a while and keeps their order', async () => {
    const one = await connectedPeer();
    proxy.delayMs = 200;
    for (const text of [' a', 'b', 'c']) one.socket.write(text);
    // Straight to the server, there and back is a matter of a millisecond.
    const direct = new Peer((echo.address() as AddressInfo).port);
    open.push(direct);
    direct.socket.write('first');
    await vi.waitFor(() => expect(direct.text).toBe('first'), { interval: 1 });
    expect(one.text).toBe('hello');
    await vi.waitFor(() => expect(one.text).toBe('hello abc'));
  });

  test('closes the client when its target does not answer', async () => {
    await closeServer(echo);
    const one = peer();
    await vi.waitFor(() => expect(one.ending).toBeDefined());
  });
});

test('it answers in the place of the server, once, and ends both connections', async () => {
  proxy.answerNext(/(^|\0\n*)SEND\n/, 'ERROR\n\nno\0');
  const client = await connectedPeer();
  client.socket.write('\0\nSEND\ndestination:a\n\nx\0');
  await vi.waitFor(() => expect(client.text).toBe('helloERROR\n\nno\0'));
  await vi.waitFor(() => expect(upstream[0]?.destroyed).toBe(true));
  const next = await connectedPeer();
  next.socket.write('SEND\n');
  await vi.waitFor(() => expect(next.text).toBe('helloSEND\n'));
});

test('new connections go to a new target', async () => {
  const other = createServer((socket) => socket.end('other'));
  proxy.target = { host: '127.0.0.1', port: await listen(other, '127.0.0.1', 0) };
  const client = peer();
  await vi.waitFor(() => expect(client.text).toBe('other'));
  await closeServer(other);
});
