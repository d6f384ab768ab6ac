import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';

type FrameHeaders = Readonly<Record<string, string | number | null | undefined>>;
type Done = (error?: Error | null) => void;

/** The encoding of a header's name and value in each version of STOMP ("Value Encoding"). */
const ESCAPES: Readonly<Record<string, readonly (readonly [RegExp, string])[]>> = {
  '1.0': [],
  '1.1': [
    [/\\/g, '\\\\'],
    [/\n/g, '\\n'],
    [/:/g, '\\c'],
  ],
  '1.2': [
    [/\\/g, '\\\\'],
    [/\r/g, '\\r'],
    [/\n/g, '\\n'],
    [/:/g, '\\c'],
  ],
};

/**
 * Writes STOMP frames, all those of one iteration of the event loop together. It takes the place of stompit's own, which
 * makes three writes of each frame, one after the other: a hundred acknowledgements are then a hundred small packets,
 * and the broker is busier with them than with the messages.
 */
export class StompFrameWriter {
  readonly #socket: Socket;
  #escapes = ESCAPES['1.0'] ?? [];
  #finished = false;
  #corked = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    for (const event of ['error', 'close', 'finish']) socket.on(event, () => this.finish());
  }

  /** @returns false for a version that is not known */
  setVersion(version: string): boolean {
    const escapes = ESCAPES[version];
    if (escapes) this.#escapes = escapes;
    return escapes !== undefined;
  }

  frame(command: string, headers: FrameHeaders): StompFrame {
    return new StompFrame((body) => this.#write(command, headers, body));
  }

  heartbeat(): void {
    if (!this.#finished) this.#socket.write('\n');
  }

  finish(): void {
    this.#finished = true;
  }

  hasFinished(): boolean {
    return this.#finished;
  }

  #write(command: string, headers: FrameHeaders, body: string | Uint8Array): Error | undefined {
    if (this.#finished) return new Error('the connection is closed');
    const head = this.#encodeHead(command, headers);
    this.#corkForThisTurn();
    if (typeof body === 'string') {
      this.#socket.write(`${head}${body}\0\n`);
      return undefined;
    }
    this.#socket.write(head);
    this.#socket.write(body);
    this.#socket.write('\0\n');
    return undefined;
  }

  #encodeHead(command: string, headers: FrameHeaders): string {
    let head = `${command}\n`;
    for (const [name, value] of Object.entries(headers)) {
      if (value !== null && value !== undefined)
        head += `${this.#escape(name)}:${this.#escape(String(value))}\n`;
    }
    return `${head}\n`;
  }

  #escape(text: string): string {
    return this.#escapes.reduce(
      (escaped, [pattern, replacement]) => escaped.replace(pattern, replacement),
      text,
    );
  }

  #corkForThisTurn(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#socket.cork();
    setImmediate(() => {
      this.#corked = false;
      this.#socket.uncork();
    });
  }
}

/** The part of a Writable that stompit's client uses of a frame. */
export class StompFrame extends EventEmitter {
  readonly #send: (body: string | Uint8Array) => Error | undefined;

  constructor(send: (body: string | Uint8Array) => Error | undefined) {
    super();
    this.#send = send;
  }

  /** Sends the frame. Where the connection is closed already, `error` is emitted as well. */
  end(bodyOrDone?: string | Uint8Array | Done, done?: Done): void {
    const [body, callback] = typeof bodyOrDone === 'function' ? ['', bodyOrDone] : [bodyOrDone ?? '', done];
    const error = this.#send(body);
    if (error) this.emit('error', error);
    callback?.(error);
  }
}
