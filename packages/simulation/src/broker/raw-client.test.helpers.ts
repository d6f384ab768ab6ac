import { connect, type Socket } from 'node:net';
import type { Frame } from './frame.js';
import { FrameParser } from './frame-parser.js';
import type { StompVersion } from './header-escape.js';

/** A STOMP client for tests: sends exactly the given bytes and records everything that it receives. */
export class RawClient {
  readonly frames: Frame[] = [];
  readonly #socket: Socket;
  readonly #parser: FrameParser;
  #closed = false;

  constructor(port: number, version: StompVersion = '1.2') {
    this.#parser = new FrameParser({ maxHeadBytes: 1_000_000, maxBodyBytes: 100_000_000 }, version);
    this.#socket = connect({ host: '127.0.0.1', port });
    this.#socket.on('data', (chunk) => {
      this.#parser.push(chunk);
      for (let frame = this.#parser.next(); frame; frame = this.#parser.next()) this.frames.push(frame);
    });
    this.#socket.on('error', () => this.#socket.destroy());
    this.#socket.on('close', () => {
      this.#closed = true;
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  /** Writes frames as text; `^@` stands for NUL, as in the specification. */
  write(text: string): void {
    this.#socket.write(text.replaceAll('^@', '\0'));
  }

  writeBytes(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  connect(headers = 'accept-version:1.2\n'): void {
    this.write(`CONNECT\n${headers}\n^@`);
  }

  /** The commands received so far. */
  get commands(): string[] {
    return this.frames.map(({ command }) => command);
  }

  /** The frames received so far of one command. */
  framesOf(command: string): Frame[] {
    return this.frames.filter((frame) => frame.command === command);
  }

  /** Stops reading, as a client does that is too slow. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
  }
}
