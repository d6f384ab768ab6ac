import type { ApiServer } from './api-server.js';
import { type ApiStatus, serverFailure } from './api-status.js';
import type { ExpiryStyle, FaultPlan, PlannedFailure } from './fault-plan.js';
import type { Listener } from './listener.js';
import type { Random } from './random.js';
import type { VersionedStore } from './versioned-store.js';
import type { WatchStream } from './watch-stream.js';

/** Whether the token that clients have is still good. */
export interface TokenState {
  token: string | undefined;
  expired: boolean;
}

export interface FaultParts {
  readonly listener: Listener;
  readonly store: VersionedStore;
  readonly server: ApiServer;
  readonly plan: FaultPlan;
  readonly tokens: TokenState;
  readonly random: Random;
}

const METADATA = { name: 'broken', namespace: 'default', uid: 'broken', resourceVersion: '1' };
const POD_TYPE = { kind: 'Pod', apiVersion: 'v1' };

/** Faults to switch on while the cluster runs. What acts on watches acts on those that are open now. */
export class Faults {
  readonly #parts: FaultParts;
  #closing: NodeJS.Timeout | undefined;

  constructor(parts: FaultParts) {
    this.#parts = parts;
  }

  /** New connections are refused (ECONNREFUSED); open ones live on. Undone by `acceptConnections`, not by `clear`. */
  refuseConnections(): void {
    this.#parts.listener.refuse();
  }

  acceptConnections(): Promise<void> {
    return this.#parts.listener.open();
  }

  /** Cuts every open connection. Returns their number. */
  dropConnections(): number {
    return this.#parts.listener.dropConnections();
  }

  /** Ends every open watch as its timeout does. Returns their number. */
  closeWatches(): number {
    return this.#eachWatch((watch) => watch.end());
  }

  /** Ends one open watch after another at random moments, this far apart on average, until `clear`. */
  closeWatchesAtRandom(meanIntervalMs: number): void {
    const { server, random } = this.#parts;
    clearTimeout(this.#closing);
    // Exponential, as for events that know nothing of each other.
    const waitMs = -Math.log(1 - random.next()) * meanIntervalMs;
    this.#closing = setTimeout(() => {
      if (server.watches.length > 0) random.pick(server.watches).end();
      this.closeWatchesAtRandom(meanIntervalMs);
    }, waitMs);
  }

  /** Half open: they stay, but nothing more comes, no bookmark and no end either. Returns their number. */
  freezeWatches(): number {
    return this.#eachWatch((watch) => watch.freeze());
  }

  /** Ends every open watch in the middle of an event. Returns their number. */
  truncateWatches(): number {
    return this.#eachWatch((watch) => watch.truncate('MODIFIED', { ...POD_TYPE, metadata: METADATA }));
  }

  /** The next watch gets a 410, as an ERROR event by default. */
  expireNextWatch(style: ExpiryStyle = 'event'): void {
    this.#parts.plan.expireNextWatch(style);
  }

  /**
   * The resource versions begin again lower, and the history is forgotten: etcd was restored from a backup. All
   * connections are cut, because its API servers restart. The pods stay.
   */
  beginVersionsAgain(): void {
    this.dropConnections();
    this.#parts.store.beginAgain();
  }

  /** The next list that continues from a token gets a 410, with the token that continues inconsistently. */
  expireNextContinue(): void {
    this.#parts.plan.expireNextContinue();
  }

  /** The next requests get this HTTP status. Several failures are used up in their order. */
  failNext(failure: PlannedFailure): void {
    this.#parts.plan.addFailure(failure);
  }

  /** Every list waits this long before its answer; 0 ends it. */
  delayLists(ms: number): void {
    this.#parts.plan.listDelayMs = ms;
  }

  /** Every request for a Lease waits this long before its answer; 0 ends it. */
  delayLeases(ms: number): void {
    this.#parts.plan.leaseDelayMs = ms;
  }

  /** The next writes of Leases are carried out, but their connections break before the answer. */
  loseLeaseWrites(count = 1): void {
    this.#parts.plan.loseLeaseWrites(count);
  }

  /** The token is not accepted any more: 401 to whoever shows one. Undone by `issueToken`. */
  expireToken(): void {
    this.#parts.tokens.expired = true;
  }

  /** From now on this token is right, by default the one from before. */
  issueToken(token = this.#parts.tokens.token): void {
    this.#parts.tokens.token = token;
    this.#parts.tokens.expired = false;
  }

  /** Whether lists and watches of pods are forbidden: 403. */
  forbid(forbidden = true): void {
    this.#parts.plan.forbidden = forbidden;
  }

  /** Pods of these namespaces alone may be listed and watched, as with a Role in each: 403 to all else. */
  allowOnly(namespaces: readonly string[]): void {
    this.#parts.plan.allowed = namespaces;
  }

  /** Whether requests for Leases are forbidden: 403. */
  forbidLeases(forbidden = true): void {
    this.#parts.plan.leasesForbidden = forbidden;
  }

  /** Sends any text in the place of an event to every open watch. Returns the number of watches. */
  sendLine(text: string): number {
    return this.#eachWatch((watch) => watch.sendText(text));
  }

  /** Sends an event of any type with any object to every open watch. */
  sendEvent(type: string, object: unknown): number {
    return this.#eachWatch((watch) => watch.sendEvent(type, object));
  }

  /** Sends an ERROR event with this code to every open watch and ends it. */
  sendError(code: number, message?: string): number {
    const error: ApiStatus = serverFailure(code, message);
    return this.#eachWatch((watch) => watch.sendError(error));
  }

  sendPodWithoutMetadata(): number {
    return this.sendEvent('MODIFIED', { ...POD_TYPE, spec: {}, status: { phase: 'Running' } });
  }

  sendPodWithoutStatus(): number {
    return this.sendEvent('MODIFIED', { ...POD_TYPE, metadata: METADATA, spec: {} });
  }

  /** Puts any object behind the pods of the next list page. */
  addToNextList(item: unknown): void {
    this.#parts.plan.addListItem(item);
  }

  /** Ends what is planned for later requests, delays, refused permissions and random closing. */
  clear(): void {
    clearTimeout(this.#closing);
    this.#parts.plan.clear();
  }

  #eachWatch(act: (watch: WatchStream) => void): number {
    const { watches } = this.#parts.server;
    for (const watch of watches) act(watch);
    return watches.length;
  }
}
