import type { Socket } from 'node:net';
import { type Logger, PodipsError } from '@podips/shared';
import type { Heartbeats } from './behaviour.js';
import { type Frame, frame, serializeFrame } from './frame.js';
import { type FrameLimits, FrameParser } from './frame-parser.js';
import type { Agreement } from './handshake.js';
import type { StompVersion } from './header-escape.js';
import { Session, type SessionDeps } from './session.js';

export interface ConnectionDeps
  extends Pick<SessionDeps, 'store' | 'router' | 'faults' | 'behaviour' | 'users' | 'heartbeatMs'> {
  readonly limits: FrameLimits & {
    /** Unread by the client; beyond it gets no more messages. */
    readonly maxPendingBytes: number;
  };
  readonly log: Logger;
  /** Runs work that changes the store; what it sends leaves with `flush()`, after the journal is written. */
  readonly turn: (work: () => void) => void;
}

const CONNECT_DEADLINE_MS = 30_000;
/** How long a client may take to close after an ERROR or a goodbye. */
const LINGER_MS = 1_000;

/** The socket of one client: bytes to frames, frames to bytes, heart-beats, and the bounds on both directions. */
export class Connection {
  readonly #socket: Socket;
  readonly #deps: ConnectionDeps;
  readonly #parser: FrameParser;
  readonly #session: Session;
  readonly #timers: NodeJS.Timeout[] = [];
  #version: StompVersion = '1.0';
  #output: Buffer[] = [];
  #outputBytes = 0;
  #wroteSinceBeat = false;
  #finishing = false;
  /** Whether a message was held back because the client reads too slowly. */
  #starved = false;

  constructor(socket: Socket, deps: ConnectionDeps) {
    this.#socket = socket;
    this.#deps = deps;
    this.#parser = new FrameParser(deps.limits);
    this.#session = new Session({
      ...deps,
      connected: (agreement) => this.#onConnected(agreement),
      send: (outgoing) => this.#send(outgoing),
      roomy: () => this.#isRoomy(),
      finish: () => this.#finish(),
    });
    socket.on('data', (chunk) => this.#onData(chunk));
    socket.on('error', (err) => deps.log.debug({ err }, 'client connection failed'));
    socket.on('close', () => {
      for (const timer of this.#timers) clearTimeout(timer);
      deps.turn(() => this.#session.end());
    });
    const unanswered = () => {
      if (!deps.faults.connectIgnored) this.#destroy('no CONNECT in time');
    };
    this.#timers.push(setTimeout(unanswered, CONNECT_DEADLINE_MS));
  }

  /** Writes what the turn has made for this client. */
  flush(): void {
    if (this.#deps.faults.silent) this.#discardOutput();
    if (this.#output.length > 0) {
      this.#socket.write(Buffer.concat(this.#output), () => this.#onWritten());
      this.#wroteSinceBeat = true;
      this.#discardOutput();
    }
    if (this.#finishing && !this.#socket.writableEnded) this.#socket.end();
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  get #pendingBytes(): number {
    return this.#outputBytes + this.#socket.writableLength;
  }

  #isRoomy(): boolean {
    const roomy = this.#pendingBytes < this.#deps.limits.maxPendingBytes;
    if (!roomy) this.#starved = true;
    return roomy;
  }

  #onWritten(): void {
    if (!this.#starved || this.#pendingBytes >= this.#deps.limits.maxPendingBytes) return;
    this.#starved = false;
    this.#deps.turn(() => this.#session.wake());
  }

  #discardOutput(): void {
    this.#output = [];
    this.#outputBytes = 0;
  }

  #onData(chunk: Buffer): void {
    if (this.#finishing || this.#deps.faults.silent) return;
    this.#deps.turn(() => {
      this.#parser.push(chunk);
      this.#handleFrames();
    });
  }

  #handleFrames(): void {
    while (!this.#finishing) {
      const received = this.#orRefuse(() => this.#parser.next());
      if (!received) return;
      this.#orRefuse(() => this.#session.handle(received), received);
    }
  }

  #orRefuse<T>(work: () => T, received?: Frame): T | undefined {
    try {
      return work();
    } catch (err) {
      if (!(err instanceof PodipsError)) throw err;
      this.#refuse(err, received);
      return undefined;
    }
  }

  #onConnected({ version, heartbeats }: Agreement): void {
    const { outgoingMs } = heartbeats;
    this.#version = version;
    this.#parser.version = version;
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
    if (heartbeats.clientSilenceMs > 0) this.#timers.push(this.#superviseClient(heartbeats));
    // Half of the interval: an idle connection then never goes without a byte for longer than the whole.
    if (outgoingMs > 0) this.#timers.push(setInterval(() => this.#beat(), outgoingMs / 2));
  }

  #superviseClient({ clientSilenceMs, checkEveryMs }: Heartbeats): NodeJS.Timeout {
    let seenBytes = this.#socket.bytesRead;
    let silentMs = 0;
    return setInterval(() => {
      silentMs = this.#socket.bytesRead === seenBytes ? silentMs + checkEveryMs : 0;
      seenBytes = this.#socket.bytesRead;
      if (silentMs >= clientSilenceMs && !this.#deps.faults.silent)
        this.#destroy('no heart-beat from the client');
    }, checkEveryMs);
  }

  #beat(): void {
    const idle = !this.#wroteSinceBeat && this.#socket.writable && this.#socket.writableLength === 0;
    this.#wroteSinceBeat = false;
    if (idle && !this.#deps.faults.silent) this.#socket.write('\n');
  }

  #send(outgoing: Frame): void {
    const { maxPendingBytes, maxBodyBytes } = this.#deps.limits;
    // Messages stop at the first bound; beyond both are receipts of a client that sends and never reads.
    if (this.#pendingBytes > 2 * maxPendingBytes + maxBodyBytes) {
      this.#destroy('the client does not read');
      return;
    }
    const bytes = serializeFrame(outgoing, this.#version);
    this.#output.push(bytes);
    this.#outputBytes += bytes.byteLength;
  }

  /** @param received undefined when the bytes are no frame: the stream cannot be read on */
  #refuse(error: PodipsError, received: Frame | undefined): void {
    const { log, behaviour } = this.#deps;
    log.warn({ err: error }, 'client refused');
    const receipt = received?.headers.get('receipt');
    const headers = { message: error.message, 'content-type': 'text/plain', 'receipt-id': receipt };
    this.#send(frame('ERROR', headers, Buffer.from(`${error.code}: ${error.message}\n`)));
    if (received && this.#session.isConnected && !behaviour.endsAtError) return;
    this.#session.end();
    this.#finish();
  }

  #finish(): void {
    this.#finishing = true;
    this.#timers.push(setTimeout(() => this.#socket.destroy(), LINGER_MS));
  }

  #destroy(reason: string): void {
    this.#deps.log.warn({ reason }, 'client disconnected');
    this.#finishing = true;
    this.#socket.destroy();
  }
}
