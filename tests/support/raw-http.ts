import { connect, type Socket } from 'node:net';

/** A connection on which a test says whatever it likes. */
export interface RawConnection {
  readonly socket: Socket;
  /** Everything received so far. */
  readonly received: string;
  send(bytes: string | Buffer): void;
  /** Resolves with all that came back when the other side has closed, however it did. */
  readonly closed: Promise<string>;
}

/** Opens connections; `destroyAll` ends those that are left. */
export function createRawHttp(port: number) {
  const connections = new Set<Socket>();
  const open = (localAddress = '127.0.0.1'): RawConnection => {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    connections.add(socket);
    let received = '';
    const closed = new Promise<string>((resolve) => {
      socket.on('close', () => {
        connections.delete(socket);
        resolve(received);
      });
    });
    // A reset is one of the ways to close.
    socket.on('error', () => socket.destroy());
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text;
    });
    return {
      socket,
      closed,
      get received() {
        return received;
      },
      send: (bytes) => void socket.write(bytes),
    };
  };
  return {
    /** @param localAddress of the client that this connection belongs to */
    open,
    /** Sends bytes on a connection of their own. @returns the answer, when the other side has closed */
    exchange(bytes: string | Buffer): Promise<string> {
      const connection = open();
      connection.send(bytes);
      return connection.closed;
    },
    /** Reads again on those that were paused. */
    resumeAll() {
      for (const socket of connections) socket.resume();
    },
    destroyAll() {
      for (const socket of connections) socket.destroy();
    },
  };
}
