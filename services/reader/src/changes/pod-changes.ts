import { buildMessage, type MessageOrigin, type MessagePod, type PodIpMessage } from '@podips/shared';
import type { Pod } from '../cluster/pod.js';
import type { ListReason, PodSink } from '../cluster/pod-feed.js';
import type { PodEvent } from '../cluster/pod-stream.js';
import type { Publication } from '../delivery/publisher.js';
import type { Note } from '../leadership/note.js';
import type { Gap, LeaseEnd, LeaseRecord, LedgerState, LoadedLedger, Position } from '../store/ledger.js';
import { earlier, gapBetween } from '../store/ledger-batch.js';
import {
  type Decision,
  decideGone,
  decideList,
  decideSeen,
  type IpChange,
  identityOf,
  type KnownPod,
  type Lease,
} from './leases.js';
import { OrderClock } from './order-clock.js';
import { startStopwatch } from './stopwatch.js';
import { ToldBefore } from './told-before.js';

/** Takes messages on their way out. See {@link Publisher}. */
export interface MessageOutlet {
  readonly room: number;
  readonly lastSequence: number;
  publish(publications: readonly Publication[]): void;
  roomAvailable(signal: AbortSignal): Promise<void>;
}

/** Takes note of what is durable. See {@link LedgerWriter}. */
export interface LedgerNotes {
  durable(record: LeaseRecord, sequence: number): void;
  moved(position: Position, sequence: number): void;
  /** @param onWritten called when it is in the ledger */
  gap(gap: Gap, sequence: number, onWritten?: () => void): void;
  /** Of what is not written yet. */
  forgetLeases(which: (record: LeaseRecord) => boolean): void;
}

export interface PodChangesDeps {
  readonly outlet: MessageOutlet;
  /** Undefined without a database. */
  readonly ledger: LedgerNotes | undefined;
  /** Most starts and ends in memory while the ledger cannot be loaded. */
  readonly maxToldBefore: number;
  readonly origin: MessageOrigin;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  readonly onChange: (message: PodIpMessage) => void;
  readonly onGap: (gap: Gap) => void;
  /** Set from when on changes are told out of order until the ledger has a gap for it. */
  readonly late: Note;
}

/** For so long what happened may be on its way here, though the connection works: nobody can say that it is known. */
const ON_ITS_WAY_MS = 5_000;

type PodOfEvent = Extract<PodEvent, { pod: Pod }>;

/** Turns what the feed sees into messages, and remembers what was told of each pod. */
export class PodChanges implements PodSink {
  readonly #deps: PodChangesDeps;
  readonly #clock: OrderClock;
  #known = new Map<string, KnownPod>();
  /** Up to when everything that happened was seen; undefined: never. */
  #knownAt: Date | undefined;
  /** The same, as the ledger said it that was restored. */
  #restoredAt: Date | undefined;
  /** What happened from here on may be told after what followed it; undefined: it is not. */
  #lateSince: Date | undefined;
  /** When the list or the watch that is under way was asked for. */
  #askedAt: Date;
  /** Whether the watch has told all that happened before it was opened. */
  #caughtUp = false;
  #sinceAsked = startStopwatch();
  /** Whether there is a ledger that is not loaded yet. */
  #awaitsLedger: boolean;
  /** Undefined before something was told without the ledger, and after that was loaded. */
  #before: ToldBefore | undefined;
  /** Lists whose changes are being told. */
  #telling = 0;

  /** @param restored what the ledger knew when it was loaded */
  constructor(deps: PodChangesDeps, restored?: LedgerState) {
    this.#deps = deps;
    this.#clock = new OrderClock(deps.now);
    this.#askedAt = deps.now();
    this.#awaitsLedger = deps.ledger !== undefined;
    if (restored) this.#restore(restored);
  }

  /** Pods that are not finished. */
  get knownPods(): number {
    return this.#known.size;
  }

