import { StompError } from './stomp-error.js';
import type { Change, StoredMessage } from './stored-message.js';
import type { Subscription } from './subscription.js';

export type Step =
  | { readonly kind: 'send'; readonly message: StoredMessage }
  | { readonly kind: 'ack' | 'nack'; readonly subscription: Subscription; readonly messageId: string };

const MAX_STEPS = 100_000;
const MAX_BODY_BYTES = 256 * 1024 * 1024;

/** The frames of a client between BEGIN and COMMIT. */
export class Transaction {
  readonly #steps: Step[] = [];
  #bodyBytes = 0;

  get steps(): readonly Step[] {
    return this.#steps;
  }

  /** @throws {StompError} STOMP_TRANSACTION_TOO_LARGE */
  add(step: Step): void {
    if (step.kind === 'send') this.#bodyBytes += step.message.body.byteLength;
    if (this.#steps.length >= MAX_STEPS || this.#bodyBytes > MAX_BODY_BYTES)
      throw new StompError('STOMP_TRANSACTION_TOO_LARGE', 'the transaction has too many frames or bytes');
    this.#steps.push(step);
  }
}

export interface Settlement {
  readonly subscription: Subscription;
  readonly message: StoredMessage;
}

/**
 * The effect of steps on the stored messages, and which messages their holders are done with.
 * @param deadLetter makes the message that takes the place of a refused one
 * @throws {StompError} STOMP_MESSAGE_UNKNOWN when one of them is about a message that is not held any more
 */
export function resolveSteps(
  steps: readonly Step[],
  deadLetter: (refused: StoredMessage) => StoredMessage,
): { changes: Change[]; settlements: Settlement[] } {
  const changes: Change[] = [];
  const settlements = new Map<string, Settlement>();
  for (const step of steps) {
    if (step.kind === 'send') {
      changes.push({ kind: 'add', message: step.message });
      continue;
    }
    for (const message of step.subscription.coveredBy(step.messageId)) {
      if (settlements.has(message.id)) continue;
      settlements.set(message.id, { subscription: step.subscription, message });
      changes.push({ kind: 'remove', message });
      if (step.kind === 'nack') changes.push({ kind: 'add', message: deadLetter(message) });
    }
  }
  return { changes, settlements: [...settlements.values()] };
}
