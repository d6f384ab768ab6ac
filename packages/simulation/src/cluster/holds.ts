import type { Random } from './random.js';
import type { IpChange } from './truth.js';

/** A question: who had this address at that time, in milliseconds since the epoch? */
export interface AddressAt {
  readonly ip: string;
  readonly atMs: number;
}

/** The part of an answer that can be wrong. */
export interface HoldersAnswer {
  /** Whether it is surely true. */
  readonly certain: boolean;
  /** The pods that surely had the address. */
  readonly leases: readonly { readonly podUid: string }[];
  /** The node whose address it surely was. */
  readonly node: string | null;
}

/** How a question was answered. `wrong`: with certainty, but not as it was. */
export type Outcome = 'right' | 'unsure' | 'wrong';

/** A pod's real hold on an address. */
export interface Hold {
  readonly podUid: string;
  readonly pod: string;
  readonly node: string;
  readonly fromMs: number;
  /** Infinity while it lasts. */
  readonly toMs: number;
}

/** Around a change are most of the doubts. */
const AROUND_MS = 5_000;
const NEAR_MS = 60_000;

/** Who really had which address, and whether answers about that are right. */
export class Holds {
  readonly #changes: readonly IpChange[];
  readonly #byIp: ReadonlyMap<string, readonly Hold[]>;

  /** @param changes in their order, from the first on */
  constructor(changes: readonly IpChange[]) {
    this.#changes = changes;
    this.#byIp = toHolds(changes);
  }

  get addresses(): readonly string[] {
    return [...this.#byIp.keys()];
  }

  /** All holds of an address, in the order of their beginnings. */
  of(ip: string): readonly Hold[] {
    return this.#byIp.get(ip) ?? [];
  }

  at({ ip, atMs }: AddressAt): readonly Hold[] {
    return this.of(ip).filter(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
  }

  /** Judges an answer. A pod that is named beside a doubt must have had the address, too. */
  judge(question: AddressAt, { certain, leases, node }: HoldersAnswer): Outcome {
    const holds = this.at(question);
    const isHolder = ({ podUid }: { podUid: string }) => holds.some((hold) => hold.podUid === podUid);
    if (!leases.every(isHolder)) return 'wrong';
    if (!certain) return 'unsure';
    if (leases.length === 0) return holds.length === 0 ? 'right' : 'wrong';
    return node === null || holds.every((hold) => hold.node === node) ? 'right' : 'wrong';
  }

  /** The holds of the address within a minute of the time. */
  describe({ ip, atMs }: AddressAt): string {
    const near = (this.#byIp.get(ip) ?? []).filter(
      ({ fromMs, toMs }) => fromMs < atMs + NEAR_MS && toMs > atMs - NEAR_MS,
    );
    const time = (ms: number) => (Number.isFinite(ms) ? new Date(ms).toISOString() : 'now');
    const texts = near.map(
      ({ pod, podUid, fromMs, toMs }) => `${pod} (${podUid}) from ${time(fromMs)} to ${time(toMs)}`,
    );
    return texts.join(', ') || 'nobody had it';
  }

  /** Draws any address and time, uniformly. */
  drawUniform(fromMs: number, toMs: number, random: Random): AddressAt {
    return { ip: random.pick(this.addresses), atMs: Math.round(fromMs + random.next() * (toMs - fromMs)) };
  }

  /** Draws a time at most five seconds before or after a change of its address. */
  drawAroundChange(random: Random): AddressAt {
    const { ip, happenedAt } = random.pick(this.#changes);
    return { ip, atMs: Math.round(happenedAt.getTime() + (random.next() * 2 - 1) * AROUND_MS) };
  }
}

function toHolds(changes: readonly IpChange[]): Map<string, Hold[]> {
  const byIp = new Map<string, Hold[]>();
  for (const { ip, podUid, pod, node, kind, happenedAt } of changes) {
    const holds = byIp.get(ip) ?? [];
    byIp.set(ip, holds);
    const atMs = happenedAt.getTime();
    const open = holds.findLastIndex(
      (hold) => hold.podUid === podUid && hold.toMs === Number.POSITIVE_INFINITY,
    );
    const before = holds[open];
    if (kind === 'assigned') holds.push({ podUid, pod, node, fromMs: atMs, toMs: Number.POSITIVE_INFINITY });
    else if (before) holds[open] = { ...before, toMs: atMs };
  }
  return byIp;
}
