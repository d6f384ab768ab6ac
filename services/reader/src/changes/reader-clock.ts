import { type ClockBounds, narrow, serverClock, UNKNOWN_CLOCK } from './clock-bounds.js';

/** A clock that is further than this from the API server's is wrong. */
const MAX_APART_MS = 10_000;
/** A change by less than this is a correction in passing. */
const STEP_MS = 1_000;
/** Several API servers have clocks of their own, which agree as closely as etcd asks for. */
const SERVERS_APART_MS = 100;
/** How fast the API server's clock may drift from the monotonic one. */
const DRIFT = 0.0005;

/** By how much a clock was set, in milliseconds: the machine's, or, to agree with the API server's, the reader's. */
export interface ClockStep {
  readonly of: 'machine' | 'reader';
  readonly byMs: number;
}

/** Times between which the reader's clock was set. */
export interface ClockJump {
  readonly from: Date;
  readonly to: Date;
}

export interface ReaderClockDeps {
  /** The clock of the machine, and one that is never set, in milliseconds. */
  readonly machineMs?: () => number;
  readonly monotonicMs?: () => number;
  readonly onStep: (step: ClockStep) => void;
}

/**
 * The time of a reader. It is the machine's while that agrees with the API server's, else the API server's. Where the
 * machine's clock is set, it continues as if it had not been, until the next answer of the API server says who is right.
 * It never runs backwards: where it is set back, it stands still for so long.
 */
export class ReaderClock {
  readonly #machine: () => number;
  readonly #monotonic: () => number;
  readonly #onStep: (step: ClockStep) => void;
  /** How far this clock, and the machine's, are ahead of the monotonic one. */
  #aheadMs: number;
  #machineAheadMs: number;
  /** The same of the API server's, and when that was found. */
  #server: ClockBounds = UNKNOWN_CLOCK;
  #serverFoundMs = 0;
  #latestMs = Number.NEGATIVE_INFINITY;
  #startMs = Number.NEGATIVE_INFINITY;
  #jumps: ClockJump[] = [];

  constructor({ machineMs, monotonicMs, onStep }: ReaderClockDeps) {
    this.#machine = machineMs ?? (() => Date.now());
    this.#monotonic = monotonicMs ?? (() => performance.now());
    this.#onStep = onStep;
    this.#machineAheadMs = this.#aheadMs = this.#machine() - this.#monotonic();
  }

  now(): Date {
    this.#latestMs = Math.max(this.#latestMs, this.#read());
    return new Date(Math.round(this.#latestMs));
  }

  /** How far the API server's clock is ahead of this one. */
  get serverClock(): ClockBounds {
    const apartMs = SERVERS_APART_MS + Math.abs(this.#monotonic() - this.#serverFoundMs) * DRIFT;
    return {
      leastMs: this.#server.leastMs - this.#aheadMs - apartMs,
      mostMs: this.#server.mostMs - this.#aheadMs + apartMs,
    };
  }

  /** How far the machine's clock is at least ahead of the API server's, in milliseconds; negative: behind. */
  get machineAheadMs(): number {
    const { leastMs, mostMs } = this.#server;
    return Math.max(this.#machineAheadMs - mostMs, 0) + Math.min(this.#machineAheadMs - leastMs, 0);
  }

  /** The moment on the monotonic clock, for `answered`. */
  asked(): number {
    return this.#monotonic();
  }

  /** The API server answered. @param date its header of that name; askedMs when it was asked */
  answered(date: unknown, askedMs: number): void {
    const nowMs = this.#read() - this.#aheadMs;
    const found = serverClock(String(date), askedMs, nowMs);
    if (found === UNKNOWN_CLOCK) return;
    const isFirst = this.#server === UNKNOWN_CLOCK;
    const driftMs = (nowMs - this.#serverFoundMs) * DRIFT;
    const before = { leastMs: this.#server.leastMs - driftMs, mostMs: this.#server.mostMs + driftMs };
    this.#server = isFirst ? found : narrow(before, found);
    this.#serverFoundMs = nowMs;
    this.#agree();
    // No event came before, so no time of this clock was used for one.
    if (isFirst) this.#restart();
  }

  /** Never shows a time before this one: another reader used it. */
  startAt(time: Date): void {
    this.#startMs = time.getTime();
    this.#start();
  }

  /** The jumps since the last call. */
  takeJumps(): readonly ClockJump[] {
    const jumps = this.#jumps;
    this.#jumps = [];
    return jumps;
  }

  /**
   * Sets this clock to one that is not further from the API server's than it has to be. Where the machine's is wrong, that
   * is not at all: the first answer says the API server's time to the second, and later ones more closely.
   */
  #agree(): void {
    const machineApartMs = this.#apart(this.#machineAheadMs);
    const isRight = machineApartMs <= MAX_APART_MS;
    if (this.#apart(this.#aheadMs) <= (isRight ? machineApartMs : 0)) return;
    const { leastMs, mostMs } = this.#server;
    this.#set(isRight ? this.#machineAheadMs : (leastMs + mostMs) / 2);
  }

  #read(): number {
    const monotonicMs = this.#monotonic();
    const machineAheadMs = this.#machine() - monotonicMs;
    const byMs = machineAheadMs - this.#machineAheadMs;
    this.#machineAheadMs = machineAheadMs;
    if (Math.abs(byMs) <= STEP_MS) this.#aheadMs += byMs;
    else {
      this.#onStep({ of: 'machine', byMs });
      if (this.#server === UNKNOWN_CLOCK) this.#set(machineAheadMs);
    }
    return monotonicMs + this.#aheadMs;
  }

  #set(aheadMs: number): void {
    const byMs = aheadMs - this.#aheadMs;
    const from = this.#monotonic() + this.#aheadMs;
    this.#aheadMs = aheadMs;
    if (Math.abs(byMs) <= STEP_MS) return;
    this.#onStep({ of: 'reader', byMs });
    this.#jumps.push({ from: new Date(Math.max(from, this.#latestMs)), to: new Date(from + byMs) });
  }

  #restart(): void {
    this.#jumps = [];
    this.#latestMs = Number.NEGATIVE_INFINITY;
    this.#start();
  }

  #start(): void {
    const now = this.now();
    if (this.#startMs - now.getTime() > STEP_MS) this.#jumps.push({ from: new Date(this.#startMs), to: now });
    this.#latestMs = Math.max(this.#latestMs, this.#startMs);
  }

  /** How far a clock surely is from the API server's. */
  #apart(aheadMs: number): number {
    return Math.max(0, this.#server.leastMs - aheadMs, aheadMs - this.#server.mostMs);
  }
}
