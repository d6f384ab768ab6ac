import { backoffDelayMs, type Logger, pause, toError } from '@podips/shared';
import { type KubeClient, KubeError } from './kube-client.js';
import type { Pod } from './pod.js';
import { listPods } from './pod-list.js';
import { type PodEvent, type SkippedWhat, watchPods } from './pod-stream.js';
import type { Standstill } from './standstill.js';

/** Receives what the feed learns. */
export interface PodSink {
  /** A list or a watch is about to be asked for. It begins with the past, from an unknown time on. */
  catchingUp(): void;
  /**
   * A complete list. May wait for room: no stream is open meanwhile.
   * @param mayAccept asked after each wait; false: the rest of the list must not be accepted
   */
  replaceAll(
    pods: readonly Pod[],
    resourceVersion: string,
    reason: ListReason,
    mayAccept: () => Promise<boolean>,
  ): Promise<void>;
  /** One event. False: there is no room, and nothing was accepted. Must not wait: the server drops a slow watcher. */
  apply(event: PodEvent): boolean;
  /** The buffer that was full. */
  readonly fullOf: string;
  /** Resolves when `apply` can be tried again. */
  roomAvailable(signal: AbortSignal): Promise<void>;
}

export interface PodFeedEvents {
  /** The API server has answered or sent something. */
  onAlive(what: 'list' | 'watch' | 'event' | 'bookmark'): void;
  onFailure(error: KubeError): void;
  onSkipped(what: SkippedWhat, reason: Error): void;
  /** A list is due, and why. */
  onList(reason: ListReason): void;
  /** There is no room: the watch is closed until there is. */
  onFull(): void;
}

/** Why a list is due. */
export type ListReason = 'start' | 'expired' | 'refused' | 'unreadable' | 'silent';

export interface PodFeedOptions {
  /** Where an earlier reader stopped; undefined: begin with a list. */
  readonly resumeFrom: string | undefined;
  readonly pageSize: number;
  readonly requestDeadlineMs: number;
  readonly idleMs: number;
  readonly watchTimeoutSeconds: number;
  /**
   * Asked after this process stood still, before it accepts what waited for it: another reader may lead by now. False ends
   * the feed.
   */
  readonly stillLeads: (signal: AbortSignal) => Promise<boolean>;
  /** From the moment on at which it was last known that this reader leads. */
  readonly standstill: Standstill;
}

const RETRY = { baseMs: 500, capMs: 30_000 };
const MAX_RETRY_AFTER_MS = 60_000;
/** A list that takes too long is tried again with smaller pages, down to this part of the usual ones. */
const LEAST_PAGE_PART = 1 / 16;
/** A watch that lasted this long was a real one, even when no event came. */
const STABLE_AFTER_MS = 10_000;
/** The longest rest without a watch that is no failure. */
const MAX_SILENT_REST_MS = 1_000;

/**
 * Lists the pods, then watches on from the list; resumes from the last event after a stream ended; lists again when
 * that is not possible. Runs until the signal aborts, or another reader leads.
 */
export async function followPods(
  client: KubeClient,
  sink: PodSink,
  options: PodFeedOptions,
  events: PodFeedEvents,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  await new PodFeed(client, sink, options, events, log, signal).run();
}

class PodFeed {
  readonly #client: KubeClient;
  readonly #sink: PodSink;
  readonly #options: PodFeedOptions;
  readonly #events: PodFeedEvents;
  readonly #log: Logger;
  readonly #signal: AbortSignal;
  readonly #standstill: Standstill;
  /** The resource version to resume after; undefined when a list is due. */
  #position: string | undefined;
  #listReason: ListReason = 'start';
  #pageSize: number;
  #silentWatches = 0;
  #attempts = 0; // requests since the last one that the server answered
  #shortWatches = 0; // watches since the last event that ended soon
  /** Lists since the last watch that lasted. */
  #lists = 0;
  #failing = false;

