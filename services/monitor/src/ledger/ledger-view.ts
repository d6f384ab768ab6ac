import { type Static, Type } from '../schema/type.js';

/** Times are RFC 3339 in UTC. */
const Time = Type.String({ format: 'date-time' });
const TimeOrNull = Type.Union([Time, Type.Null()]);
const TextOrNull = Type.Union([Type.String(), Type.Null()]);

/** The state of the ledger at the last look. */
export const LedgerView = Type.Object({
  /** When the database last answered. */
  answeredAt: TimeOrNull,
  /** Messages that wait for the queue; null: not known. */
  waiting: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
  /** There are more of them than that. */
  waitingMore: Type.Boolean(),
  /** The watermark: up to then everything is in the ledger; null: nothing was written yet. */
  knownUntil: TimeOrNull,
  /** Gaps that ended within the last 24 hours; null: not known. */
  gaps: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
  /** Why the database does not answer, and since when; null while it does. */
  error: TextOrNull,
  /** It does not, because there are no tables of this version yet: a reader makes them. */
  isMissing: Type.Boolean(),
  failingSince: TimeOrNull,
  /** Tables and functions of this version that it does not have yet: what needs them is not answered; null: none. */
  lacks: TextOrNull,
});

/** A lease of the ledger: a pod holds an address. */
export const LeaseView = Type.Object({
  cluster: Type.String(),
  namespace: Type.String(),
  pod: Type.String(),
  podUid: Type.String(),
  ownerKind: Type.String(),
  ownerName: Type.String(),
  /** What ran the pod, as people name it; null: not recorded, by an earlier version. */
  workloadKind: TextOrNull,
  workload: TextOrNull,
  node: Type.String(),
  /** The address is that of the node, which the pod shares. */
  hostNetwork: Type.Boolean(),
  ip: Type.String(),
  /** Empty for the default network of the cluster; other networks may have the same addresses. */
  network: Type.String(),
  /** The most likely time; it surely began between the next two. */
  startedAt: Time,
  /** null: nothing is known of the earliest time. */
  startedNotBefore: TimeOrNull,
  /** null: recorded by an earlier version, whose time may be later than the event. */
  startedNotAfter: TimeOrNull,
  /** The start was deduced after a gap, not seen happening; so may the end be. */
  startInferred: Type.Boolean(),
  /** As for the start. null: it lasts. */
  endedAt: TimeOrNull,
  endedNotBefore: TimeOrNull,
  endedNotAfter: TimeOrNull,
  endReason: Type.Union([Type.Enum(['deleted', 'finished', 'changed', 'missing']), Type.Null()]),
  endInferred: Type.Union([Type.Boolean(), Type.Null()]),
});

/** A gap: a time in which changes may have been missed. */
export const GapView = Type.Object({
  cluster: Type.String(),
  /** null: since ever. */
  startedAt: TimeOrNull,
  endedAt: Time,
  reason: Type.String(),
  /** All that in a sentence. */
  text: Type.String(),
});

/** Why an answer is not certain. */
export const Reason = Type.Object({
  code: Type.Enum([
    'start',
    'end',
    'conflict',
    'more',
    'bounds',
    'gap',
    'after-known',
    'future',
    'deleted',
    'empty',
    'scope',
  ]),
  /** As a sentence. */
  text: Type.String(),
});

const LeaseOrNull = Type.Union([LeaseView, Type.Null()]);

/** The answer for one of several addresses. */
export const AddressAnswer = Type.Object({
  ip: Type.String(),
  /** In sentences, with the reasons why it is not certain. */
  answer: Type.String(),
  certain: Type.Boolean(),
});

/** The answer to who had an address at a time, or to which addresses a pod had. */
export const LeasesAnswer = Type.Object({
  /** The answer in sentences. */
  answer: Type.String(),
  /**
   * Whether it is surely true, as far as Kubernetes reported in time. For the address of a node the node is what is sure:
   * further pods on its network may be candidates. Of a pod it is what the ledger has, which is always certain.
   */
  certain: Type.Boolean(),
  /** Why it is not. */
  reasons: Type.Array(Reason),
  /** The time that is answered for: the one that was asked for, else the newest that is known; null for a range. */
  at: TimeOrNull,
  /** The range that is answered for; null at its beginning: since ever. Both null for a time, and for all leases of a pod. */
  from: TimeOrNull,
  to: TimeOrNull,
  /** The leases that surely cover that time, or a part of that range, the newest first; of pods without a time all. */
  leases: Type.Array(LeaseView),
  /** Leases that may cover it. */
  candidates: Type.Array(LeaseView),
  /** The node whose address it surely was. */
  node: TextOrNull,
  /** There are more leases than these. */
  more: Type.Boolean(),
  /** What to give as "after" for the next ones; null: there are none, or they are too many of one address. */
  cursor: TextOrNull,
  /** The answer for each address, where several or a network were asked for. */
  addresses: Type.Array(AddressAnswer),
  /** The last lease of the address that ended before that time, and the next one that began after it. */
  previous: LeaseOrNull,
  next: LeaseOrNull,
  /** Those that cover the time. */
  gaps: Type.Array(GapView),
  /** Further limits of the answer, in sentences. */
  notes: Type.Array(Type.String()),
});

export type LedgerView = Static<typeof LedgerView>;
export type LeaseView = Static<typeof LeaseView>;
export type GapView = Static<typeof GapView>;
export type AddressAnswer = Static<typeof AddressAnswer>;
export type Reason = Static<typeof Reason>;
export type LeasesAnswer = Static<typeof LeasesAnswer>;
