import type { Logger } from '@podips/shared';
import { FeedPace } from './feed-pace.js';
import type { PodFeedEvents } from './feed-parts.js';
import { KubeError } from './kube-error.js';

/** The longest rest without a watch that is no failure. */
const MAX_SILENT_REST_MS = 1_000;

/** Whether a feed hears from the API server: says so once when it begins to fail, and whenever something comes. */
export class FeedLink {
  readonly pace = new FeedPace();
  readonly #events: Pick<PodFeedEvents, 'onAlive' | 'onFailure'>;
  readonly #log: Logger;
  #failing = false;
  #receivedMs = 0;

  constructor(events: Pick<PodFeedEvents, 'onAlive' | 'onFailure'>, log: Logger) {
    this.#events = events;
    this.#log = log;
  }

  /** When the server last sent something, by the monotonic clock. */
  get receivedMs(): number {
    return this.#receivedMs;
  }

  received(what: 'list' | 'watch' | 'event' | 'bookmark'): void {
    this.pace.answered();
    this.#receivedMs = performance.now();
    this.#failing = false;
    this.#events.onAlive(what);
  }

  /** A part of a list came. One that fails again and again does not work in between. */
  receivedPart(): void {
    if (!this.#failing) this.#events.onAlive('list');
  }

  failed(error: KubeError): void {
    // A line for each outage, not for each attempt.
    this.#log[this.#failing ? 'debug' : 'warn']({ err: error }, 'the API server fails');
    this.#failing = true;
    this.#events.onFailure(error);
  }

  /** Nothing is watched during a rest, even where the server answers. */
  rests(restMs: number): void {
    if (this.#failing || restMs <= MAX_SILENT_REST_MS) return;
    const why = `no watch for ${Math.round(restMs)} ms after ${this.pace}`;
    this.failed(new KubeError('KUBE_NO_WATCH', why, { status: 503 }));
  }
}
