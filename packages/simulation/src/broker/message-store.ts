import { randomUUID } from 'node:crypto';
import type { FrameHeaders } from './frame.js';
import type { Journal } from './journal.js';
import { MessageQueue } from './message-queue.js';
import { StompError } from './stomp-error.js';
import type { Change, StoredMessage } from './stored-message.js';

/** Headers that belong to one frame, not to the message that it carries. */
const FRAME_HEADERS = [
  'receipt',
  'transaction',
  'content-length',
  'destination',
  'message-id',
  'subscription',
  'ack',
  'redelivered',
];

/** All queues. Changes take effect in memory at once; nothing of them may leave the broker before `flush()`. */
export class MessageStore {
  readonly #queues = new Map<string, MessageQueue>();
  readonly #toDispatch = new Set<MessageQueue>();
  readonly #journal: Journal | undefined;
  readonly #maxMessages: number;
  /** Makes the ids of this run different from those of earlier ones. */
  readonly #run = randomUUID().slice(0, 8);
  #sequence = 0;
  #messages = 0;

  constructor(maxMessages: number, journal?: Journal, restored: readonly StoredMessage[] = []) {
    this.#maxMessages = maxMessages;
    this.#journal = journal;
    for (const message of restored) {
      this.#apply({ kind: 'add', message });
      this.#sequence = Math.max(this.#sequence, message.sequence);
    }
  }

  /** The queue of this name, which exists from the first time that it is asked for. */
  queue(name: string): MessageQueue {
    const known = this.#queues.get(name);
    if (known) return known;
    const queue = new MessageQueue(name);
    this.#queues.set(name, queue);
    return queue;
  }

  /** The names of all queues. */
  get names(): readonly string[] {
    return [...this.#queues.keys()];
  }

  /** Deletes a queue with all that waits on it. */
  drop(queue: MessageQueue): void {
    this.#messages -= queue.depth;
    this.#queues.delete(queue.name);
    this.#toDispatch.delete(queue);
  }

  /** A message for a queue, not on it yet. */
  newMessage(
    queue: string,
    frameHeaders: FrameHeaders,
    body: Buffer,
    destination: string = queue,
  ): StoredMessage {
    this.#sequence += 1;
    const headers = new Map(frameHeaders);
    for (const name of FRAME_HEADERS) headers.delete(name);
    const id = `ID:${this.#run}-${this.#sequence}`;
    return { id, sequence: this.#sequence, queue, destination, headers, body, attempts: 0 };
  }

  /**
   * Makes changes that happen together or, after a crash, not at all.
   * @throws {StompError} STOMP_BROKER_FULL; nothing has changed then
   */
  commit(changes: readonly Change[]): void {
    const growth = changes.reduce((sum, { kind }) => sum + (kind === 'add' ? 1 : -1), 0);
    if (growth > 0 && this.#messages + growth > this.#maxMessages)
      throw new StompError(
        'STOMP_BROKER_FULL',
        `the broker holds its limit of ${this.#maxMessages} messages`,
      );
    this.#journal?.append(changes);
    for (const change of changes) this.#apply(change);
  }

  /** Asks for a look at a queue whose consumers have changed. */
  wake(queue: MessageQueue): void {
    this.#toDispatch.add(queue);
  }

  /** Hands messages to consumers, then writes the journal. @throws when the journal cannot be written */
  flush(): void {
    for (const queue of this.#toDispatch) queue.dispatch();
    this.#toDispatch.clear();
    this.#journal?.flush();
  }

  #apply({ kind, message }: Change): void {
    const queue = this.queue(message.queue);
    if (kind === 'add') queue.add(message);
    else queue.settle();
    this.#messages += kind === 'add' ? 1 : -1;
    this.#toDispatch.add(queue);
  }
}
