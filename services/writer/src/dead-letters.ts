import {
  backoffDelayMs,
  copyMessage,
  invalidQueueOf,
  type Logger,
  type MessageError,
  QueueError,
  type QueueSession,
  type ReceivedMessage,
  toError,
} from '@podips/shared';

/** A message that can never be delivered. */
export interface DeadLetter {
  readonly received: ReceivedMessage;
  readonly reason: MessageError;
}

export interface DeadLetterEvents {
  /** A message is in the dead-letter queue. */
  onInvalid(reason: string): void;
  /** The dead-letter queue takes no messages, so they are held; `count` 0: none are held any more. */
  onHeld(count: number, reason: string): void;
}

type Session = Pick<QueueSession, 'replace' | 'dialect'>;

/** A failure ends the connection, and all messages in flight come again. */
const RETRY = { baseMs: 30_000, capMs: 600_000 };
/** Held messages take places in the prefetch; if half of them are taken, all of these go to the end of the queue. */
const MAKE_ROOM_MS = 5_000;
const GATHER_MS = 500;

/**
 * Moves invalid messages of one session after another to the dead-letter queue. When that fails twice in a row, by
 * an ERROR frame, by silence or by a lost connection, they are held without an acknowledgement, and one of them is tried
 * again now and then: the others are not disturbed for longer, and nothing is lost.
 */
export class DeadLetters {
  readonly #queue: string;
  readonly #maxHeld: number;
  readonly #events: DeadLetterEvents;
  readonly #log: Logger;
  readonly #waiting = new Set<DeadLetter>();
  #session: Session | undefined;
  #moving: Promise<void> | undefined;
  /** In a row. */
  #failures = 0;
  #failure = '';
  #soon: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #makeRoom: NodeJS.Timeout | undefined;

  /** @param prefetch of the subscription that the messages come from */
  constructor(queue: string, prefetch: number, events: DeadLetterEvents, log: Logger) {
    this.#queue = queue;
    this.#maxHeld = Math.ceil(prefetch / 2);
    this.#events = events;
    this.#log = log;
  }

  /** Accepts an invalid message of the session that is open. */
  add(session: Session, letter: DeadLetter): void {
    this.#session = session;
    this.#waiting.add(letter);
    if (this.#retry) this.#hold();
    // After a failure, all that the broker redelivers are there before the next one is chosen.
    else this.#soon ??= setTimeout(() => this.#move(), this.#failures === 0 ? 0 : GATHER_MS);
  }

  /** The session has ended: the broker redelivers what waits. */
  sessionEnded(): void {
    this.#session = undefined;
    this.#empty();
    clearTimeout(this.#makeRoom);
    this.#makeRoom = undefined;
  }

  /** Gives up all that waits, after what is under way has settled. */
  async takeAll(): Promise<readonly ReceivedMessage[]> {
    // Nothing more is begun for it.
    this.#session = undefined;
    await this.#moving;
    return this.#empty();
  }

  stop(): void {
    for (const timer of [this.#soon, this.#retry, this.#makeRoom]) clearTimeout(timer);
  }

  /** Whatever was held is the broker's again, or on its way there. */
  #empty(): readonly ReceivedMessage[] {
    const received = [...this.#waiting].map((letter) => letter.received);
    this.#waiting.clear();
    if (received.length > 0 && this.#failures > 0) this.#events.onHeld(0, '');
    return received;
  }

  #move(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    const session = this.#session;
    if (session === undefined || this.#moving || this.#retry || this.#waiting.size === 0) return;
    const all = [...this.#waiting];
    // After a failure one by one, each time another one first: it may be the message that the broker does not like.
    const batch = this.#failures === 0 ? all : all.slice(this.#failures % all.length).slice(0, 1);
    this.#busyWith(this.#send(session, batch));
  }

  #busyWith(work: Promise<void>): void {
    this.#moving = work.finally(() => {
      this.#moving = undefined;
      this.#move();
    });
  }

  async #send(session: Session, batch: readonly DeadLetter[]): Promise<void> {
    const invalid = invalidQueueOf(this.#queue);
    const copy = ({ received, reason: { code, message } }: DeadLetter) =>
      copyMessage(received, invalid, session.dialect, { 'podips-error': code, 'podips-reason': message });
    try {
      await session.replace(batch.map((letter) => ({ received: letter.received, message: copy(letter) })));
    } catch (err) {
      this.#onFailed(toError(err));
      return;
    }
    for (const letter of batch) this.#onMoved(letter);
    this.#forgetFailures();
  }

  /** Nothing is held any more. */
  #forgetFailures(): void {
    if (this.#waiting.size > 0 || this.#failures === 0) return;
    this.#failures = 0;
    this.#events.onHeld(0, '');
  }

  #onMoved(letter: DeadLetter): void {
    const { received, reason } = letter;
    this.#waiting.delete(letter);
    const bytes = received.body.byteLength;
    this.#log.warn(
      { err: reason, bytes, messageId: received.headers['message-id'] },
      'invalid message dead-lettered',
    );
    this.#events.onInvalid(reason.code);
  }

  #onFailed(err: Error): void {
    this.#log.warn({ err }, 'invalid messages not dead-lettered; the broker redelivers them');
    this.sessionEnded();
    // No failure of the dead-letter queue.
    if (err instanceof QueueError && err.code === 'QUEUE_CLOSED') return;
    this.#failures += 1;
    if (this.#failures === 1) return;
    const delayMs = backoffDelayMs(this.#failures - 2, RETRY);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      if (this.#session) this.#forgetFailures();
      this.#move();
    }, delayMs);
    this.#log.error(
      { err, queue: invalidQueueOf(this.#queue), retryMs: Math.round(delayMs) },
      'dead-letter queue failed twice in a row; invalid messages are held',
    );
    this.#failure = err.message;
  }

  #hold(): void {
    this.#events.onHeld(this.#waiting.size, this.#failure);
    if (this.#waiting.size < this.#maxHeld) return;
    this.#makeRoom ??= setTimeout(() => this.#sendToEnd(), MAKE_ROOM_MS);
  }

  /** Makes room for messages behind the held ones. */
  #sendToEnd(): void {
    this.#makeRoom = undefined;
    const session = this.#session;
    if (session === undefined || this.#moving) return;
    const moved = this.#empty().map((received) => ({
      received,
      message: copyMessage(received, this.#queue, session.dialect),
    }));
    const onFailed = (err: unknown) => this.#log.warn({ err: toError(err) }, 'held messages not moved');
    this.#busyWith(session.replace(moved).catch(onFailed));
  }
}
