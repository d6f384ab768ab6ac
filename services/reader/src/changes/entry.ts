import type { MessagePod } from '@podips/shared';
import type { EndCause } from '../workloads/end-cause.js';
import type { EndReason } from './leases.js';

/** All that one event, or one part of a list, means. */
export interface Entry {
  /** Bodies of the messages, in order; at most {@link MAX_ENTRY_MESSAGES}. */
  readonly messages: readonly string[];
  readonly leases: readonly LeaseRecord[];
  /** None where it is left out. */
  readonly restarts?: readonly RestartRecord[] | undefined;
  readonly failures?: readonly FailureRecord[] | undefined;
  readonly gaps: readonly Gap[];
  /** Undefined while no list was ever read to its end: then the next reader begins with one in any case. */
  readonly checkpoint: Checkpoint | undefined;
}

/** Longer lists are handed over in parts. */
export const MAX_ENTRY_MESSAGES = 500;

/** The times between which something surely happened, in milliseconds since the epoch; `notBefore` may be -Infinity. */
export interface Bounds {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** The start or the end of a lease, as the ledger keeps it. Without bounds an earlier version wrote it. */
export interface LeaseRecord {
  readonly pod: MessagePod;
  readonly ip: string;
  /** Undefined for the default network. */
  readonly network?: string | undefined;
  readonly occurrence: number;
  readonly startedAt: Date;
  readonly startBounds?: Bounds | undefined;
  readonly startInferred: boolean;
  /** Undefined while the lease is open. */
  readonly end: LeaseEnd | undefined;
}

export interface LeaseEnd {
  readonly at: Date;
  readonly bounds?: Bounds | undefined;
  readonly reason: EndReason;
  readonly inferred: boolean;
  /** Why the pod ended; undefined where that is not known. */
  readonly cause?: EndCause | undefined;
}

/** That a container was started again, as the ledger keeps it. */
export interface RestartRecord {
  readonly pod: MessagePod;
  readonly container: string;
  readonly countBefore: number;
  readonly count: number;
  /** When it had ended before. */
  readonly at: Date;
  readonly bounds: Bounds;
  readonly reason: string;
  readonly exitCode: number | undefined;
}

/** That a pod failed before it had an address, as the ledger keeps it. */
export interface FailureRecord {
  readonly pod: MessagePod;
  readonly at: Date;
  readonly bounds: Bounds;
  readonly cause: EndCause;
}

/**
 * The version of a feed a part of whose list is recorded, or was given up: no watch can be resumed from there. The pods have
 * to be listed, and compared with what is recorded.
 */
export const LIST_DUE = '';

/** The resource version up to which everything was seen, or {@link LIST_DUE}; for several feeds see positions.ts. */
export interface Checkpoint {
  readonly resourceVersion: string;
  /** The watermark: the time up to which everything that happened is known. */
  readonly knownAt: Date;
}

/** A time of which not everything can be known. */
export interface Gap {
  /** Undefined: since ever. */
  readonly startedAt: Date | undefined;
  readonly endedAt: Date;
  readonly reason: string;
}

/** The time between two moments, whichever is the later: the clock may have been set back. */
export function gapBetween(knownAt: Date | undefined, seenAt: Date, reason: string): Gap {
  if (knownAt === undefined || knownAt <= seenAt) return { startedAt: knownAt, endedAt: seenAt, reason };
  return { startedAt: seenAt, endedAt: knownAt, reason };
}
