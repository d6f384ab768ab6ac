import type { AlertingView } from '../view/status-view.js';
import type { AlertError } from './channel.js';

export type ChannelView = AlertingView['channels'][number];

/** The results of a channel that survive a restart. */
export type SavedRecord = Pick<ChannelView, 'lastSuccessAt' | 'lastFailureAt' | 'error'>;

/** The results of a channel, for the page and the metrics. */
export interface ChannelRecord {
  /** Attempts that succeeded, and that failed, since the start. */
  readonly sent: number;
  readonly failed: number;
  /** Attempts that failed since the last success. */
  readonly failedInRow: number;
  /** @param warning a problem in spite of the success */
  succeeded(warning?: string): void;
  failedWith(error: AlertError): void;
  view(): ChannelView;
}

export function createChannelRecord(
  { kind, target }: Pick<ChannelView, 'kind' | 'target'>,
  now: () => number,
  before: SavedRecord = { lastSuccessAt: null, lastFailureAt: null, error: null },
): ChannelRecord {
  let sent = 0;
  let failed = 0;
  let failedInRow = 0;
  let { lastSuccessAt, lastFailureAt, error: problem } = before;
  const time = () => new Date(now()).toISOString();
  return {
    get sent() {
      return sent;
    },
    get failed() {
      return failed;
    },
    get failedInRow() {
      return failedInRow;
    },
    succeeded(warning) {
      sent += 1;
      failedInRow = 0;
      lastSuccessAt = time();
      problem = warning ?? null;
      if (warning !== undefined) lastFailureAt = lastSuccessAt;
    },
    failedWith({ message }) {
      failed += 1;
      failedInRow += 1;
      lastFailureAt = time();
      problem = message;
    },
    view: () => ({ kind, target, lastSuccessAt, lastFailureAt, error: problem }),
  };
}
