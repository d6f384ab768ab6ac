import type { BadAnswer } from './bad-answers.js';

/** Ways in which the sink can be made to misbehave. */
export interface SinkFaults {
  /** Stores records but acknowledges none while it is on. */
  neverAck(on: boolean): void;
  /** Acknowledges this many milliseconds after a record is stored. */
  ackDelayMs: number;
  /** Chunks that were acknowledged late so far. */
  readonly delayedAcks: number;
  /** Stores records, and sends this instead of an ack; undefined: acks again. */
  badAnswer: BadAnswer | undefined;
  /** Bytes that were sent so, as far as the clients' systems took them. */
  readonly badBytes: number;
  /**
   * Resets the connection on which the next chunk comes: at its first bytes, so that nothing of it is stored,
   * or when it is stored but not acknowledged. Once per call.
   */
  resetNextChunk(when: 'before-stored' | 'after-stored'): void;
  /** Refuses connections, and ends the open ones; listens on the same port again when switched off. */
  refuse(on: boolean): Promise<void>;
}

/** The faults that are on, as the connections see them. */
export class SinkFaultState {
  ackDelayMs = 0;
  delayedAcks = 0;
  ackless = false;
  badAnswer: BadAnswer | undefined;
  badBytes = 0;
  #resets: ('before-stored' | 'after-stored')[] = [];

  resetNextChunk(when: 'before-stored' | 'after-stored'): void {
    this.#resets.push(when);
  }

  /** Whether to reset at this point. */
  takeReset(point: 'before-stored' | 'after-stored'): boolean {
    const index = this.#resets.indexOf(point);
    if (index === -1) return false;
    this.#resets.splice(index, 1);
    return true;
  }
}

/** The handles to these faults. */
export function faultControls(state: SinkFaultState, refuse: SinkFaults['refuse']): SinkFaults {
  return {
    neverAck(on) {
      state.ackless = on;
    },
    get ackDelayMs() {
      return state.ackDelayMs;
    },
    set ackDelayMs(ms) {
      state.ackDelayMs = ms;
    },
    get delayedAcks() {
      return state.delayedAcks;
    },
    get badAnswer() {
      return state.badAnswer;
    },
    set badAnswer(answer) {
      state.badAnswer = answer;
    },
    get badBytes() {
      return state.badBytes;
    },
    resetNextChunk: (when) => state.resetNextChunk(when),
    refuse,
  };
}
