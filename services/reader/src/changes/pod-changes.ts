import { buildMessage, type MessageOrigin, type PodIpMessage } from '@podips/shared';
import type { Pod } from '../cluster/pod.js';
import type { ListReason, PodSink } from '../cluster/pod-feed.js';
import type { PodEvent } from '../cluster/pod-stream.js';
import type { ChangeLog } from './change-log.js';
import { type Checkpoint, type Gap, gapBetween, type LeaseRecord } from './entry.js';
import { type Decision, decideGone, decideList, decideSeen, type IpChange, type KnownPod } from './leases.js';
import type { OrderClock } from './order-clock.js';
import { Watermark } from './watermark.js';

/** Where a term begins. */
export interface TermStart {
  /** As the ledger has them; empty without one. */
  readonly known: ReadonlyMap<string, KnownPod>;
  readonly checkpoint: Checkpoint | undefined;
  /** Set when the ledger lacks what happened from this time on, until the term has caught up. */
  readonly catchUp?: Omit<Gap, 'endedAt'> | undefined;
}

export interface PodChangesDeps {
  readonly log: ChangeLog;
  readonly origin: MessageOrigin;
  readonly clock: OrderClock;
  readonly now: () => Date;
  /** Since when the ledger needs a gap, because of what is published out of order or not kept for it; undefined without one. */
  readonly outOfOrder: { readonly since: Date | undefined } | undefined;
  /** Called before the messages of an entry can leave. */
  readonly onPublish: () => void;
  readonly signal: AbortSignal;
  readonly onChange: (message: PodIpMessage) => void;
  readonly onGap: (gap: Gap) => void;
}

type PodOfEvent = Extract<PodEvent, { pod: Pod }>;

/** Turns what the feed sees into entries of the change log, and remembers what was published of each pod. */
export class PodChanges implements PodSink {
  readonly #deps: PodChangesDeps;
  readonly #watermark: Watermark;
  #known: Map<string, KnownPod>;
  #catchUp: TermStart['catchUp'];
  readonly #restoredAt: Date | undefined;
  #lateSince: Date | undefined;

  constructor(deps: PodChangesDeps, { known, checkpoint, catchUp }: TermStart) {
    this.#deps = deps;
    this.#watermark = new Watermark(deps.now, checkpoint?.knownAt);
    this.#known = new Map(known);
    this.#catchUp = catchUp;
    this.#restoredAt = checkpoint?.knownAt;
  }

  /** Pods that are not finished. */
  get knownPods(): number {
    return this.#known.size;
  }

  catchingUp(): void {
    this.#watermark.asked();
  }

  async replaceAll(
    pods: readonly Pod[],
    resourceVersion: string,
    reason: ListReason,
    mayAccept: () => Promise<boolean> = async () => true,
  ): Promise<void> {
    const { log, signal } = this.#deps;
    const at = this.#deps.clock.next();
    // A ledger may know leases and yet no checkpoint: its reader died before its first list was published.
    const inferred = this.#watermark.time !== undefined || this.#known.size > 0;
    const { known, changes } = decideList(this.#known, pods, { at, inferred });
    this.#known = known;
    this.#use(changes);
    const gap = this.#name(gapBetween(this.#watermark.time, at, reason));
    let next = 0;
    for (let isLast = false; !isLast; ) {
      await log.listRoomAvailable(signal);
      if (!(await mayAccept())) return;
      const part = changes.slice(next, next + log.listRoom);
      next += part.length;
      isLast = next >= changes.length;
      if (isLast) this.#watermark.listed();
      this.#append(part, isLast ? [gap, ...this.#caughtUp()] : [], isLast ? resourceVersion : '');
    }
  }

  apply(event: PodEvent): boolean {
    if (event.type === 'skipped' || event.type === 'unreadable') return true;
    const isBookmark = event.type === 'bookmark';
    const changes = isBookmark ? [] : this.#decide(event);
    if (changes === 'no room') return false;
    this.#watermark.watched(isBookmark);
    this.#append(changes, isBookmark ? this.#caughtUp() : [], event.resourceVersion);
    return true;
  }

  get fullOf(): 'messages' | 'leases' {
    return this.#deps.log.fullOf;
  }

  roomAvailable(signal: AbortSignal): Promise<void> {
    return this.#deps.log.roomAvailable(signal);
  }

  /** Remembers what an event means, unless there is no room for it. */
  #decide(event: PodOfEvent): readonly IpChange[] | 'no room' {
    const { uid } = event.pod;
    const { known, changes } = decideEvent(this.#known.get(uid), event, this.#deps.clock.next());
    if (changes.length > this.#deps.log.room) return 'no room';
    if (known === undefined) this.#known.delete(uid);
    else this.#known.set(uid, known);
    this.#use(changes);
    return changes;
  }

  #use(changes: readonly IpChange[]): void {
    const last = changes.at(-1);
    if (last) this.#deps.clock.used(last.at);
  }

  /** All that happened before the list or the watch is published now: what was incomplete or out of order is a gap. */
  #caughtUp(): Gap[] {
    const { startedAt = undefined, reason = 'late' } = this.#catchUp ?? {};
    this.#catchUp = undefined;
    const since = this.#deps.outOfOrder?.since;
    const isNew = since !== undefined && since !== this.#lateSince;
    this.#lateSince = since;
    // The marker is there until the ledger has the gap. It is older than the ledger when another reader has led since.
    const from = isNew ? earlier(since, this.#restoredAt ?? since) : startedAt;
    return from ? [this.#name(gapBetween(from, this.#deps.clock.next(), reason))] : [];
  }

  #name(gap: Gap): Gap {
    this.#deps.onGap(gap);
    return gap;
  }

  #append(changes: readonly IpChange[], gaps: readonly Gap[], resourceVersion: string): void {
    const knownAt = this.#watermark.time;
    const messages = changes.map((change) => buildMessage(factsOf(change), this.#deps.origin));
    if (messages.length > 0) this.#deps.onPublish();
    this.#deps.log.append({
      messages: messages.map((message) => JSON.stringify(message)),
      leases: changes.map(toRecord),
      gaps,
      checkpoint: resourceVersion === '' || knownAt === undefined ? undefined : { resourceVersion, knownAt },
    });
    for (const message of messages) this.#deps.onChange(message);
  }
}

/** Whether a gap is that for which the marker is set: once the ledger has it, the marker can go. */
export function isOfMarker({ reason }: Gap): boolean {
  return ['late', 'ledger-overflow', 'ledger-reverted'].includes(reason);
}

function earlier(a: Date, b: Date): Date {
  return new Date(Math.min(a.getTime(), b.getTime()));
}

function decideEvent(known: KnownPod | undefined, event: PodOfEvent, at: Date): Decision {
  const sighting = { at, inferred: false };
  if (event.type === 'deleted') return decideGone(known, 'deleted', sighting);
  return decideSeen(known, event.pod, event.type === 'added', sighting);
}

function factsOf({ pod, lease, status, inferred, at }: IpChange): Parameters<typeof buildMessage>[0] {
  return { pod, ip: lease.ip, occurrence: lease.occurrence, status, inferred, observedAt: at };
}

function toRecord({ pod, lease, endReason, at, inferred }: IpChange): LeaseRecord {
  return { pod, ...lease, end: endReason && { at, reason: endReason, inferred } };
}
