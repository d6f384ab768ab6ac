import { randomUUID } from 'node:crypto';
import type { Frame } from './frame.js';
import { choiceOf, queueOf, required } from './frame-fields.js';
import type { MessageStore } from './message-store.js';
import { TEMPORARY } from './stored-message.js';

/** Finds the queues behind a destination. */
export interface Router {
  /** The queues that get a message; none: it is dropped. @throws {StompError} */
  targets(send: Frame): readonly string[];
  /** The queue that a subscription reads from. @throws {StompError} */
  source(subscribe: Frame): string;
}

/** A destination is a queue. */
export const queueRouter: Router = {
  targets: (send) => [queueOf(send)],
  source: queueOf,
};

const ROUTING_TYPES = ['ANYCAST', 'MULTICAST'] as const;

/**
 * A destination is an address: an anycast one has a queue of the same name, a multicast one a temporary queue for each
 * subscription, and an address may be both. Queues that are empty and that nobody reads are deleted
 * (`StompConnection.autoCreateDestinationIfPossible`, `StompSession.addSubscription`, and `auto-delete-queues`).
 */
export class AddressRouter implements Router {
  readonly #store: MessageStore;

  constructor(store: MessageStore) {
    this.#store = store;
  }

  targets(send: Frame): readonly string[] {
    const address = required(send, 'destination');
    const type = choiceOf(send, 'destination-type', ROUTING_TYPES, undefined);
    if (type === 'ANYCAST') return [address];
    const temporary = this.#store.names.filter((name) => name.startsWith(`${address}${TEMPORARY}`));
    return type === undefined && this.#hasQueue(address) ? [address, ...temporary] : temporary;
  }

  source(subscribe: Frame): string {
    const address = required(subscribe, 'destination');
    const type = choiceOf(subscribe, 'subscription-type', ROUTING_TYPES, undefined);
    return type === 'ANYCAST' || this.#hasQueue(address) ? address : `${address}${TEMPORARY}${randomUUID()}`;
  }

  #hasQueue(address: string): boolean {
    const { depth, consumerCount } = this.#store.queue(address);
    return depth > 0 || consumerCount > 0;
  }
}
