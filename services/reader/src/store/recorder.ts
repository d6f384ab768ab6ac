import { backoffDelayMs, type Logger, PodipsError, pause, toError } from '@podips/shared';
import type { ChangeLog } from '../changes/change-log.js';
import { type Cut, MAX_CUT_ROWS } from '../changes/cut.js';
import type { LeaseRecord } from '../changes/entry.js';
import { addressKey } from '../changes/leases.js';
import type { Ledger } from './ledger.js';

export interface RecorderDeps {
  readonly changes: ChangeLog;
  readonly ledger: Pick<Ledger, 'write'>;
  /** The fencing token that loading the ledger gave. */
  readonly term: number;
  /** How often what has come is written, in milliseconds. */
  readonly intervalMs: number;
  readonly log: Logger;
  readonly onRecorded: (cut: Cut) => void;
  readonly onFailed: (error: Error) => void;
}

/**
 * `fenced`: another reader has loaded the ledger. `reverted`: the ledger lacks what was recorded. `incomplete`: not all was
 * kept for the ledger.
 */
export type RecordingEnd = 'fenced' | 'reverted' | 'incomplete';

const REASONS: Readonly<Record<RecordingEnd, string>> = {
  fenced: 'fenced off: another reader owns the ledger',
  reverted: 'ledger went back to an earlier state; nothing is recorded until it is loaded again',
  incomplete: 'ledger backlog full; nothing is recorded until the ledger can be written',
};
const ENDS: Readonly<Record<string, RecordingEnd>> = { LEDGER_TAKEN: 'fenced', LEDGER_REVERTED: 'reverted' };

const RETRY = { baseMs: 500, capMs: 10_000 };

/**
 * The cursor that records: writes the change log to the ledger, beside the hot path. Each write is a clean cut: a
 * checkpoint, and exactly the leases and gaps up to it, all their messages durable.
 */
export class Recorder {
  readonly #deps: RecorderDeps;

  constructor(deps: RecorderDeps) {
    this.#deps = deps;
  }

  /** Records at intervals, and at once while much waits, until the signal aborts or the term has to end. */
  async run(signal: AbortSignal): Promise<RecordingEnd | undefined> {
    const { changes, intervalMs, log } = this.#deps;
    let failures = 0;
    while (!signal.aborted) {
      const outcome = await this.#write(failures === 0);
      if (outcome !== 'written' && outcome !== 'nothing' && outcome !== 'failed') return outcome;
      if (!changes.isRecordable) {
        log.error(REASONS.incomplete);
        return 'incomplete';
      }
      failures = outcome === 'failed' ? failures + 1 : 0;
      if (failures > 0) await pause(backoffDelayMs(failures - 1, RETRY), signal);
      // Much may wait behind a message that is not durable, such as restarts, which have none themselves.
      else if (outcome === 'nothing' && this.#isMuch) await pause(intervalMs, signal);
      else await this.#rest(signal);
    }
    return undefined;
  }

  /** Records what is there. For the end of a term, when nothing runs any more. */
  async flush(): Promise<void> {
    while (this.#deps.changes.cut() && (await this.#write(true)) === 'written');
  }

  /** Half of what a write may have is durable, about: without restarts there is a row for each message. */
  get #isMuch(): boolean {
    const { changes } = this.#deps;
    return changes.unrecorded - changes.undelivered >= MAX_CUT_ROWS / 2;
  }

  /** Waits for the interval, or until there is much to write. */
  async #rest(signal: AbortSignal): Promise<void> {
    const { changes, intervalMs } = this.#deps;
    const over = new AbortController();
    const ended = AbortSignal.any([signal, over.signal]);
    const untilMuch = changes.until(() => this.#isMuch, ended).catch(() => undefined); // the rest is over
    await Promise.race([pause(intervalMs, ended), untilMuch]);
    over.abort();
  }

  async #write(logsFailure: boolean): Promise<'written' | 'nothing' | 'failed' | RecordingEnd> {
    const { changes, ledger, term, log, onRecorded, onFailed } = this.#deps;
    const cut = changes.cut();
    if (cut === undefined) return 'nothing';
    try {
      await ledger.write(term, { ...cut, leases: newestOfEach(cut.leases) });
    } catch (err) {
      const error = toError(err);
      onFailed(error);
      const end = error instanceof PodipsError ? ENDS[error.code] : undefined;
      if (end) {
        log.error({ err: error }, REASONS[end]);
        changes.stopRecording();
        return end;
      }
      changes.recordingFailed();
      if (logsFailure) log.warn({ err: error }, 'ledger write failed; changes wait in memory');
      return 'failed';
    }
    changes.recorded(cut);
    onRecorded(cut);
    return 'written';
  }
}

/** One record for each lease: its end, if that is among them, says all that its start said. */
function newestOfEach(records: readonly LeaseRecord[]): LeaseRecord[] {
  const newest = new Map<string, LeaseRecord>();
  for (const record of records) {
    const key = `${record.pod.uid} ${addressKey(record)} ${record.occurrence}`;
    if (newest.get(key)?.end === undefined) newest.set(key, record);
  }
  return [...newest.values()];
}
