import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openSession } from './session.test.helpers.js';

/** A frame may have 32 MiB; what the systems of both sides keep in their buffers comes on top. */
const MOST_BYTES = 40_000_000;
const PIECE = Buffer.alloc(65_536, 'x');
const CONNECTED = 'CONNECTED\nversion:1.1\nheart-beat:0,0\n\n\0';
const MESSAGE = 'MESSAGE\nsubscription:s1\nmessage-id:1\ndestination:/queue/pods\n';

/** Sends it, and then the pieces without end, or until the client hangs up. */
async function flood(socket: Socket, start: string, piece: Buffer): Promise<void> {
  socket.write(start);
  while (!socket.destroyed) if (!socket.write(piece)) await once(socket, 'drain').catch(() => undefined);
}

async function startHostileBroker(answer: (socket: Socket, frame: string) => unknown): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined); // the client hangs up
    socket.on('data', (bytes) => {
      for (const frame of bytes.toString().split('\0')) void answer(socket, frame.trimStart());
    });
    onTestFinished(() => void socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return address.port;
}

test.each<[string, string, Buffer]>([
  ['a body without end', `${MESSAGE}\n`, PIECE],
  ['a body of the length of all memory', `${MESSAGE}content-length:9007199254740991\n\n`, PIECE],
  ['headers without end', MESSAGE, Buffer.from(`h:${'x'.repeat(65_000)}\n`)],
])('a broker that sends %s is hung up on', async (_, start, piece) => {
  const port = await startHostileBroker((socket, frame) => {
    if (frame.startsWith('CONNECT')) socket.write(CONNECTED);
    if (frame.startsWith('SUBSCRIBE')) return flood(socket, start, piece);
    return undefined;
  });
  const session = await openSession(port);
  session.subscribe('/queue/pods', 1, () => undefined);
  expect(await session.closed).toMatchObject({ code: 'QUEUE_FRAME_TOO_LONG', retryable: true });
  expect(session.bytesRead).toBeLessThan(MOST_BYTES);
});

test('so is one that greets without end', async () => {
  const port = await startHostileBroker((socket, frame) =>
    frame.startsWith('CONNECT')
      ? flood(socket, 'CONNECTED\n', Buffer.from(`h:${'x'.repeat(65_000)}\n`))
      : undefined,
  );
  await expect(openSession(port)).rejects.toMatchObject({ code: 'QUEUE_FRAME_TOO_LONG' });
});

test('messages that are long, but not too long, are received one after another', async () => {
  const body = 'x'.repeat(20_000_000);
  const port = await startHostileBroker((socket, frame) => {
    if (frame.startsWith('CONNECT')) socket.write(CONNECTED);
    if (frame.startsWith('SUBSCRIBE'))
      for (let n = 0; n < 3; n += 1) socket.write(`${MESSAGE}content-length:${body.length}\n\n${body}\0`);
  });
  const session = await openSession(port);
  onTestFinished(() => session.close());
  const { promise, resolve } = Promise.withResolvers<void>();
  let received = 0;
  session.subscribe('/queue/pods', 3, (message) => {
    received += message.body.byteLength;
    if (received === 3 * body.length) resolve();
  });
  await promise;
});
