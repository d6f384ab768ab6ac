import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { BACKLOG_LIMITS, type BacklogLimits } from './backlog.js';
import { createHttpServer } from './http-server.js';

const GET = 'GET /x HTTP/1.1\r\nhost: a\r\n\r\n';
/** Far more than what systems buffer for a connection. */
const LARGE = Buffer.alloc(20_000_000);

async function serve(listener: RequestListener, limits: Partial<BacklogLimits> = {}) {
  const backlog = { ...BACKLOG_LIMITS, ...limits };
  const server = createHttpServer(listener, { connectionsPerClient: 100, backlog });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  // A TCP server that listens has an AddressInfo; only pipes and closed servers have not.
  const { port } = server.address() as AddressInfo;
  const open = () => {
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    // A reset is one of the ways to close.
    return socket.on('error', () => undefined);
  };
  return { open, server, url: `http://127.0.0.1:${port}/` };
}

/** A server that answers when the test says so. */
async function serveSlowly(limits: Partial<BacklogLimits> = {}) {
  const responses: ServerResponse[] = [];
  const server = await serve((_request, response) => void responses.push(response), limits);
  return { ...server, responses };
}

function read(socket: Socket): { readonly text: string } {
  const state = { text: '' };
  socket.setEncoding('latin1').on('data', (text: string) => {
    state.text += text;
  });
  return state;
}

test('pipelined requests are answered one after another, in their order', async () => {
  const { open, responses } = await serveSlowly();
  const socket = open();
  const received = read(socket);
  socket.write(GET.repeat(3));
  for (const n of [1, 2, 3]) {
    await vi.waitFor(() => expect(responses).toHaveLength(n));
    responses[n - 1]?.end(`answer ${n}`);
  }
  await vi.waitFor(() =>
    expect(received.text.match(/answer \d/g)).toEqual(['answer 1', 'answer 2', 'answer 3']),
  );
});

test.each([
  ['at once', GET.repeat(6)],
  ['one after another', GET],
])('a connection is closed on which too many requests wait that came %s', async (_how, bytes) => {
  const { open, responses } = await serveSlowly({ requestsPerConnection: 4 });
  const good = open();
  good.write(GET.repeat(5));
  await vi.waitFor(() => expect(responses).toHaveLength(1));
  const bad = open().setNoDelay();
  const sending = setInterval(() => bad.write(bytes), 10);
  onTestFinished(() => clearInterval(sending));
  await once(bad, 'close');
  expect(good.destroyed).toBe(false);
});

test('requests that are refused are not even made', async () => {
  const { open, server } = await serveSlowly();
  let made = 0;
  server.prependListener('request', () => {
    made += 1;
  });
  const socket = open();
  socket.write(GET.repeat(1_000));
  await once(socket, 'close');
  expect(made).toBe(0);
});

test('an answer that nobody reads keeps the others of its connection from being made', async () => {
  let made = 0;
  const { open, url } = await serve((_request, response) => {
    made += 1;
    response.end(made === 1 ? LARGE : 'small');
  });
  const socket = open();
  socket.pause();
  socket.write(GET.repeat(5));
  await vi.waitFor(() => expect(made).toBe(1));
  expect(await (await fetch(url)).text()).toBe('small');
  expect(made).toBe(2);
  const received = read(socket.resume());
  await vi.waitFor(() => expect(received.text.match(/small/g)).toHaveLength(4));
});

test('when too many requests wait in all, a connection is closed that sends more of them, and others are answered', async () => {
  const { open, responses } = await serveSlowly({ requests: 4 });
  for (const n of [1, 2]) {
    open().write(GET.repeat(3));
    await vi.waitFor(() => expect(responses).toHaveLength(n));
  }
  const more = open();
  more.write(GET.repeat(2));
  await once(more, 'close');
  const good = open();
  const received = read(good);
  good.write(GET);
  await vi.waitFor(() => expect(responses).toHaveLength(3));
  responses[2]?.end('answer');
  await vi.waitFor(() => expect(received.text).toContain('answer'));
});

test('requests whose ends come in pieces count, too', async () => {
  const { open, server } = await serveSlowly({ requests: 4 });
  let made = 0;
  server.prependListener('request', () => {
    made += 1;
  });
  const socket = open().setNoDelay();
  socket.write(GET.slice(0, -1));
  const rest = GET.slice(-1) + GET.slice(0, -1);
  const sending = setInterval(() => socket.write(rest), 10);
  onTestFinished(() => clearInterval(sending));
  await once(socket, 'close');
  // One that is answered, and four that wait.
  expect(made).toBe(5);
});

test('when too many bytes wait in all, the connection is closed whose answer nobody has read for longest', async () => {
  const { open, url } = await serve((_request, response) => void response.end(LARGE), {
    answerBytes: 30_000_000,
  });
  const unread = open();
  unread.pause();
  unread.write(GET);
  await once(unread, 'connect');
  const closed = once(unread, 'close');
  // Each is read, and none is what has waited longest.
  for (let n = 0; n < 3; n += 1)
    expect((await (await fetch(url)).arrayBuffer()).byteLength).toBe(LARGE.length);
  unread.resume();
  await closed;
});

test('two Host headers are refused, on a connection that ends', async () => {
  const { open, responses } = await serveSlowly();
  const socket = open();
  const received = read(socket);
  socket.write(`GET / HTTP/1.1\r\nhost: a\r\nHOST: b\r\n\r\n${GET}`);
  await once(socket, 'close');
  expect(received.text).toMatch(/^HTTP\/1\.1 400 .*\{"error":"a request has one Host header"\}$/s);
  expect(responses).toEqual([]);
});
