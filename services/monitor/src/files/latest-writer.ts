import { type Logger, PodipsError, pause, toError } from '@podips/shared';
import { formatDuration } from '../words/format.js';

export interface LatestWriterOptions {
  /** Writes the state of that moment. */
  readonly write: () => Promise<void>;
  /** The state's name in the plural and for people: `the last heartbeats`. */
  readonly what: string;
  readonly log: Logger;
  /** Rest after a write that worked, in milliseconds: the most that a kill can lose. */
  readonly intervalMs?: number;
  /** Rest after a write that failed, in milliseconds. */
  readonly retryMs?: number;
  /** A write that takes longer counts as one that hangs, in milliseconds. */
  readonly hangMs?: number;
  /** The longest that closing waits for a write that hangs, in milliseconds. */
  readonly closeMs?: number;
}

export interface LatestWriter {
  /** Reports that the state has changed. Returns at once, never throws. */
  changed(): void;
  /** Why the newest state is not written; undefined while writing works. */
  readonly problem: string | undefined;
  /**
   * Writes once more if the state has changed; a failure is logged.
   * @throws {PodipsError} `DISK_HANGS` when the disk neither writes nor refuses the newest state in time
   */
  close(): Promise<void>;
}

/**
 * Writes a state that changes faster than the disk can write: one write at a time, always with the newest state,
 * repeated until one succeeds. However many changes there are, no more than one waits.
 */
export function createLatestWriter(options: LatestWriterOptions): LatestWriter {
  const { write, what, log, intervalMs = 200, retryMs = 5_000, hangMs = 10_000, closeMs = 3_000 } = options;
  const closing = new AbortController();
  let dirty = false;
  let problem: string | undefined;
  let writingSinceMs: number | undefined;
  let running: Promise<void> | undefined;

  const attempt = async () => {
    dirty = false;
    writingSinceMs = performance.now();
    try {
      await write();
      if (problem !== undefined) log.info({ what }, 'saving works again');
      problem = undefined;
    } catch (err) {
      if (problem === undefined) log.error({ err: toError(err), what }, 'cannot be saved');
      problem = describe(what, err);
      dirty = true;
    }
    writingSinceMs = undefined;
  };
  const run = async () => {
    while (dirty && !closing.signal.aborted) {
      await attempt();
      await pause(problem === undefined ? intervalMs : retryMs, closing.signal);
    }
    running = undefined;
  };
  const finish = async () => {
    await running;
    if (dirty) await attempt();
  };

  return {
    changed() {
      dirty = true;
      if (!closing.signal.aborted) running ??= run();
    },
    get problem() {
      const hangsMs = writingSinceMs === undefined ? 0 : performance.now() - writingSinceMs;
      if (hangsMs <= hangMs) return problem;
      return `${what} have not been saved for ${formatDuration(hangsMs)}: the disk does not answer`;
    },
    async close() {
      closing.abort();
      const finished = new AbortController();
      const isLate = pause(closeMs, finished.signal);
      await Promise.race([finish(), isLate]);
      finished.abort();
      if (await isLate)
        throw new PodipsError('DISK_HANGS', `${what} are not saved: the disk does not answer`, {
          retryable: true,
        });
    },
  };
}

/** The reason without paths: it is shown on a public page. */
function describe(what: string, err: unknown): string {
  const code = err instanceof Error && 'code' in err ? String(err.code) : 'unknown error';
  return `${what} cannot be saved (${code}); they are kept in memory only`;
}
