import { createWorkload, type Workload, type WorkloadKind } from '@podips/simulation';
import type { Slot, TimedPods } from './timed-pods.js';

/** Keeps a Deployment, a StatefulSet or a DaemonSet at its number of pods, as its controller does. */
export class Controller {
  readonly #pods: TimedPods;
  #workload: Workload;
  #replicas: number;
  /** The pods that count, and where each belongs. */
  readonly #active = new Map<string, Slot>();
  /** What the rollout that is under way has yet to replace. */
  #rolling: [string, Slot][] = [];

  constructor(pods: TimedPods, kind: WorkloadKind, name: string, namespace: string, replicas: number) {
    this.#pods = pods;
    this.#workload = createWorkload(kind, name, pods.random, { namespace });
    this.#replicas = kind === 'DaemonSet' ? pods.pods.nodes.length : replicas;
  }

  get kind(): WorkloadKind {
    return this.#workload.kind;
  }

  get name(): string {
    return this.#workload.name;
  }

  get workload(): Workload {
    return this.#workload;
  }

  get replicas(): number {
    return this.#replicas;
  }

  /** Those that run, the oldest first. */
  get running(): string[] {
    return [...this.#active.keys()].filter(
      (uid) => this.#pods.isActive(uid) && this.#pods.pods.get(uid)?.status.phase === 'Running',
    );
  }

  has(uid: string): boolean {
    return this.#active.has(uid);
  }

  /** Starts what is missing. */
  start(): void {
    for (const slot of this.#missing()) this.#launch(slot);
  }

  scale(replicas: number): void {
    this.#replicas = replicas;
    const surplus = [...this.#active.keys()].toReversed().slice(0, Math.max(0, this.#active.size - replicas));
    for (const uid of surplus) {
      this.#active.delete(uid);
      this.#pods.delete(uid);
    }
    this.start();
  }

  /** Replaces all pods by those of another template, by default a new one. @returns the one before, to go back to it */
  rollOut(next?: Workload): Workload {
    const before = this.#workload;
    const { kind, name, namespace, ownerUid } = before;
    const made = createWorkload(kind, name, this.#pods.random, { namespace });
    // Each template of a Deployment has a ReplicaSet of its own.
    this.#workload = next ?? (kind === 'Deployment' ? made : { ...made, ownerUid });
    const kept = kind === 'Deployment' ? this.#workload.ownerUid : undefined;
    const isOld = ([uid]: [string, Slot]) =>
      this.#pods.pods.get(uid)?.metadata.ownerReferences?.[0]?.uid !== kept;
    this.#rolling.length = 0;
    this.#rolling = [...this.#active].filter(isOld);
    if (kind === 'Deployment') this.#surge(this.#rolling, Math.ceil(this.#replicas / 4));
    else this.#oneByOne(this.#rolling.reverse());
    return before;
  }

  /** A user deletes a pod. */
  delete(uid: string): void {
    this.#end(uid, (onGone) => this.#pods.delete(uid, onGone));
  }

  disrupt(uid: string, reason: string): void {
    this.#end(uid, (onGone) => this.#pods.disrupt(uid, reason, onGone));
  }

  /** Its node has no room for it. Its controller deletes it, unless that is a ReplicaSet's. */
  evict(uid: string): void {
    this.#end(uid, (onGone) => {
      this.#pods.pods.evict(uid);
      if (this.kind !== 'Deployment')
        this.#pods.agenda.after(this.#pods.between(500, 3_000), () => {
          if (this.#pods.pods.get(uid)) this.#pods.pods.remove(uid);
          onGone();
        });
    });
  }

  /** The pod is gone with its node. */
  collect(uid: string): void {
    this.#pods.collect(uid);
    this.#active.delete(uid);
    if (this.kind !== 'DaemonSet') this.start();
  }

  #end(uid: string, end: (onGone: () => void) => void): void {
    const slot = this.#active.get(uid);
    if (slot === undefined || !this.#pods.isActive(uid)) return;
    // A ReplicaSet does not count what is ending; the others wait until it is gone.
    end(() => {
      this.#active.delete(uid);
      this.start();
    });
    if (this.kind !== 'Deployment') return;
    this.#active.delete(uid);
    this.start();
  }

  #launch(slot: Slot, onRunning?: () => void): void {
    this.#active.set(this.#pods.launch(this.#workload, slot, onRunning), slot);
  }

  #missing(): Slot[] {
    const taken = new Set([...this.#active.values()].map(({ ordinal }) => ordinal));
    const slots: Slot[] = [];
    for (let ordinal = 0; slots.length + this.#active.size < this.#replicas; ordinal += 1) {
      const node = this.#pods.pods.nodes[ordinal]?.name ?? '';
      if (this.kind === 'DaemonSet' && ordinal >= this.#replicas) break;
      if (!taken.has(ordinal) && !(this.kind === 'DaemonSet' && this.#pods.lost.has(node)))
        slots.push({ ordinal, node });
    }
    return slots;
  }

  /** A few new pods more than there should be; an old one ends for each that runs. */
  #surge(old: [string, Slot][], atATime: number): void {
    const next = () => {
      const found = old.shift();
      if (found === undefined) return;
      const [uid, slot] = found;
      this.#launch(slot, () => {
        this.#active.delete(uid);
        this.#pods.delete(uid);
        next();
      });
    };
    for (let count = 0; count < atATime; count += 1) next();
  }

  #oneByOne(old: [string, Slot][]): void {
    const next = () => {
      const found = old.shift();
      if (found === undefined) return;
      const [uid, slot] = found;
      if (!this.#pods.isActive(uid)) return next();
      this.#pods.delete(uid, () => {
        this.#active.delete(uid);
        this.#launch(slot, next);
      });
    };
    next();
  }
}
