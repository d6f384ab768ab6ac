/** Why a pod ended. */
export interface EndCause {
  readonly cause: string;
  /** Of the container that failed. */
  readonly exitCode?: number;
}

/** One start or end of a pod's hold on an address. */
export interface IpChange {
  /** When the API server learned of it. */
  readonly at: Date;
  /** When the sandbox got the address, or was gone: before that, and of a pod that was evicted or deleted by force after. */
  readonly happenedAt: Date;
  readonly kind: 'assigned' | 'released';
  readonly podUid: string;
  readonly namespace: string;
  readonly pod: string;
  readonly ip: string;
  readonly hostNetwork: boolean;
  /** Kind and name of the first owner reference; `Unknown` and empty without one. */
  readonly ownerKind: string;
  readonly ownerName: string;
  readonly node: string;
  /** Undefined for a start, and for the end of an address that the pod outlives. */
  readonly endCause?: EndCause | undefined;
  /** The version of the write that showed the change. */
  readonly resourceVersion: number;
}

/** The changes that really happened in the cluster, to compare with what was reported. */
export interface Truth {
  /** Every change in its order; the oldest are missing when `dropped` is not 0. */
  readonly changes: readonly IpChange[];
  /** Changes since the start, the dropped ones included. */
  readonly changeCount: number;
  /** Oldest changes that are no longer in `changes`, because there were more than its bound. */
  readonly dropped: number;
  /** The `assigned` change of every address that a pod holds now. */
  openLeases(): IpChange[];
}

/** The record that the pod store writes; append-only up to its bound. */
export class TruthRecord implements Truth {
  readonly #limit: number;
  readonly #open = new Map<string, IpChange>();
  readonly #changes: IpChange[] = [];
  #dropped = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get changes(): readonly IpChange[] {
    return this.#changes;
  }

  get changeCount(): number {
    return this.#changes.length + this.#dropped;
  }

  get dropped(): number {
    return this.#dropped;
  }

  openLeases(): IpChange[] {
    return [...this.#open.values()];
  }

  append(change: IpChange): void {
    const lease = `${change.podUid} ${change.ip}`;
    if (change.kind === 'assigned') this.#open.set(lease, change);
    else this.#open.delete(lease);
    this.#changes.push(change);
    if (this.#changes.length <= this.#limit) return;
    // Several at once, so that a long run does not move the whole record for every change.
    const surplus = Math.ceil(this.#limit / 10);
    this.#changes.splice(0, surplus);
    this.#dropped += surplus;
  }
}
