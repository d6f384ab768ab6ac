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
  /** The broker refuses the dead-letter queue, so messages are held; `count` 0: it accepts them again. */
  onHeld(count: number, reason: string): void;
}

type Session = Pick<QueueSession, 'replace' | 'dialect'>;

/** A refusal ends the connection, and all messages in flight come again. */
const RETRY = { baseMs: 30_000, capMs: 600_000 };
/** Held messages take places in the prefetch; if half of them are taken, all of these go to the end of the queue. */
const MAKE_ROOM_MS = 5_000;
const GATHER_MS = 500;

/**
 * Moves invalid messages of one session after another to the dead-letter queue. When the broker refuses them there twice in
 * a row, they are held without an acknowledgement, and one of them is tried again now and then: the others are not
 * disturbed, and nothing is lost.
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
  #refusals = 0;
  #refusal = '';
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
    // After a refusal, all that the broker redelivers are there before the next one is chosen.
    else this.#soon ??= setTimeout(() => this.#move(), this.#refusals === 0 ? 0 : GATHER_MS);
  }

  /** The session has ended: the broker redelivers what waits. */
  sessionEnded(): void {
    this.#session = undefined;
    this.#waiting.clear();
    clearTimeout(this.#makeRoom);
    this.#makeRoom = undefined;
  }

  /** Gives up all that waits, after what is under way has settled. */
  async takeAll(): Promise<readonly ReceivedMessage[]> {
    // Nothing more is begun for it.
    this.#session = undefined;
    await this.#moving;
    const letters = [...this.#waiting];
    this.#waiting.clear();
    return letters.map(({ received }) => received);
  }

  stop(): void {
    for (const timer of [this.#soon, this.#retry, this.#makeRoom]) clearTimeout(timer);
  }

  #move(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    const session = this.#session;
    if (session === undefined || this.#moving || this.#retry || this.#waiting.size === 0) return;
    const all = [...this.#waiting];
    // After a refusal one by one, each time another one first: it may be the message that the broker does not like.
    const batch = this.#refusals === 0 ? all : all.slice(this.#refusals % all.length).slice(0, 1);
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
    this.#forgetRefusals();
  }

  /** Nothing is held any more. */
  #forgetRefusals(): void {
    if (this.#waiting.size > 0 || this.#refusals === 0) return;
    this.#refusals = 0;
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
    if (!(err instanceof QueueError) || err.code !== 'QUEUE_REFUSED') return;
    this.#refusals += 1;
    if (this.#refusals === 1) return;
    const delayMs = backoffDelayMs(this.#refusals - 2, RETRY);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      if (this.#session) this.#forgetRefusals();
      this.#move();
    }, delayMs);
    this.#log.error(
      { err, queue: invalidQueueOf(this.#queue), retryMs: Math.round(delayMs) },
      'dead-letter queue refused; invalid messages are held',
    );
    this.#refusal = err.message;
  }

  #hold(): void {
    this.#events.onHeld(this.#waiting.size, this.#refusal);
    if (this.#waiting.size < this.#maxHeld) return;
    this.#makeRoom ??= setTimeout(() => this.#sendToEnd(), MAKE_ROOM_MS);
  }

  /** Makes room for messages behind the held ones. */
  #sendToEnd(): void {
    this.#makeRoom = undefined;
    const session = this.#session;
    if (session === undefined || this.#moving) return;
    const moved = [...this.#waiting].map(({ received }) => ({
      received,
      message: copyMessage(received, this.#queue, session.dialect),
    }));
    this.#waiting.clear();
    const onFailed = (err: unknown) => this.#log.warn({ err: toError(err) }, 'held messages not moved');
    this.#busyWith(session.replace(moved).catch(onFailed));
  }
}
