import { type Heartbeats, OK, type Operation } from './heartbeat.js';
import type { StatusFile } from './status-file.js';

/** How one of the four operations is doing, told to whoever asks: the monitor, the liveness probe and /readyz. */
export interface OperationHealth {
  /** It did its work, or can do it again after a failure. */
  works(message: string): void;
  /** Its link is proven, though there was no work. Changes nothing while the operation fails. */
  alive(): void;
  /** @param code what the monitor shows: an HTTP status, or the nearest one */
  fails(code: number, message: string): void;
  /** Undefined while it works, else what is wrong. */
  readonly problem: string | undefined;
}

/** Starts as not working: nothing is known yet, and nothing is reported before there is something to say. */
export function trackOperation(
  operation: Operation,
  statusFile: StatusFile,
  heartbeats: Heartbeats,
): OperationHealth {
  let problem: string | undefined = 'not connected yet';
  return {
    get problem() {
      return problem;
    },
    works(message) {
      problem = undefined;
      statusFile.works();
      heartbeats.report(operation, OK, message);
    },
    alive() {
      if (problem === undefined) statusFile.works();
    },
    fails(code, message) {
      problem = message;
      statusFile.fails();
      heartbeats.report(operation, code, message);
    },
  };
}
