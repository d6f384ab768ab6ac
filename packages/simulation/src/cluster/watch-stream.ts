import type { ServerResponse } from 'node:http';
import type { ApiStatus } from './api-status.js';
import type { Encoding } from './encoding.js';
import type { PodEvent } from './pod-event.js';
import type { VersionedStore } from './versioned-store.js';
import type { WatchStart } from './watch-decision.js';

export interface WatchStreamOptions {
  readonly response: ServerResponse;
  readonly encoding: Encoding;
  readonly store: VersionedStore;
  readonly start: WatchStart;
  readonly bookmarkIntervalMs: number;
  readonly timeoutMs: number;
  /** A reader that is this many events behind is disconnected. */
  readonly maxLag: number;
  readonly onClosed: (stream: WatchStream) => void;
}

/**
 * One open watch. It holds no queue of its own: it follows the store's log as fast as its reader takes the events,
 * and loses its connection when it falls too far behind.
 */
export class WatchStream {
  readonly #options: WatchStreamOptions;
  readonly #timers: NodeJS.Timeout[];
  /** The events from before the watch that are still to be sent. */
  #state: readonly PodEvent[];
  #statePosition = 0;
  /** A watch may start with more than it may fall behind later. */
  readonly #lagLimit: number;
  #position: number;
  #blocked = false;
  #frozen = false;
  #ended = false;

  constructor(options: WatchStreamOptions) {
    const { response, store, start } = options;
    this.#options = options;
    this.#position = store.positionAfter(start.after);
    this.#lagLimit = options.maxLag + store.endPosition - this.#position;
    this.#state = start.withState
      ? store.page({ namespace: start.namespace, resourceVersion: start.after, from: '', limit: 0 }).events
      : [];
    this.#timers = [setTimeout(() => this.end(), options.timeoutMs)];
    if (start.bookmarks)
      this.#timers.push(setInterval(() => this.#sendBookmark(), options.bookmarkIntervalMs));
    response.on('drain', () => {
      this.#blocked = false;
      this.pump();
    });
    response.on('close', () => this.#close());
    response.on('error', () => this.#close());
  }

  /** Sends the headers at once, then what there is to send. */
  open(): void {
    const { response, encoding } = this.#options;
    response.writeHead(200, { 'content-type': encoding.watchType });
    response.flushHeaders();
    this.pump();
  }

  /** Sends what the reader has not got yet, until it takes no more for now. */
  pump(): void {
    const { response, store } = this.#options;
    if (this.#ended || this.#frozen) return;
    const behind = store.endPosition - this.#position;
    if (behind > this.#lagLimit || this.#position < store.firstPosition) {
      this.destroy();
      return;
    }
    // Not corked: a corked response does not show when its socket is full. Node joins the writes of a tick anyway.
    while (!this.#blocked) {
      const line = this.#next();
      if (line === undefined) return;
      this.#blocked = !response.write(line);
    }
  }

  /** Sends any text in the place of an event, in front of the events that wait. */
  sendText(text: string): void {
    this.#send(this.#options.encoding.text(text));
  }

  /** Sends an event of any type with any object, in front of the events that wait. */
  sendEvent(type: string, object: unknown): void {
    this.#send(this.#options.encoding.anyEvent(type, object));
  }

  /** Ends the stream in the middle of an event. */
  truncate(type: string, object: unknown): void {
    const bytes = this.#options.encoding.anyEvent(type, object);
    this.#send(bytes.subarray(0, bytes.length / 2));
    this.end();
  }

  /** Sends an ERROR event and ends the stream, as the server does. */
  sendError(error: ApiStatus): void {
    this.sendEvent('ERROR', error);
    this.end();
  }

  /** Ends the stream as the server does at its timeout. A half-open stream stays as it is. */
  end(): void {
    if (this.#ended || this.#frozen) return;
    this.#options.response.end();
    this.#close();
  }

  /** Cuts the connection. */
  destroy(): void {
    this.#options.response.destroy();
    this.#close();
  }

  /** Half open from now on: the connection stays, nothing more comes, and nothing ends it from this side. */
  freeze(): void {
    this.#frozen = true;
  }

  #next(): Buffer | undefined {
    const initial = this.#state[this.#statePosition];
    this.#statePosition += 1;
    const { store, start, encoding } = this.#options;
    // A watch without a resource version shows what was there before it as added.
    if (initial !== undefined) return encoding.event(initial, 'ADDED');
    this.#state = [];
    let event = store.eventAt(this.#position);
    // A watch from a future version gets nothing until the store has got there.
    while (
      event !== undefined &&
      (event.resourceVersion <= start.after || !isWithin(start.namespace, event))
    ) {
      this.#position += 1;
      event = store.eventAt(this.#position);
    }
    if (event === undefined) return undefined;
    this.#position += 1;
    return encoding.event(event);
  }

  #sendBookmark(): void {
    const { store, start } = this.#options;
    // A bookmark promises that everything before it was sent.
    const caughtUp = this.#position === store.endPosition && this.#state.length === 0;
    if (this.#frozen || !caughtUp || store.revision < start.after) return;
    this.sendEvent('BOOKMARK', bookmark(store.revision));
  }

  #send(bytes: Buffer): void {
    if (!this.#ended) this.#options.response.write(bytes);
  }

  #close(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#options.onClosed(this);
  }
}

function isWithin(namespace: string | undefined, { key }: PodEvent): boolean {
  return namespace === undefined || key.startsWith(`${namespace}/`);
}

/** The object in a bookmark, as the real server writes it. */
function bookmark(resourceVersion: number): object {
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { resourceVersion: String(resourceVersion), creationTimestamp: null },
    spec: { containers: null },
    status: {},
  };
}
