import type { KubeError } from './kube-error.js';
import type { PageTurns } from './page-turns.js';
import type { Pod, Projection } from './pod.js';
import type { PodEvent, SkippedWhat } from './pod-stream.js';
import type { StandstillView } from './standstill.js';

/** Receives what the feed learns. */
export interface PodSink {
  /** A list or a watch is about to be asked for. It begins with the past, from an unknown time on. */
  catchingUp(): void;
  /** The first page of a list has come: the list is of a moment before that. */
  startList(): PodListing;
  /** One event. False: there is no room, and nothing was accepted. Must not wait: the server drops a slow watcher. */
  apply(event: PodEvent): boolean;
  /** The buffer that was full. */
  readonly fullOf: string;
  /** Resolves when `apply` can be tried again. */
  roomAvailable(signal: AbortSignal): Promise<void>;
}

/** Receives a list, page by page. May wait for room: no stream is open meanwhile. One that is given up is not ended. */
export interface PodListing {
  /**
   * @param mayAccept asked after each wait; false: the rest of the list must not be accepted
   * @returns false when it was not accepted to its end
   */
  page(pods: readonly Pod[], mayAccept: () => Promise<boolean>): Promise<boolean>;
  /** All pages have come: what was not in them is gone. Otherwise as {@link page}. */
  end(resourceVersion: string, reason: ListReason, mayAccept: () => Promise<boolean>): Promise<boolean>;
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
export type ListReason = 'start' | 'expired' | 'refused' | 'unreadable' | 'silent' | 'reset' | 'scope';

export interface PodFeedOptions {
  /** Undefined: all namespaces. */
  readonly namespace?: string | undefined;
  /** Where an earlier reader stopped; undefined: begin with a list. */
  readonly resumeFrom: string | undefined;
  /** Why the first list is due; by default `start`. */
  readonly firstList?: ListReason | undefined;
  /** By default of the default network alone. */
  readonly projection?: Projection | undefined;
  readonly pageSize: number;
  /** In which pages are read, where other feeds do so, too; by default at once. */
  readonly pageTurns?: PageTurns | undefined;
  readonly requestDeadlineMs: number;
  readonly idleMs: number;
  readonly watchTimeoutSeconds: number;
  /** While a watch is silent, its position is compared with the server's newest version this often. */
  readonly compareVersionsMs: number;
  /**
   * Asked after this process stood still, before it accepts what waited for it: another reader may lead by now. False ends
   * the feed.
   */
  readonly stillLeads: (signal: AbortSignal) => Promise<boolean>;
  /** From the moment on at which it was last known that this reader leads. */
  readonly standstill: StandstillView;
}
