import { connect, type Socket } from 'node:net';
import { type Patience, within } from './until.js';

/** Open dashboards, as the monitor sees them. */
export interface EventStreams {
  /** Streams that are still open. */
  readonly open: number;
  readonly receivedBytes: number;
  close(): void;
}

/** Opens this many event streams, each on a connection of its own. @throws when one is refused */
export async function openEventStreams(
  port: number,
  count: number,
  patience: Patience,
): Promise<EventStreams> {
  const sockets: Socket[] = [];
  let receivedBytes = 0;
  const closed = () => {
    for (const socket of sockets) socket.destroy();
  };
  try {
    for (let n = 0; n < count; n += 1) {
      const socket = connect(port, '127.0.0.1');
      sockets.push(socket);
      await within(patience, openStream(socket));
      socket.on('data', (chunk) => {
        receivedBytes += chunk.length;
      });
    }
  } catch (err) {
    closed();
    throw err;
  }
  return {
    get open() {
      return sockets.filter((socket) => socket.readyState === 'open').length;
    },
    get receivedBytes() {
      return receivedBytes;
    },
    close: closed,
  };
}

function openStream(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.once('data', (chunk) => {
      const [head = ''] = chunk.toString('latin1').split('\r\n');
      if (head === 'HTTP/1.1 200 OK') resolve();
      else reject(new Error(`no event stream: ${head}`));
    });
    socket.write('GET /api/v1/events HTTP/1.1\r\nhost: monitor\r\naccept: text/event-stream\r\n\r\n');
  });
}
