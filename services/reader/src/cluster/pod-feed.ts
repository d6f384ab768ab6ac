import { type Logger, pause } from '@podips/shared';
import { FeedLink } from './feed-link.js';
import type { ListReason, PodFeedEvents, PodFeedOptions, PodListing, PodSink } from './feed-parts.js';
import type { KubeClient } from './kube-client.js';
import { asKubeError, type KubeError } from './kube-error.js';
import { listPods, podsPath } from './pod-list.js';
import { type PodEvent, watchPods } from './pod-stream.js';
import type { StandstillView } from './standstill.js';
import { untilServerIsBehind } from './version-watch.js';

const MAX_RETRY_AFTER_MS = 60_000;
/** A list that takes too long is tried again with smaller pages, down to this part of the usual ones. */
const LEAST_PAGE_PART = 1 / 16;

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
  readonly #standstill: StandstillView;
  /** The resource version to resume after; undefined when a list is due. */
  #position: string | undefined;
  #listReason: ListReason;
  #pageSize: number;
  #silentWatches = 0;
  /** When the server's versions were last compared, by the monotonic clock. */
  #comparedMs = 0;
  readonly #link: FeedLink;
  readonly #path: string;

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
    this.#link = new FeedLink(events, log);
    this.#standstill = options.standstill;
    this.#position = options.resumeFrom;
    this.#listReason = options.firstList ?? 'start';
    this.#pageSize = options.pageSize;
    this.#path = podsPath(options.namespace);
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
      const restMs = Math.max(retryAfterMs, this.#link.pace.restMs(this.#position === undefined));
      this.#link.rests(restMs);
      await pause(restMs, this.#signal);
    }
  }

  async #mayAccept(): Promise<boolean> {
    if (!this.#standstill.happened) return true;
    const leads = await this.#options.stillLeads(this.#signal);
    if (leads) this.#standstill.reset();
    return leads;
  }

  /** @returns undefined when the list is of the past, or was not accepted to its end */
  async #list(): Promise<string | undefined> {
    const reason = this.#listReason;
    this.#link.pace.asked();
    this.#events.onList(reason);
    this.#sink.catchingUp();
    const parts = listPods(this.#client, {
      path: this.#path,
      projection: this.#options.projection,
      pageSize: this.#pageSize,
      turns: this.#options.pageTurns,
      pageDeadlineMs: this.#options.requestDeadlineMs,
      signal: this.#signal,
      onSkipped: (error) => this.#events.onSkipped('malformed-pod', error),
    });
    const mayAccept = () => this.#mayAccept();
    let listing: PodListing | undefined;
    let resourceVersion = '';
    let count = 0;
    for await (const part of parts) {
      if (this.#standstill.happened) return undefined;
      listing ??= this.#sink.startList();
      this.#link.receivedPart();
      if (!(await listing.page(part.pods, mayAccept))) return undefined;
      count += part.pods.length;
      ({ resourceVersion } = part);
    }
    if (this.#standstill.happened) return undefined;
    this.#link.pace.listed();
    this.#link.received('list');
    this.#pageSize = Math.min(this.#pageSize * 2, this.#options.pageSize);
    if (!(await listing?.end(resourceVersion, reason, mayAccept))) return undefined;
    this.#log.info({ pods: count, resourceVersion, reason }, 'pods listed');
    return resourceVersion;
  }

  /** Follows one watch to its end. */
  async #watch(from: string): Promise<'ended' | 'full' | 'lost'> {
    const startedMs = performance.now();
    const over = new AbortController();
    const signal = AbortSignal.any([this.#signal, over.signal]);
    let opened = false;
    let isBehind = false;
    let stoodStill = false;
    this.#link.pace.asked();
    this.#sink.catchingUp();
    const stream = watchPods(this.#client, {
      path: this.#path,
      projection: this.#options.projection,
      resourceVersion: from,
      timeoutSeconds: this.#options.watchTimeoutSeconds,
      headersDeadlineMs: this.#options.requestDeadlineMs,
      idleMs: this.#options.idleMs,
      signal,
      onOpen: () => {
        opened = true;
        this.#link.received('watch');
        void this.#compareVersions(signal).then((found) => {
          isBehind = found;
          if (found) over.abort();
        });
      },
    });
    try {
      for await (const event of stream) {
        // Events that waited in this watch are of the past. The bookmark of a new one shows up to where.
        stoodStill = this.#standstill.happened;
        if (stoodStill) return 'ended';
        const outcome = this.#accept(event);
        if (outcome !== 'accepted') return outcome;
      }
      return 'ended';
    } catch (err) {
      if (!isBehind || this.#signal.aborted) throw err;
      return this.#serverIsBehind();
    } finally {
      over.abort();
      // That this process stood still is no reason to ask the server less often.
      this.#link.pace.watchEnded(performance.now() - startedMs, opened && !stoodStill);
    }
  }

  #compareVersions(signal: AbortSignal): Promise<boolean> {
    const options = {
      path: this.#path,
      deadlineMs: this.#options.requestDeadlineMs,
      intervalMs: this.#options.compareVersionsMs,
      position: () => this.#position ?? '',
      receivedMs: () => this.#link.receivedMs,
      comparedMs: this.#comparedMs,
    };
    return untilServerIsBehind(this.#client, options, signal, () => {
      this.#comparedMs = performance.now();
    });
  }

  #serverIsBehind(): 'lost' {
    this.#log.warn(
      { position: this.#position },
      'resource versions of the API server begin again lower; listing',
    );
    this.#loseTrack('reset');
    return 'lost';
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
    this.#link.received(event.type === 'bookmark' ? 'bookmark' : 'event');
    this.#link.pace.event();
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

  #loseTrack(reason: ListReason): void {
    this.#position = undefined;
    this.#listReason = reason;
    this.#silentWatches = 0;
  }

  #afterFailure(error: KubeError): void {
    if (error.code === 'KUBE_WATCH_SILENT') {
      this.#silentWatches += 1;
      this.#log.info({ err: error }, 'watch reopened');
      // A version from the future gives a watch that never sends anything, also where versions cannot be compared.
      if (this.#silentWatches > 1) this.#loseTrack('silent');
      return;
    }
    if (error.expired || (error.unusable && this.#position !== undefined)) {
      this.#log.info({ err: error }, 'the watch cannot be resumed; listing');
      this.#link.pace.answered();
      if (this.#position === undefined) this.#link.pace.listed(); // a continue token that expired
      this.#loseTrack(error.expired ? 'expired' : 'refused');
      return;
    }
    if (error.code === 'KUBE_TIMEOUT' && this.#position === undefined)
      this.#pageSize = Math.ceil(Math.max(this.#pageSize / 2, this.#options.pageSize * LEAST_PAGE_PART));
    this.#link.failed(error);
  }
}
