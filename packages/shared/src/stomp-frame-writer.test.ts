import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StompFrameWriter } from './stomp-frame-writer.js';

let server: Server;
let socket: Socket;
let chunks: Buffer[];
let writer: StompFrameWriter;
beforeEach(async () => {
  chunks = [];
  server = createServer((peer) => peer.on('data', (chunk) => chunks.push(chunk))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  socket = connect({ host: '127.0.0.1', port: address.port, noDelay: true });
  await once(socket, 'connect');
  writer = new StompFrameWriter(socket);
});
afterEach(() => {
  socket.destroy();
  server.close();
});

const received = () => Buffer.concat(chunks).toString('utf8');

describe('the frame writer', () => {
  it('writes command, headers, body and the end of the frame', async () => {
    writer.frame('SEND', { destination: '/queue/q', 'content-length': 5, none: undefined }).end('hello');
    await vi.waitFor(() =>
      expect(received()).toBe('SEND\ndestination:/queue/q\ncontent-length:5\n\nhello\0\n'),
    );
  });

  it('writes the bytes of a body as they are', async () => {
    writer.frame('SEND', {}).end(Uint8Array.of(0, 255, 10));
    const expected = Buffer.concat([Buffer.from('SEND\n\n'), Buffer.from([0, 255, 10]), Buffer.from('\0\n')]);
    await vi.waitFor(() => expect(Buffer.concat(chunks)).toEqual(expected));
  });

  it.each([
    ['1.0', 'a:b\\c'],
    ['1.1', 'a\\cb\\\\c'],
    ['1.2', 'a\\cb\\\\c'],
  ])('escapes headers as version %s does', async (version, escaped) => {
    expect(writer.setVersion(version)).toBe(true);
    writer.frame('SEND', { 'x:y': 'a:b\\c' }).end();
    await vi.waitFor(() => expect(received()).toContain(escaped));
  });

  it('escapes line ends, so that no header can make another', async () => {
    writer.setVersion('1.2');
    writer.frame('SEND', { reason: 'first\r\nsecond:line' }).end();
    await vi.waitFor(() => expect(received()).toBe('SEND\nreason:first\\r\\nsecond\\cline\n\n\0\n'));
  });

  it('does not know other versions', () => {
    expect(writer.setVersion('3.0')).toBe(false);
  });

  it('keeps the order of frames, and sends those of one iteration together', async () => {
    const write = vi.spyOn(socket, '_writev' as never);
    for (let i = 0; i < 100; i += 1) writer.frame('ACK', { id: i }).end();
    await vi.waitFor(() => expect(received().match(/id:\d+/g)).toHaveLength(100));
    expect(received().match(/id:\d+/g)).toEqual(Array.from({ length: 100 }, (_, index) => `id:${index}`));
    expect(write).toHaveBeenCalledTimes(1);
  });

  it('reports a frame for a connection that is closed', async () => {
    socket.destroy();
    await once(socket, 'close');
    const frame = writer.frame('SEND', {});
    const onError = vi.fn();
    const done = vi.fn();
    frame.on('error', onError);
    frame.end('late', done);
    expect(writer.hasFinished()).toBe(true);
    expect(onError).toHaveBeenCalledTimes(1);
    expect(done).toHaveBeenCalledWith(expect.any(Error));
  });
});
