import {
  appendFileSync,
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { type Frame, frame, serializeFrame } from './frame.js';
import { FrameParser } from './frame-parser.js';
import { type Change, isPersistent, type StoredMessage } from './stored-message.js';

/** A file of frames: ADD and REMOVE, each batch of them closed by a COMMIT. A batch without one never happened. */
const COMMIT = serializeFrame(frame('COMMIT', {}), '1.2');
const UNLIMITED = { maxHeadBytes: Number.MAX_SAFE_INTEGER, maxBodyBytes: Number.MAX_SAFE_INTEGER };
const TRUNCATE_FROM_BYTES = 16 * 1024 * 1024;
const COMPACTION_BATCH_BYTES = 1024 * 1024;

/**
 * Append-only file of the persistent messages. It is written through to the operating system, not to the disk:
 * it survives the death of the process, not of the machine.
 */
export class Journal {
  readonly #descriptor: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #live: number;
  #bytes = 0;

  /**
   * Opens or creates the file and rewrites it with only the remaining messages.
   * @returns the journal and these messages in order
   * @throws {StompError} when the file is no journal; any error of the file system
   */
  static async open(path: string): Promise<{ journal: Journal; messages: StoredMessage[] }> {
    const messages = existsSync(path) ? await readMessages(path) : [];
    const compacted = `${path}.new`;
    rmSync(compacted, { force: true });
    // In append mode, so that writes continue at the new end after a truncation.
    const descriptor = openSync(compacted, 'a');
    const journal = new Journal(descriptor, 0);
    for (const message of messages) {
      journal.append([{ kind: 'add', message }]);
      if (journal.#pendingBytes > COMPACTION_BATCH_BYTES) journal.flush();
    }
    journal.flush();
    fsyncSync(descriptor);
    renameSync(compacted, path);
    return { journal, messages };
  }

  private constructor(descriptor: number, live: number) {
    this.#descriptor = descriptor;
    this.#live = live;
  }

  /** Notes a batch that happens as a whole or not at all; it is on file after the next `flush()`. */
  append(changes: readonly Change[]): void {
    const persistent = changes.filter(({ message }) => isPersistent(message));
    if (persistent.length === 0) return;
    for (const change of persistent) {
      this.#push(serializeFrame(toFrame(change), '1.2'));
      this.#live += change.kind === 'add' ? 1 : -1;
    }
    this.#push(COMMIT);
  }

  /** @throws when the file cannot be written; what it then holds is a whole number of batches after the next open */
  flush(): void {
    if (this.#pending.length === 0) return;
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    appendFileSync(this.#descriptor, bytes);
    this.#bytes += bytes.byteLength;
    if (this.#live > 0 || this.#bytes < TRUNCATE_FROM_BYTES) return;
    ftruncateSync(this.#descriptor, 0);
    this.#bytes = 0;
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #push(bytes: Buffer): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.byteLength;
  }
}

function toFrame({ kind, message }: Change): Frame {
  if (kind === 'remove') return frame('REMOVE', { 'message-id': message.id });
  const headers = new Map(message.headers).set('destination', message.queue).set('message-id', message.id);
  return { command: 'ADD', headers, body: message.body };
}

async function readMessages(path: string): Promise<StoredMessage[]> {
  const live = new Map<string, StoredMessage>();
  const parser = new FrameParser(UNLIMITED, '1.2');
  let batch: Frame[] = [];
  let sequence = 0;
  for await (const chunk of createReadStream(path)) {
    const bytes: Buffer = chunk;
    parser.push(bytes);
    for (let next = parser.next(); next; next = parser.next()) {
      batch.push(next);
      if (next.command !== 'COMMIT') continue;
      for (const change of batch) replay(change, live, sequence++);
      batch = [];
    }
  }
  return [...live.values()];
}

function replay({ command, headers, body }: Frame, live: Map<string, StoredMessage>, sequence: number): void {
  const id = headers.get('message-id') ?? '';
  if (command === 'REMOVE') live.delete(id);
  if (command !== 'ADD') return;
  const queue = headers.get('destination') ?? '';
  const own = new Map(headers);
  for (const name of ['destination', 'message-id', 'content-length']) own.delete(name);
  live.set(id, { id, sequence, queue, destination: queue, headers: own, body, attempts: 0 });
}
