import { buildMessage, type MessageOrigin, type MessagePod, type PodIpMessage } from '@podips/shared';
import {
  type Decision,
  decideGone,
  decideList,
  decideSeen,
  type IpChange,
  type KnownPod,
  type Lease,
} from './leases.js';
import type { Gap, LeaseEnd, LeaseRecord, LedgerState, Position } from './ledger.js';
import { OrderClock } from './order-clock.js';
import type { Pod } from './pod.js';
import type { ListReason, PodSink } from './pod-feed.js';
import type { PodEvent } from './pod-stream.js';
import type { Publication } from './publisher.js';

/** Takes messages on their way out. See {@link Publisher}. */
export interface MessageOutlet {
  readonly room: number;
  readonly lastSequence: number;
  publish(publications: readonly Publication[]): void;
  roomAvailable(signal: AbortSignal): Promise<void>;
}

/** Takes note of what is durable. See {@link LedgerWriter}. */
export interface LedgerNotes {
  durable(record: LeaseRecord): void;
  moved(position: Position, sequence: number): void;
  gap(gap: Gap): void;
}

export interface PodChangesDeps {
  readonly outlet: MessageOutlet;
  /** Undefined without a database. */
  readonly ledger: LedgerNotes | undefined;
  readonly origin: MessageOrigin;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  readonly onChange: (message: PodIpMessage) => void;
  readonly onGap: (gap: Gap) => void;
}

type PodOfEvent = Extract<PodEvent, { pod: Pod }>;

/** Turns what the feed sees into messages, and remembers what was told of each pod. */
export class PodChanges implements PodSink {
  readonly #deps: PodChangesDeps;
  readonly #clock: OrderClock;
  #known = new Map<string, KnownPod>();
  /** When the whole truth was known last; undefined: never. */
  #knownAt: Date | undefined;
  #firstListAt: Date | undefined;

  /** @param restored what the ledger knew when it was loaded */
  constructor(deps: PodChangesDeps, restored?: LedgerState) {
    this.#deps = deps;
    this.#clock = new OrderClock(deps.now);
    if (restored) this.#restore(restored);
  }

  /** Pods that are not finished. */
  get knownPods(): number {
    return this.#known.size;
  }

  openLeases(): LeaseRecord[] {
    return [...this.#known.values()].flatMap((pod) => pod.leases.map((lease) => toRecord(pod, lease)));
  }

  async replaceAll(pods: readonly Pod[], resourceVersion: string, reason: ListReason): Promise<void> {
    const at = this.#clock.next();
    const decision = decideList(this.#known, pods, { at, inferred: this.#knownAt !== undefined });
    this.#known = decision.known;
    this.#tellGap({ startedAt: this.#knownAt, endedAt: at, reason });
    this.#firstListAt ??= at;
    await this.#tellWhenRoom(decision.changes);
    this.#moved(resourceVersion, at);
  }

  apply(event: PodEvent): boolean {
    if (event.type === 'skipped' || event.type === 'unreadable') return true;
    if (event.type !== 'bookmark') {
      const decision = this.#decide(event, this.#clock.next());
      if (decision.changes.length > this.#deps.outlet.room) return false;
      this.#remember(event.pod.uid, decision.known);
      this.#tell(decision.changes);
    }
    this.#moved(event.resourceVersion, this.#deps.now());
    return true;
  }

  roomAvailable(signal: AbortSignal): Promise<void> {
    return this.#deps.outlet.roomAvailable(signal);
  }

  /**
   * Takes in a ledger that could only be loaded now, because the database was away at the start: what it has open and
   * the cluster has not, has ended meanwhile.
   */
  async adopt(state: LedgerState): Promise<void> {
    if (this.#firstListAt === undefined) return this.#restore(state);
    const sighting = { at: this.#clock.next(), inferred: true };
    const changes: IpChange[] = [];
    for (const pod of state.known.values()) {
      const current = this.#known.get(pod.uid);
      const gone = pod.leases.filter((lease) => !current?.leases.some(({ ip }) => ip === lease.ip));
      changes.push(...decideGone({ ...pod, leases: gone }, 'missing', sighting).changes);
      if (current) this.#remember(pod.uid, mergeKnown(pod, current));
    }
    if (state.position)
      this.#tellGap({ startedAt: state.position.knownAt, endedAt: this.#firstListAt, reason: 'start' });
    await this.#tellWhenRoom(changes);
  }

  #restore(state: LedgerState): void {
    this.#known = new Map(state.known);
    this.#knownAt = state.position?.knownAt;
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

  #tellGap(gap: Gap): void {
    this.#deps.ledger?.gap(gap);
    this.#deps.onGap(gap);
  }

  #moved(resourceVersion: string, knownAt: Date): void {
    this.#knownAt = knownAt;
    const { ledger, outlet } = this.#deps;
    if (resourceVersion !== '') ledger?.moved({ resourceVersion, knownAt }, outlet.lastSequence);
  }

  async #tellWhenRoom(changes: readonly IpChange[]): Promise<void> {
    const { outlet, signal } = this.#deps;
    for (let next = 0; next < changes.length; ) {
      await outlet.roomAvailable(signal);
      const count = outlet.room;
      this.#tell(changes.slice(next, next + count));
      next += count;
    }
  }

  #tell(changes: readonly IpChange[]): void {
    const { ledger, onChange, origin, outlet } = this.#deps;
    const last = changes.at(-1);
    if (last === undefined) return;
    this.#clock.used(last.at);
    outlet.publish(
      changes.map((change) => {
        const { pod, lease, status, inferred, at } = change;
        const facts = { pod, ip: lease.ip, occurrence: lease.occurrence, status, inferred, observedAt: at };
        const message = buildMessage(facts, origin);
        onChange(message);
        return { body: JSON.stringify(message), onDurable: () => ledger?.durable(recordOf(change)) };
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

/** What the cluster shows now, with the ledger's numbering of the leases. */
function mergeKnown(ledger: KnownPod, current: KnownPod): KnownPod {
  const leases = current.leases.map((lease) => ledger.leases.find(({ ip }) => ip === lease.ip) ?? lease);
  const ended = new Map([...(ledger.ended ?? []), ...(current.ended ?? [])]);
  return { ...current, leases, ...(ended.size === 0 ? {} : { ended }) };
}