  /** Undefined while some of them are still to be told. */
  openLeases(): LeaseRecord[] | undefined {
    if (this.#telling > 0) return undefined;
    return [...this.#known.values()].flatMap((pod) => pod.leases.map((lease) => toRecord(pod, lease)));
  }

  catchingUp(): void {
    this.#askedAt = this.#deps.now();
    this.#sinceAsked = startStopwatch();
    this.#caughtUp = false;
  }

  async replaceAll(pods: readonly Pod[], resourceVersion: string, reason: ListReason): Promise<void> {
    const at = this.#clock.next();
    // The list may be as old as the question.
    const knownAt = this.#askedAt;
    // A ledger may know leases and yet no position: its reader died before its first list was all told.
    const inferred = this.#knownAt !== undefined || this.#known.size > 0;
    const decision = decideList(this.#known, pods, { at, inferred });
    this.#known = decision.known;
    const gap = gapBetween(this.#knownAt, at, reason);
    this.#deps.onGap(gap);
    // When the first gap began, only the ledger can say: see adopt.
    const isFirst = this.#awaitsLedger && this.#before === undefined;
    if (isFirst) {
      this.#deps.late.set(at);
      this.#before = new ToldBefore(this.#known, at, this.#sinceAsked, this.#deps.maxToldBefore);
    } else this.#before?.add(decision.changes);
    this.#keepOrder(decision.changes);
    await this.#tellWhenRoom(decision.changes);
    if (!isFirst) this.#noteGap(gap);
    this.#nameLate();
    this.#knownAt = knownAt;
    this.#moved(resourceVersion);
  }

  apply(event: PodEvent): boolean {
    if (event.type === 'skipped' || event.type === 'unreadable') return true;
    // An event does not say how many more wait behind it. A bookmark does: all that had happened was sent before it.
    if (event.type === 'bookmark') {
      this.#caughtUp = true;
      this.#nameLate();
    } else {
      const decision = this.#decide(event, this.#clock.next());
      if (decision.changes.length > this.#deps.outlet.room) return false;
      this.#remember(event.pod.uid, decision.known);
      this.#before?.add(decision.changes);
      this.#keepOrder(decision.changes);
      this.#tell(decision.changes, this.#before);
    }
    if (this.#caughtUp) this.#knownAt = new Date(this.#deps.now().getTime() - ON_ITS_WAY_MS);
    this.#moved(event.resourceVersion);
    return true;
  }

  roomAvailable(signal: AbortSignal): Promise<void> {
    return this.#deps.outlet.roomAvailable(signal);
  }

  /**
   * Takes in a ledger that could only be loaded now, because the database was away at the start.
   * @returns false when it cannot be said how it and what was told follow each other: begin anew with it
   */
  async adopt({ known, position, writtenMsAgo }: LoadedLedger): Promise<boolean> {
    const before = this.#before;
    const sinceAsked = before?.sinceAsked ?? this.#sinceAsked;
    // By another reader. A list that was asked for before that may be older than the ledger.
    const wasWritten = writtenMsAgo !== undefined && writtenMsAgo < sinceAsked();
    const unlisted = [...known.keys()].some((uid) => this.#known.has(uid) && !before?.isListed(uid));
    if (wasWritten || unlisted || before?.complete === false) return false;
    if (before === undefined) {
      this.#restore({ known, position });
      return true;
    }
    this.#awaitsLedger = false;
    this.#before = undefined;
    const adopted = before.adopt(known);
    for (const [uid, pod] of adopted.known) {
      const current = this.#known.get(uid);
      if (current) this.#known.set(uid, { ...pod, ...identityOf(current) });
    }
    this.#deps.ledger?.forgetLeases(({ pod, ip }) => before.isMisnumbered(pod.uid, ip));
    await this.#tellWhenRoom(adopted.changes);
    // An earlier reader may have told changes without it as well.
    const from = position && this.#orNoted(position.knownAt);
    this.#noteGap(gapBetween(from, before.listedAt, 'start'), () => this.#deps.late.clear());
    return true;
  }

  /** What an earlier reader saw at its time may be in the outbox, and reach the queue after what this one saw again. */
  outboxOvertaken(): void {
    const from = this.#restoredAt ?? this.#deps.now();
    this.#deps.late.set(from);
    this.#lateSince = this.#orNoted(from);
    if (this.#caughtUp) this.#nameLate();
  }

  #restore(state: LedgerState): void {
    this.#awaitsLedger = false;
    this.#known = new Map(state.known);
    this.#knownAt = state.position?.knownAt;
    this.#restoredAt = this.#knownAt;
    const { since } = this.#deps.late;
    this.#lateSince = since && this.#orNoted(this.#knownAt ?? since);
  }

  /** This time, or that of the note: it is the earlier one when another reader has led since. */
  #orNoted(time: Date): Date {
    return earlier(this.#deps.late.since ?? time, time);
  }

  /** Once all of that time was told. The note is there until the ledger has the gap, and all that was told up to here. */
  #nameLate(): void {
    if (this.#lateSince === undefined) return;
    const gap = gapBetween(this.#lateSince, this.#clock.next(), 'late');
    this.#lateSince = undefined;
    this.#deps.onGap(gap);
    this.#noteGap(gap, () => this.#deps.late.clear());
  }

  #decide(event: PodOfEvent, at: Date): Decision {
    const before = this.#known.get(event.pod.uid);
    const sighting = { at, inferred: false };
    if (event.type === 'deleted') return decideGone(before, 'deleted', sighting);
    return decideSeen(before, event.pod, event.type === 'added', sighting);
  }

  #remember(uid: string, known: KnownPod | undefined): void {
    if (known === undefined) this.#known.delete(uid);
    else this.#known.set(uid, known);
  }

  #moved(resourceVersion: string): void {
    const { ledger, outlet } = this.#deps;
    if (resourceVersion === '' || this.#knownAt === undefined) return;
    ledger?.moved({ resourceVersion, knownAt: this.#knownAt }, outlet.lastSequence);
  }

  #keepOrder(changes: readonly IpChange[]): void {
    const last = changes.at(-1);
    if (last) this.#clock.used(last.at);
  }

  async #tellWhenRoom(changes: readonly IpChange[]): Promise<void> {
    const { outlet, signal } = this.#deps;
    const before = this.#before;
    this.#telling += 1;
    for (let next = 0; next < changes.length; ) {
      await outlet.roomAvailable(signal);
      const count = outlet.room;
      // Those that adopt has found to be numbered wrongly meanwhile, it tells itself.
      const right = ({ pod, lease }: IpChange) => !before?.isMisnumbered(pod.uid, lease.ip);
      this.#tell(changes.slice(next, next + count).filter(right), before);
      next += count;
    }
    // Not after a failure: what was not told then is never told by this reader.
    this.#telling -= 1;
  }

  #noteGap(gap: Gap, onWritten?: () => void): void {
    this.#deps.ledger?.gap(gap, this.#deps.outlet.lastSequence, onWritten);
  }

  /** @param before set when they were decided without the ledger: it may say afterwards that their numbers are wrong */
  #tell(changes: readonly IpChange[], before?: ToldBefore): void {
    const { ledger, onChange, origin, outlet } = this.#deps;
    if (changes.length === 0) return;
    outlet.publish(
      changes.map((change) => {
        const { pod, lease, status, inferred, at } = change;
        const facts = { pod, ip: lease.ip, occurrence: lease.occurrence, status, inferred, observedAt: at };
        const message = buildMessage(facts, origin);
        onChange(message);
        return {
          body: JSON.stringify(message),
          onDurable(sequence: number) {
            if (!before?.isMisnumbered(pod.uid, lease.ip)) ledger?.durable(recordOf(change), sequence);
          },
        };
      }),
    );
  }
}

function recordOf({ pod, lease, endReason, at, inferred }: IpChange): LeaseRecord {
  return toRecord(pod, lease, endReason && { at, reason: endReason, inferred });
}

function toRecord(pod: MessagePod, lease: Lease, end?: LeaseEnd): LeaseRecord {
  const { ip, occurrence, startedAt, startInferred } = lease;
  return { pod, ip, occurrence, startedAt, startInferred, end };
}
