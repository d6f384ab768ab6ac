import { type Heartbeats, OK, type Operation } from './heartbeat.js';
import type { StatusFile } from './status-file.js';

/** How one of the four operations is doing, told to whoever asks: the monitor, the liveness probe and /readyz. */
export interface OperationHealth {
  /** It did its work. */
  works(message: string): void;
  /**
   * It is connected, and so can do its work. Reported after a failure only, so that a report's age tells of the work;
   * and not after a failure of the work itself, which a connection does not disprove.
   */
  connected(): void;
  /** Its link is proven, though there was no work. Changes nothing while the operation fails. */
  alive(): void;
  /** Another process does it, and this one could: well, but nothing to report. */
  standsBy(): void;
  /**
   * @param code what the monitor shows: an HTTP status, or the nearest one
   * @param what the work failed though the link was there, or the link itself
   */
  fails(code: number, message: string, what?: 'link' | 'work'): void;
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
  let failed: 'link' | 'work' | undefined = 'link';
  return {
    get problem() {
      return problem;
    },
    works(message) {
      problem = failed = undefined;
      statusFile.works();
      heartbeats.report(operation, OK, message);
    },
    connected() {
      if (failed === 'link') this.works('connected');
    },
    alive() {
      if (problem === undefined) statusFile.works();
    },
    standsBy() {
      problem = failed = undefined;
      statusFile.works();
    },
    fails(code, message, what = 'link') {
      problem = message;
      if (failed !== 'work') failed = what;
      statusFile.fails();
      heartbeats.report(operation, code, message);
    },
  };
}
