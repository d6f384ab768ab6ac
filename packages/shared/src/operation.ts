import { type Heartbeats, OK, type Operation } from './heartbeat.js';
import type { StatusFile } from './status-file.js';

/** The code of a heartbeat about work that is done without what should save it from loss. */
const IMPAIRED = 500;

/** The state of one of the four operations, for the monitor, the liveness probe and /readyz. */
export interface OperationHealth {
  /** It did its work. */
  works(message: string): void;
  /**
   * It is connected, and so can do its work. Reported only after a failure, so that a report's age is the age of the work;
   * and not after a failure of the work itself, which a connection does not disprove.
   */
  connected(): void;
  /** Its link is proven, though there was no work. Changes nothing while the operation fails. */
  alive(): void;
  /**
   * Another process does the work, and this one is ready to: healthy, but nothing to report.
   * @param problem why it is not ready
   */
  standsBy(problem?: string): void;
  /**
   * @param code what the monitor shows: an HTTP status, or the nearest one
   * @param what whether the link failed, or the work on a link that is up
   */
  fails(code: number, message: string, what?: 'link' | 'work'): void;
  /**
   * Adds to its reports what an operator should know although it works.
   * @param key of what the text is about; another text takes its place
   * @param text undefined: there is nothing more to know of it
   */
  note(key: string, text: string | undefined): void;
  /**
   * It works, but what should save its work from loss cannot be used: reported as a failure, though the process needs no
   * restart for it. Without a problem it can be used again.
   */
  impaired(problem: string | undefined): void;
  /** Why it does not work; undefined while it does. */
  readonly problem: string | undefined;
}

/** Starts as not working, and reports nothing before the first result. */
export function trackOperation(
  operation: Operation,
  statusFile: StatusFile,
  heartbeats: Heartbeats,
): OperationHealth {
  let problem: string | undefined = 'not connected yet';
  let failed: 'link' | 'work' | undefined = 'link';
  let works = '';
  const notes = new Map<string, string>();
  let impairment: string | undefined;
  const report = () =>
    impairment === undefined
      ? // What is newest comes first: a report is cut at its end.
        heartbeats.report(operation, OK, [works, ...[...notes.values()].reverse()].join('; '))
      : heartbeats.report(operation, IMPAIRED, impairment);
  /** Whether its last report was about its work: a failure has a reason of its own, and a standby reports nothing. */
  const reportsWork = () => problem === undefined && works !== '';
  return {
    get problem() {
      return problem;
    },
    works(message) {
      problem = failed = undefined;
      works = message;
      statusFile.works();
      report();
    },
    connected() {
      if (failed === 'link') this.works('connected');
    },
    alive() {
      if (problem === undefined) statusFile.works();
    },
    standsBy(reason) {
      problem = reason;
      works = '';
      failed = reason === undefined ? undefined : 'link';
      if (reason === undefined) statusFile.works();
    },
    note(key, text) {
      if (notes.get(key) === text) return;
      if (text === undefined) notes.delete(key);
      else notes.set(key, text);
      if (reportsWork()) report();
    },
    impaired(reason) {
      if (reason === impairment) return;
      impairment = reason;
      if (reportsWork()) report();
    },
    fails(code, message, what = 'link') {
      problem = message;
      if (failed !== 'work') failed = what;
      statusFile.fails();
      heartbeats.report(operation, code, message);
    },
  };
}
