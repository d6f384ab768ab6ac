import { isTrue } from './watch-decision.js';

/** The kinds of requests for pods, and any request for a Lease. */
export type RequestKind = PodRequestKind | 'lease';
export type PodRequestKind = 'list' | 'watch';

export interface PlannedFailure {
  /** HTTP status, for example 429, 500 or 503. */
  readonly status: number;
  /** For this many requests; 1 by default. */
  readonly count?: number;
  /** Sent as a `Retry-After` header. */
  readonly retryAfterSeconds?: number;
  /** By default any request for pods. */
  readonly on?: RequestKind;
}

/** 410 as a response, or as an ERROR event in a stream. */
export type ExpiryStyle = 'response' | 'event';

/** The faults of the next requests. The server asks, the faults of the cluster decide. */
export class FaultPlan {
  #failures: Array<PlannedFailure & { readonly count: number }> = [];
  #watchExpiries: ExpiryStyle[] = [];
  #continueExpiries = 0;
  #listItems: unknown[] = [];
  #lostLeaseWrites = 0;
  listDelayMs = 0;
  leaseDelayMs = 0;
  forbidden = false;
  /** Namespaces whose pods may be read; undefined: all, and all at once. */
  allowed: readonly string[] | undefined;
  leasesForbidden = false;

  addFailure(failure: PlannedFailure): void {
    this.#failures.push({ count: 1, ...failure });
  }

  expireNextWatch(style: ExpiryStyle): void {
    this.#watchExpiries.push(style);
  }

  expireNextContinue(): void {
    this.#continueExpiries += 1;
  }

  loseLeaseWrites(count: number): void {
    this.#lostLeaseWrites += count;
  }

  addListItem(item: unknown): void {
    this.#listItems.push(item);
  }

  clear(): void {
    this.#failures = [];
    this.#watchExpiries = [];
    this.#continueExpiries = 0;
    this.#listItems = [];
    this.listDelayMs = 0;
    this.leaseDelayMs = 0;
    this.forbidden = false;
    this.allowed = undefined;
    this.leasesForbidden = false;
    this.#lostLeaseWrites = 0;
  }

  /** The failure for this request, which then is used up. */
  takeFailure(kind: RequestKind): PlannedFailure | undefined {
    const index = this.#failures.findIndex(({ on }) => (on === undefined ? kind !== 'lease' : on === kind));
    const failure = this.#failures[index];
    if (failure === undefined) return undefined;
    if (failure.count > 1) this.#failures[index] = { ...failure, count: failure.count - 1 };
    else this.#failures.splice(index, 1);
    return failure;
  }

  forbids(namespace: string | undefined): boolean {
    return this.forbidden || (this.allowed !== undefined && !this.allowed.includes(namespace ?? ''));
  }

  takeWatchExpiry(): ExpiryStyle | undefined {
    return this.#watchExpiries.shift();
  }

  takeContinueExpiry(): boolean {
    if (this.#continueExpiries === 0) return false;
    this.#continueExpiries -= 1;
    return true;
  }

  takeLostLeaseWrite(): boolean {
    if (this.#lostLeaseWrites === 0) return false;
    this.#lostLeaseWrites -= 1;
    return true;
  }

  takeListItems(): unknown[] {
    return this.#listItems.splice(0);
  }
}

export function requestKind(query: URLSearchParams): PodRequestKind {
  return isTrue(query.get('watch')) ? 'watch' : 'list';
}