  constructor(
    client: KubeClient,
    sink: PodSink,
    options: PodFeedOptions,
    events: PodFeedEvents,
    log: Logger,
    signal: AbortSignal,
  ) {
    this.#client = client;
    this.#sink = sink;
    this.#options = options;
    this.#events = events;
    this.#log = log;
    this.#signal = signal;
    this.#standstill = options.standstill;
    this.#position = options.resumeFrom;
    this.#pageSize = options.pageSize;
  }

  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      if (!(await this.#mayAccept())) return;
      let retryAfterMs = 0;
      try {
        this.#position ??= await this.#list();
        if (this.#position && (await this.#watch(this.#position)) === 'full') await this.#waitForRoom();
      } catch (err) {
        if (this.#signal.aborted) return;
        const error = asKubeError(err);
        this.#afterFailure(error);
        retryAfterMs = Math.min(error.retryAfterMs ?? 0, MAX_RETRY_AFTER_MS);
      }
      const restMs = Math.max(retryAfterMs, this.#restMs());
      this.#reportRest(restMs);
      await pause(restMs, this.#signal);
    }
  }

  async #mayAccept(): Promise<boolean> {
    if (!this.#standstill.happened) return true;
    const leads = await this.#options.stillLeads(this.#signal);
    if (leads) this.#standstill.reset();
    return leads;
  }

  /**
   * Requests, watches and lists each have a backoff of their own, which a success of that kind resets: how long the
   * server was unavailable says nothing about the list that is due now. After a watch that lasted there is none.
   */
  #restMs(): number {
    const repeats = Math.max(this.#attempts, this.#position === undefined ? this.#lists : this.#shortWatches);
    return repeats === 0 ? 0 : backoffDelayMs(repeats - 1, RETRY);
  }

  /** Nothing is watched during a rest, even where the server answers. */
  #reportRest(restMs: number): void {
    if (this.#failing || restMs <= MAX_SILENT_REST_MS) return;
    const why = `no watch for ${Math.round(restMs)} ms after ${this.#lists} lists and ${this.#shortWatches} short watches`;
    this.#afterFailure(new KubeError('KUBE_NO_WATCH', why, { status: 503 }));
  }

  /** @returns undefined when the list is of the past, or was not accepted to its end */
  async #list(): Promise<string | undefined> {
    const reason = this.#listReason;
    this.#attempts += 1;
    this.#events.onList(reason);
    this.#sink.catchingUp();
    const { pods, resourceVersion } = await listPods(this.#client, {
      pageSize: this.#pageSize,
      pageDeadlineMs: this.#options.requestDeadlineMs,
      signal: this.#signal,
      onSkipped: (error) => this.#events.onSkipped('malformed-pod', error),
    });
    if (this.#standstill.happened) return undefined;
    this.#lists += 1;
    this.#received('list');
    this.#pageSize = Math.min(this.#pageSize * 2, this.#options.pageSize);
    let accepted = true;
    await this.#sink.replaceAll(pods, resourceVersion, reason, async () => {
      accepted = await this.#mayAccept();
      return accepted;
    });
    if (!accepted) return undefined;
    this.#log.info({ pods: pods.length, resourceVersion, reason }, 'pods listed');
    return resourceVersion;
  }

  /** Follows one watch to its end. */
  async #watch(from: string): Promise<'ended' | 'full' | 'lost'> {
    const startedMs = performance.now();
    let opened = false;
    this.#attempts += 1;
    this.#sink.catchingUp();
    const stream = watchPods(this.#client, {
      resourceVersion: from,
      timeoutSeconds: this.#options.watchTimeoutSeconds,
      headersDeadlineMs: this.#options.requestDeadlineMs,
      idleMs: this.#options.idleMs,
      signal: this.#signal,
      onOpen: () => {
        opened = true;
        this.#received('watch');
      },
    });
    try {
      for await (const event of stream) {
        // Events that waited in this watch are of the past. The bookmark of a new one shows up to where.
        if (this.#standstill.happened) return 'ended';
        const outcome = this.#accept(event);
        if (outcome !== 'accepted') return outcome;
      }
      return 'ended';
    } finally {
      if (opened) this.#shortWatches += 1;
      if (performance.now() - startedMs > STABLE_AFTER_MS) this.#shortWatches = this.#lists = 0;
    }
  }

  #accept(event: PodEvent): 'accepted' | 'full' | 'lost' {
    if (event.type === 'unreadable' || event.type === 'skipped') {
      this.#events.onSkipped(event.what, event.reason);
      if (event.type === 'skipped') return 'accepted';
      this.#loseTrack('unreadable');
      return 'lost';
    }
    if (!this.#sink.apply(event)) return 'full';
    if (event.resourceVersion !== '') this.#position = event.resourceVersion;
    this.#received(event.type === 'bookmark' ? 'bookmark' : 'event');
    this.#shortWatches = 0;
    this.#silentWatches = 0;
    return 'accepted';
  }

  async #waitForRoom(): Promise<void> {
    const { fullOf } = this.#sink;
    this.#log.error({ fullOf }, 'buffer full; watch paused until it drains');
    this.#events.onFull();
    await this.#sink.roomAvailable(this.#signal);
    this.#log.info({ fullOf }, 'buffer drained; watch resumes');
  }

  #received(what: 'list' | 'watch' | 'event' | 'bookmark'): void {
    this.#attempts = 0;
    this.#failing = false;
    this.#events.onAlive(what);
  }

  #loseTrack(reason: ListReason): void {
    this.#position = undefined;
    this.#listReason = reason;
    this.#silentWatches = 0;
  }

  #afterFailure(error: KubeError): void {
    if (error.code === 'KUBE_WATCH_SILENT') {
      this.#silentWatches += 1;
      this.#log.info({ err: error }, 'watch reopened');
      // A version from the future (a restored etcd) gives a watch that never sends anything.
      if (this.#silentWatches > 1) this.#loseTrack('silent');
      return;
    }
    if (error.expired || (error.unusable && this.#position !== undefined)) {
      this.#log.info({ err: error }, 'the watch cannot be resumed; listing');
      this.#attempts = 0; // the server answered
      if (this.#position === undefined) this.#lists += 1; // a continue token that expired
      this.#loseTrack(error.expired ? 'expired' : 'refused');
      return;
    }
    if (error.code === 'KUBE_TIMEOUT' && this.#position === undefined)
      this.#pageSize = Math.ceil(Math.max(this.#pageSize / 2, this.#options.pageSize * LEAST_PAGE_PART));
    // A line for each outage, not for each attempt.
    this.#log[this.#failing ? 'debug' : 'warn']({ err: error }, 'the API server fails');
    this.#failing = true;
    this.#events.onFailure(error);
  }
}

function asKubeError(err: unknown): KubeError {
  if (err instanceof KubeError) return err;
  const cause = toError(err);
  return new KubeError('KUBE_UNKNOWN', cause.message, { status: 500, cause });
}
