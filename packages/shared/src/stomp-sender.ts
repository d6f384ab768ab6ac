import type { Client } from 'stompit';
import type { BrokerDialect } from './broker-dialect.js';
import type { QueueError } from './errors.js';
import { PendingReceipts } from './pending-receipts.js';
import { QueueDefinitions } from './queue-definitions.js';
import type { OutgoingMessage, QueueHeaders, Replacement } from './queue-message.js';

export interface StompSenderOptions {
  readonly client: Client;
  readonly dialect: BrokerDialect;
  /** From sending a frame to its RECEIPT, in milliseconds. */
  readonly receiptTimeoutMs: number;
  /** Settles when the connection ends. */
  readonly closed: Promise<QueueError>;
  /** A receipt is overdue: the connection has to end, because it is unknown what the broker has. */
  readonly onOverdue: (error: QueueError) => void;
  readonly onReceipt: () => void;
}

/** Sends messages over one connection, in the dialect of its broker, and knows when they are durable. */
export class StompSender {
  readonly #options: StompSenderOptions;
  readonly #receipts: PendingReceipts;
  readonly #definitions: QueueDefinitions;
  /** Ids of transactions that have ended. Artemis keeps a session in memory for every id that a connection has used. */
  readonly #freeTransactions: string[] = [];
  #transactions = 0;

  constructor(options: StompSenderOptions) {
    this.#options = options;
    this.#receipts = new PendingReceipts(options.receiptTimeoutMs, options.onOverdue);
    this.#definitions = new QueueDefinitions(options.dialect.definitionOnDiskAfterMs);
  }

  /** @throws {QueueError} */
  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    const { dialect, closed } = this.#options;
    if (messages.length === 0) return;
    if (messages.length > 1 && dialect.durableBy === 'commit')
      await this.#inTransaction((transaction) => {
        for (const message of messages) this.#write(message, { transaction });
      });
    else
      await this.#withReceipts(messages.length, (onReceipt) => {
        for (const message of messages) this.#write(message, {}, onReceipt);
      });
    await this.#definitions.onDisk([...new Set(messages.map(({ destination }) => destination))], closed);
  }

  /** @throws {QueueError} */
  async replace(replacements: readonly Replacement[]): Promise<void> {
    const { client, dialect } = this.#options;
    if (replacements.length === 0) return;
    if (dialect.replaceBy === 'transaction') {
      await this.#inTransaction((transaction) => {
        for (const { received, message } of replacements) {
          this.#write(message, { transaction });
          client.ack(received, { transaction });
        }
      });
      return;
    }
    await this.send(replacements.map(({ message }) => message));
    for (const { received } of replacements) client.ack(received);
  }

  /** The connection has ended: rejects what has no receipt, and whatever is sent later. */
  end(error: QueueError): void {
    this.#receipts.end(error);
  }

  async #inTransaction(write: (transaction: string) => void): Promise<void> {
    const { client } = this.#options;
    const transaction = this.#freeTransactions.pop() ?? this.#newTransaction();
    await this.#withReceipts(1, (onReceipt) => {
      client.sendFrame('BEGIN', { transaction }).end();
      write(transaction);
      client.sendFrame('COMMIT', { transaction }, { onReceipt }).end();
    });
    this.#freeTransactions.push(transaction);
  }

  #newTransaction(): string {
    this.#transactions += 1;
    return `t${this.#transactions}`;
  }

  #write(message: OutgoingMessage, extra: QueueHeaders, onReceipt?: () => void): void {
    const { client, dialect } = this.#options;
    // A new object for every frame: stompit adds to the one that it is given.
    const headers = {
      destination: message.destination,
      persistent: 'true',
      'content-length': Buffer.byteLength(message.body),
      ...message.headers,
      ...dialect.sendHeaders,
      ...extra,
    };
    client.sendFrame('SEND', headers, onReceipt ? { onReceipt } : undefined).end(message.body);
  }

  #withReceipts(count: number, write: (onReceipt: () => void) => void): Promise<void> {
    return this.#receipts.expect(count, (onReceipt) =>
      write(() => {
        this.#options.onReceipt();
        onReceipt();
      }),
    );
  }
}
