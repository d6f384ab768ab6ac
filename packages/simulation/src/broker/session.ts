import type { BrokerUser } from '../broker-process.js';
import type { BrokerAction } from './behaviour.js';
import type { FaultState } from './broker-faults.js';
import { type Frame, frame } from './frame.js';
import { ACK_MODES, choiceOf, required } from './frame-fields.js';
import { type Agreement, agree, type Terms } from './handshake.js';
import type { MessageStore } from './message-store.js';
import type { Router } from './router.js';
import { StompError } from './stomp-error.js';
import { isTemporary, type StoredMessage } from './stored-message.js';
import { Subscription } from './subscription.js';
import { resolveSteps, type Step, Transaction } from './transaction.js';

export interface SessionDeps extends Terms {
  readonly store: MessageStore;
  readonly router: Router;
  readonly faults: FaultState;
  /** Called before anything is sent. */
  readonly connected: (agreement: Agreement) => void;
  readonly send: (frame: Frame) => void;
  readonly roomy: () => boolean;
  /** The client has said goodbye: close when all is sent. */
  readonly finish: () => void;
}

const MAX_OPEN_TRANSACTIONS = 1_000;

/** The state of one client: its subscriptions and open transactions. Knows frames, not sockets. */
export class Session {
  readonly #deps: SessionDeps;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #transactions = new Map<string, Transaction>();
  #agreement: Agreement | undefined;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
  }

  /**
   * Does what a frame asks for.
   * @throws {StompError} the answer is an ERROR frame and the end of the connection
   */
  handle(received: Frame): void {
    const { faults, send, finish } = this.#deps;
    if (!this.#agreement) {
      if (!faults.connectIgnored) this.#connect(received);
      return;
    }
    faults.check(received.command);
    this.#obey(received, this.#agreement);
    const receipt = received.headers.get('receipt');
    if (receipt !== undefined) send(frame('RECEIPT', { 'receipt-id': receipt }));
    if (received.command === 'DISCONNECT') finish();
  }

  get isConnected(): boolean {
    return this.#agreement !== undefined;
  }

  /** Takes back what the client has not acknowledged and drops its open transactions. Safe to call twice. */
  end(): void {
    for (const subscription of this.#subscriptions.values()) this.#unsubscribe(subscription, true);
    this.#subscriptions.clear();
    this.#transactions.clear();
  }

  /** The client reads again: its subscriptions may be ready. */
  wake(): void {
    for (const { queue } of this.#subscriptions.values()) this.#deps.store.wake(queue);
  }

  #connect(received: Frame): void {
    const { behaviour, connected, send } = this.#deps;
    const agreement = agree(received, this.#deps);
    this.#agreement = agreement;
    connected(agreement);
    const { version, heartbeats } = agreement;
    send(frame('CONNECTED', { version, server: behaviour.server, 'heart-beat': heartbeats.answer }));
  }

  #obey(received: Frame, agreement: Agreement): void {
    const { command } = received;
    if (command === 'SEND') this.#send(received, agreement);
    else if (command === 'SUBSCRIBE') this.#subscribe(received, agreement);
    else if (command === 'UNSUBSCRIBE') this.#unsubscribe(this.#takeSubscription(received), false);
    else if (command === 'ACK') this.#acknowledge('ack', received, agreement);
    else if (command === 'NACK') this.#acknowledge('nack', received, agreement);
    else if (command === 'BEGIN') this.#begin(required(received, 'transaction'));
    else if (command === 'COMMIT') this.#perform(this.#takeTransaction(received).steps);
    else if (command === 'ABORT') this.#takeTransaction(received);
    else if (command === 'DISCONNECT') this.end();
    else throw new StompError('STOMP_COMMAND_UNKNOWN', `"${command}" is no command here`);
  }

  #send(received: Frame, { user }: Agreement): void {
    const { store, router } = this.#deps;
    const destination = required(received, 'destination');
    this.#requireRight('send', destination, user);
    for (const queue of router.targets(received)) {
      const message = store.newMessage(queue, received.headers, received.body, destination);
      this.#step({ kind: 'send', message }, received);
    }
  }

  #acknowledge(kind: 'ack' | 'nack', received: Frame, { version }: Agreement): void {
    const messageId = required(received, version === '1.2' ? 'id' : 'message-id');
    const named = received.headers.get('subscription');
    const candidates = named === undefined ? this.#subscriptions.values() : [this.#subscriptions.get(named)];
    const subscription = [...candidates].find((candidate) => candidate?.holds(messageId));
    if (!subscription)
      throw new StompError('STOMP_MESSAGE_UNKNOWN', `message ${messageId} is not waiting to be acknowledged`);
    const { nackDeadLetters, ackJoinsTransaction } = this.#deps.behaviour;
    const step = { kind: nackDeadLetters ? kind : 'ack', subscription, messageId } as const;
    if (ackJoinsTransaction) this.#step(step, received);
    else this.#perform([step]);
  }

  /** Notes a step of a transaction, or performs it at once. */
  #step(step: Step, received: Frame): void {
    const name = received.headers.get('transaction');
    if (name === undefined) this.#perform([step]);
    else this.#transaction(name).add(step);
  }

  #perform(steps: readonly Step[]): void {
    const { store } = this.#deps;
    const { changes, settlements } = resolveSteps(steps, (refused) => this.#deadLetter(refused));
    store.commit(changes);
    for (const { subscription, message } of settlements) {
      subscription.forget(message);
      store.wake(subscription.queue);
    }
  }

  #deadLetter({ headers, body }: StoredMessage): StoredMessage {
    const { store, behaviour } = this.#deps;
    return store.newMessage(behaviour.deadLetterQueue, headers, body);
  }

  #begin(name: string): void {
    if (this.#transactions.has(name))
      throw new StompError('STOMP_TRANSACTION_EXISTS', `transaction ${name} is open already`);
    if (this.#transactions.size >= MAX_OPEN_TRANSACTIONS)
      throw new StompError('STOMP_TRANSACTION_TOO_LARGE', `${MAX_OPEN_TRANSACTIONS} transactions are open`);
    this.#transactions.set(name, new Transaction());
  }

  #transaction(name: string): Transaction {
    const transaction = this.#transactions.get(name);
    if (!transaction) throw new StompError('STOMP_TRANSACTION_UNKNOWN', `transaction ${name} is not open`);
    return transaction;
  }

  #takeTransaction(received: Frame): Transaction {
    const name = required(received, 'transaction');
    const transaction = this.#transaction(name);
    this.#transactions.delete(name);
    return transaction;
  }

  #requireRight(action: BrokerAction, destination: string, user: BrokerUser | undefined): void {
    const queues = action === 'send' ? user?.may?.sendTo : user?.may?.receiveFrom;
    if (user === undefined || queues?.some((queue) => destination === `/queue/${queue}`) !== false) return;
    throw new StompError('STOMP_FORBIDDEN', this.#deps.behaviour.refusal(user.name, action, destination));
  }

  #subscribe(received: Frame, { version, user }: Agreement): void {
    const { store, router, behaviour, send, roomy } = this.#deps;
    this.#requireRight('receive', required(received, 'destination'), user);
    const queue = store.queue(router.source(received));
    // STOMP 1.0 may leave the id out; it then unsubscribes by destination.
    const id = version === '1.0' ? (received.headers.get('id') ?? queue.name) : required(received, 'id');
    if (this.#subscriptions.has(id))
      throw new StompError('STOMP_SUBSCRIPTION_EXISTS', `subscription ${id} exists already`);
    const ackMode = choiceOf(received, 'ack', ACK_MODES, 'auto');
    const subscription = new Subscription({
      id,
      queue,
      ackMode,
      flow: behaviour.flow(received, ackMode),
      behaviour,
      version,
      roomy,
      send,
      consumed: (message) => store.commit([{ kind: 'remove', message }]),
    });
    this.#subscriptions.set(id, subscription);
    queue.attach(subscription);
    store.wake(queue);
  }

  #takeSubscription(received: Frame): Subscription {
    const id = received.headers.get('id') ?? required(received, 'destination');
    const subscription = this.#subscriptions.get(id);
    if (!subscription) throw new StompError('STOMP_SUBSCRIPTION_UNKNOWN', `no subscription ${id}`);
    this.#subscriptions.delete(id);
    return subscription;
  }

  #unsubscribe(subscription: Subscription, connectionEnded: boolean): void {
    const { store } = this.#deps;
    const { queue } = subscription;
    const spent = subscription.end(connectionEnded);
    if (isTemporary(queue.name)) {
      store.drop(queue);
      return;
    }
    store.commit(
      spent.flatMap((message) => [
        { kind: 'remove', message },
        { kind: 'add', message: this.#deadLetter(message) },
      ]),
    );
    store.wake(queue);
  }
}
