import { connect, type Socket } from 'node:net';

/**
 * A connection over which one request is sent at a time. It makes next to no garbage: the collections of a usual client take
 * longer than the answers that are to be measured.
 */
export class HttpConnection implements Disposable {
  readonly #host: string;
  readonly #socket: Socket;
  #answered: PromiseWithResolvers<number> | undefined;
  #received = '';

  /**
   * @param url of the server, without a path
   * @param signal ends it
   */
  constructor(url: string, signal: AbortSignal) {
    const { host, hostname, port } = new URL(url);
    this.#host = host;
    const onread = {
      buffer: Buffer.allocUnsafe(64 * 1_024),
      callback: (size: number, bytes: Uint8Array) => this.#receive(bytes as Buffer, size), // it is the one above
    };
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true, onread, signal });
    this.#socket.on('error', (err) => this.#answered?.reject(err));
    this.#socket.on('close', () => this.#answered?.reject(new Error('the server closed the connection')));
  }

  /** @returns the status of the answer, when all of it has come */
  ask(method: 'GET' | 'POST', path: string): Promise<number> {
    const answered = Promise.withResolvers<number>();
    this.#answered = answered;
    if (this.#socket.destroyed) answered.reject(new Error('the server has closed the connection'));
    const length = method === 'POST' ? 'content-length: 0\r\n' : '';
    this.#socket.write(`${method} ${path} HTTP/1.1\r\nhost: ${this.#host}\r\n${length}\r\n`, 'latin1');
    return answered.promise;
  }

  [Symbol.dispose](): void {
    this.#answered?.reject(new Error('the connection is closed'));
    this.#socket.destroy();
  }

  #receive(bytes: Buffer, size: number): boolean {
    this.#received += bytes.toString('latin1', 0, size);
    const head = this.#received.indexOf('\r\n\r\n');
    if (head === -1) return true;
    const length = /\r\ncontent-length: (\d+)/i.exec(this.#received)?.[1];
    if (length === undefined) this.#answered?.reject(new Error('an answer without a content length'));
    else if (this.#received.length >= head + 4 + Number(length)) {
      const status = Number(this.#received.slice('HTTP/1.1 '.length, 'HTTP/1.1 '.length + 3));
      this.#received = '';
      this.#answered?.resolve(status);
    }
    return true;
  }
}
