import { Backlog } from './backlog.js';
import { type Cut, cutOf, MAX_CUT_ROWS, rowsOf } from './cut.js';
import { type Entry, MAX_ENTRY_MESSAGES } from './entry.js';

export interface ChangeLogLimits {
  /** Maximum number of messages that are not durable yet. */
  readonly maxMessages: number;
  /** Maximum number of leases, restarts, failures and gaps that are not recorded yet; undefined: nothing is recorded. */
  readonly maxRows: number | undefined;
}

/** Messages of one entry, for delivery. */
export interface Undelivered {
  readonly number: number;
  readonly messages: readonly string[];
}

/** How far a list may be ahead of the queue, and of the ledger. */
const LIST_LEAD_MESSAGES = 2_000;
const LIST_LEAD_ROWS = 2 * MAX_CUT_ROWS;
/** When nothing becomes durable for so long, neither queue nor outbox works: a list waits for them no longer. */
const STALLED_MS = 2_000;

/**
 * Numbered entries in memory, oldest first: all that was seen and not yet both delivered and recorded. Two cursors follow
 * it, delivery and recording; recording never passes delivery. Neither knows the other.
 */
export class ChangeLog {
  readonly #limits: ChangeLogLimits;
  readonly #undelivered = new Backlog<Undelivered>(({ messages }) => messages.length);
  readonly #unrecorded = new Backlog<Cut>(rowsOf);
  readonly #listeners = new Set<() => void>();
  #lastNumber = 0;
  /** Nothing became durable while a list waited for it, nor since then. */
  #isStalled = false;
  /** `off` keeps nothing for recording, and is for good: what came meanwhile is in no cut. */
  #recording: 'on' | 'failing' | 'off';

  constructor(limits: ChangeLogLimits) {
    this.#limits = limits;
    this.#recording = limits.maxRows === undefined ? 'off' : 'on';
  }

  /** Messages that are not durable yet. */
  get undelivered(): number {
    return this.#undelivered.weight;
  }

  /** Leases, restarts, failures and gaps that are not recorded yet. */
  get unrecorded(): number {
    return this.#unrecorded.weight;
  }

  /** False when something was not kept for recording. */
  get isRecordable(): boolean {
    return this.#recording !== 'off';
  }

