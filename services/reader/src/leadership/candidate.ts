import { KubeError } from '../cluster/kube-client.js';
import { Standstill } from '../cluster/standstill.js';
import { type Claim, claimedLease, type Lease, newLease, releasedLease } from './lease.js';
import type { LeaseClient, LeaseName } from './lease-client.js';
import { type Observation, observe, remainingMs } from './observation.js';

export interface CandidateOptions {
  readonly lease: LeaseName;
  /** Differs from that of every other reader that may run at the same time. */
  readonly identity: string;
  /** How long others wait without seeing a renewal before they take over. */
  readonly durationSeconds: number;
}

/** A steady clock in milliseconds, and the time that goes into the Lease for people to read. */
export interface Clocks {
  readonly steadyMs: () => number;
  readonly now: () => Date;
}

/** Whether this reader holds the Lease, as of the last answer. */
export type Standing =
  | { readonly leads: true }
  | {
      readonly leads: false;
      /** Empty when it has given the Lease up. */
      readonly holder: string;
      readonly expiresInMs: number;
      /** How long the holder's Lease lasts without a renewal. */
      readonly durationMs: number;
    };

/** Another client may change the Lease between a read and a write, but hardly three times in a row. */
const MAX_LOOKS = 3;
const LEADS: Standing = { leads: true };

/** One reader's side of the election. Calls must not overlap. */
export class Candidate {
  readonly #client: LeaseClient;
  readonly #options: CandidateOptions;
  readonly #clocks: Clocks;
  /** The Lease as this reader wrote it last, while it leads. */
  #held: Lease | undefined;
  /** Whether a claim was not answered: it may have been carried out. */
  #inDoubt = false;
  #observation: Observation | undefined;

  constructor(client: LeaseClient, options: CandidateOptions, clocks: Clocks) {
    this.#client = client;
    this.#options = options;
    this.#clocks = clocks;
  }

  /**
   * Renews the Lease, takes it when it is free or has expired, or finds out who holds it.
   * @throws {KubeError} when there is no answer: nothing is known then, and nothing has changed
   */
  async ask(signal: AbortSignal): Promise<Standing> {
    using standstill = new Standstill(this.#options.durationSeconds * 1_000);
    const standing = await this.#ask(signal);
    // An answer that waited for a frozen process to thaw is of the past.
    if (standstill.happened)
      throw new KubeError('KUBE_TIMEOUT', 'leader lease: this process stood still while it asked', {
        status: 504,
      });
    return standing;
  }

  /** Gives the Lease up if this reader holds it, so that another one need not wait. @throws {KubeError} */
  async release(signal: AbortSignal): Promise<void> {
    const { identity } = this.#options;
    let lease = this.#held ?? (this.#inDoubt ? await this.#client.get(signal) : undefined);
    this.#held = undefined;
    for (let look = 0; look < MAX_LOOKS && lease?.holder === identity; look += 1) {
      if (await this.#client.update(releasedLease(lease, this.#clocks.now()), signal)) return;
      lease = await this.#client.get(signal); // a renewal whose answer was lost, or another holder
    }
  }

  async #ask(signal: AbortSignal): Promise<Standing> {
    if (this.#held && (await this.#claim(this.#held, signal))) return LEADS;
    for (let look = 0; look < MAX_LOOKS; look += 1) {
      const askedMs = this.#clocks.steadyMs();
      const lease = await this.#client.get(signal);
      const expiresInMs = lease ? this.#observe(lease, askedMs) : 0;
      if (lease && this.#mustFollow(lease, expiresInMs)) {
        this.#held = undefined;
        return { leads: false, holder: lease.holder, expiresInMs, durationMs: lease.durationMs };
      }
      if (await this.#claim(lease, signal)) return LEADS;
    }
    throw new KubeError('KUBE_LEASE_CONTENDED', 'leader lease: it changes faster than it can be written', {
      status: 409,
    });
  }

  /** A leader has been succeeded, however long ago, by another holder, also by one that has given the Lease up since. */
  #mustFollow({ holder, transitions }: Lease, expiresInMs: number): boolean {
    const held = this.#held;
    if (holder === this.#options.identity) return false;
    if (holder === '') return held !== undefined && transitions !== held.transitions;
    return held !== undefined || expiresInMs > 0;
  }

  #observe({ resourceVersion, durationMs }: Lease, askedMs: number): number {
    const times = { askedMs, answeredMs: this.#clocks.steadyMs() };
    this.#observation = observe(this.#observation, resourceVersion, durationMs / 2, times);
    return remainingMs(this.#observation, durationMs);
  }

  /** @returns whether this reader holds the Lease now; false when it was changed since `lease` */
  async #claim(lease: Lease | undefined, signal: AbortSignal): Promise<boolean> {
    const { lease: name, identity: holder, durationSeconds } = this.#options;
    const claim: Claim = { holder, durationSeconds };
    const now = this.#clocks.now();
    this.#inDoubt = true;
    const claimed = lease
      ? await this.#client.update(claimedLease(lease, claim, now), signal)
      : await this.#client.create(newLease(name.namespace, name.name, claim, now), signal);
    this.#inDoubt = false;
    if (claimed === undefined) return false;
    this.#held = claimed;
    return true;
  }
}
