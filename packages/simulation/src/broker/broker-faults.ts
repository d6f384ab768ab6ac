import { StompError } from './stomp-error.js';

export type FailableCommand = 'SEND' | 'ACK' | 'COMMIT';

/** Ways in which a broker can be made to misbehave. */
export interface BrokerFaults {
  /** Answers the next frame of this command, from whomever, with ERROR, and closes that connection. Once per call. */
  failNext(command: FailableCommand, text?: string): void;
  /** Accepts connections but never answers CONNECT. */
  ignoreConnect(on: boolean): void;
  /**
   * Reads nothing and writes nothing while all connections stay open, as when a machine freezes.
   * Ends with all of them reset, because what was swallowed is missing from their streams.
   */
  goSilent(on: boolean): void;
}

/** The faults that are on, as the connections see them. */
export class FaultState {
  connectIgnored = false;
  silent = false;
  readonly #failures: { command: string; text: string }[] = [];

  failNext(command: FailableCommand, text = 'injected failure'): void {
    this.#failures.push({ command, text });
  }

  /** @throws {StompError} STOMP_INJECTED_FAILURE when this command is to fail */
  check(command: string): void {
    const index = this.#failures.findIndex((failure) => failure.command === command);
    const [failure] = index === -1 ? [] : this.#failures.splice(index, 1);
    if (failure) throw new StompError('STOMP_INJECTED_FAILURE', failure.text);
  }
}

/** The handles to these faults. @param destroyAll ends all connections */
export function faultControls(state: FaultState, destroyAll: () => void): BrokerFaults {
  return {
    failNext: (command, text) => state.failNext(command, text),
    ignoreConnect(on) {
      state.connectIgnored = on;
    },
    goSilent(on) {
      state.silent = on;
      if (!on) destroyAll();
    },
  };
}