  /** How many messages an entry may have in an empty log. */
  get entryLimit(): number {
    return Math.min(MAX_ENTRY_MESSAGES, this.#limits.maxMessages);
  }

  /** How many messages a part of a list may have. */
  get listRoom(): number {
    return Math.min(MAX_ENTRY_MESSAGES, this.#limits.maxMessages - this.undelivered);
  }

  /** How many messages an event may mean: none while the ledger is behind. */
  get room(): number {
    return this.#isBehind ? 0 : this.listRoom;
  }

  /** The buffer that has no room when an event does not fit. */
  get fullOf(): 'messages' | 'leases' {
    return this.#isBehind ? 'leases' : 'messages';
  }

  /** Appends an entry. @throws {RangeError} when there is no room for it */
  append({ messages, leases, restarts = [], failures = [], gaps, checkpoint }: Entry): void {
    if (messages.length > this.listRoom) throw new RangeError(`no room for ${messages.length} messages`);
    this.#lastNumber += 1;
    const number = this.#lastNumber;
    if (messages.length > 0) this.#undelivered.push({ number, messages });
    if (this.isRecordable) this.#keep({ number, leases, restarts, failures, gaps, checkpoint });
    this.#changed();
  }

  /** Messages of entries after one, oldest first: at least one entry if there is any, and at most so many messages. */
  *undeliveredAfter(number: number, maxMessages: number): Generator<Undelivered> {
    let count = 0;
    for (const entry of this.#undelivered.after(number)) {
      count += entry.messages.length;
      if (count > maxMessages && count > entry.messages.length) return;
      yield entry;
    }
  }

  /** All messages up to this entry are durable. */
  delivered(upTo: number): void {
    this.#undelivered.removeUpTo(upTo);
    this.#isStalled = false;
    this.#changed();
  }

  /** Undefined while there is nothing new to record. */
  cut(): Cut | undefined {
    const durableUpTo = (this.#undelivered.oldest?.number ?? Number.POSITIVE_INFINITY) - 1;
    return cutOf(this.#unrecorded.upTo(durableUpTo));
  }

  /** A cut was recorded. */
  recorded({ number }: Cut): void {
    this.#unrecorded.removeUpTo(number);
    if (this.#recording === 'failing') this.#recording = 'on';
    this.#changed();
  }

  /** A cut could not be recorded. Until one is, the bound holds: beyond it nothing is kept for recording any more. */
  recordingFailed(): void {
    if (this.#recording === 'on') this.#recording = 'failing';
    this.#enforceBound();
    this.#changed();
  }

  /** Nothing is recorded any more: what was recorded is gone, or the ledger is another reader's. */
  stopRecording(): void {
    this.#dropUnrecorded();
    this.#changed();
  }

  /** Calls a listener after each change of the log. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /**
   * Resolves when at most half of the messages wait, so that a full log is not tried again for each of them.
   * @param needed room for so many messages; at most {@link entryLimit}
   */
  async roomAvailable(signal: AbortSignal, needed = 1): Promise<void> {
    const { maxMessages } = this.#limits;
    await this.until(() => this.undelivered <= maxMessages / 2 && this.room >= needed, signal);
  }

  /**
   * The same for a part of a list, which takes all the room there is while nothing becomes durable: no watch is open before
   * its end.
   * @param needed room for so many messages; at most {@link entryLimit}
   */
  async listRoomAvailable(signal: AbortSignal, needed: number): Promise<void> {
    const half = this.#limits.maxMessages / 2;
    const fits = () => needed === 0 || (this.#isStalled && this.listRoom >= needed);
    await this.#untilOrStalled(() => (this.undelivered <= half && !this.#isBehind) || fits(), signal);
  }

  /**
   * Resolves when little of a list that is under way waits for the queue or the ledger: to be further ahead of them takes
   * memory, and makes nothing faster. While nothing becomes durable, nothing waits: only the end of the list opens a watch.
   * @returns whether it had to wait
   */
  async listMayContinue(signal: AbortSignal): Promise<boolean> {
    const { maxMessages, maxRows = 0 } = this.#limits;
    const messages = Math.min(LIST_LEAD_MESSAGES, maxMessages / 2);
    const rows = Math.min(LIST_LEAD_ROWS, maxRows / 2);
    const isRecorded = () => this.#recording === 'on';
    const isAhead = () => this.undelivered > messages || (isRecorded() && this.unrecorded > rows);
    const mayContinue = () => this.#isStalled || !isAhead();
    if (mayContinue()) return false;
    await this.#untilOrStalled(mayContinue, signal);
    return true;
  }

  /** Resolves when a condition holds, which is looked at after each change of the log; rejects when the signal aborts. */
  until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (finish: () => void) => {
        this.#listeners.delete(look);
        signal.removeEventListener('abort', abort);
        finish();
      };
      const look = () => {
        if (holds()) leave(resolve);
      };
      const abort = () => leave(() => reject(signal.reason));
      if (signal.aborted) return abort();
      this.#listeners.add(look);
      signal.addEventListener('abort', abort, { once: true });
      look();
    });
  }

  /** As {@link until}; notices meanwhile when nothing becomes durable. */
  async #untilOrStalled(holds: () => boolean, signal: AbortSignal): Promise<void> {
    let oldest = this.#undelivered.oldest;
    const looking = setInterval(() => {
      this.#isStalled ||= oldest !== undefined && oldest === this.#undelivered.oldest;
      oldest = this.#undelivered.oldest;
      this.#changed();
    }, STALLED_MS);
    await this.until(holds, signal).finally(() => clearInterval(looking));
  }

  #keep(entry: Cut): void {
    const { checkpoint } = entry;
    const last = this.#unrecorded.newest;
    // A quiet cluster moves the checkpoint without end: only the newest one counts.
    const onlyCheckpoint = rowsOf(entry) === 0;
    if (onlyCheckpoint && checkpoint === undefined) return;
    if (onlyCheckpoint && last && rowsOf(last) === 0) this.#unrecorded.replaceNewest(entry);
    else this.#unrecorded.push(entry);
    this.#enforceBound();
  }

  #enforceBound(): void {
    if (this.#recording !== 'failing' || !this.#isOverfull(0)) return;
    this.#dropUnrecorded();
  }

  #dropUnrecorded(): void {
    this.#recording = 'off';
    this.#unrecorded.removeUpTo(this.#lastNumber);
  }

  /** The ledger is written, but more slowly than changes come. */
  get #isBehind(): boolean {
    return this.#recording === 'on' && this.#isOverfull(1);
  }

  #isOverfull(more: number): boolean {
    return this.unrecorded + more > (this.#limits.maxRows ?? 0);
  }

  #changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
