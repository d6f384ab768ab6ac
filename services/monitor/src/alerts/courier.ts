import { type BackoffLimits, backoffDelayMs, type Logger, pause, toError } from '@podips/shared';
import { AlertError, type Channel } from './channel.js';
import { type ChannelRecord, createChannelRecord } from './channel-record.js';
import type { Message } from './message.js';
import { mergeNotices, type Notice } from './notice.js';

export interface CourierOptions {
  readonly channel: Channel;
  readonly words: (notice: Notice) => Message;
  readonly now: () => number;
  readonly log: Logger;
  /** What is not delivered is another than before, and wants to be saved. */
  readonly onChange: () => void;
  readonly retry?: BackoffLimits;
}

/** Delivers notices through one channel, in a time of its own. */
export interface Courier {
  readonly channelId: string;
  readonly record: ChannelRecord;
  /** What has not been delivered, as one notice. */
  readonly undelivered: Notice | undefined;
  /** Takes a notice. Returns at once, never throws. */
  deliver(notice: Notice): void;
  /** Lets an attempt that is under way end, for at most `graceMs`. What is not delivered by then stays so. */
  stop(graceMs: number): Promise<void>;
}

const RETRY: BackoffLimits = { baseMs: 5_000, capMs: 300_000 };
/** Later than this, a reminder or the end of the trouble tells of it. */
const DELIVERY_DEADLINE_MS = 3_600_000;

/**
 * One attempt at a time, until the channel takes the notice, refuses it for good, or an hour has passed. At most one
 * notice waits beside it: what comes meanwhile is merged into that, so that a channel that comes back gets one message.
 */
export function createCourier(options: CourierOptions): Courier {
  const { channel, words, now, log, onChange, retry = RETRY } = options;
  const about = { channel: channel.kind, target: channel.target };
  const record = createChannelRecord(channel, now);
  const stopping = new AbortController();
  const aborting = new AbortController();
  let current: Notice | undefined;
  let waiting: Notice | undefined;
  let running: Promise<void> | undefined;

  const attempt = async (notice: Notice): Promise<AlertError | undefined> => {
    try {
      const warning = await channel.send(words(notice), aborting.signal);
      if (warning === undefined) log.info(about, 'alert delivered');
      else log.warn({ ...about, warning }, 'alert delivered in part');
      record.succeeded(warning);
      return undefined;
    } catch (err) {
      const error = asAlertError(err);
      if (record.failedInRow === 0) log.warn({ ...about, err: error }, 'alert not delivered');
      record.failedWith(error);
      return error;
    }
  };
  const deliverOrWait = async (notice: Notice) => {
    const error = await attempt(notice);
    if (error !== undefined && aborting.signal.aborted) return;
    if (error?.retryable && now() - notice.atMs < DELIVERY_DEADLINE_MS) {
      const delayMs = backoffDelayMs(record.failedInRow - 1, retry);
      await pause(Math.max(delayMs, error.retryAfterMs ?? 0), stopping.signal);
      return;
    }
    if (error !== undefined) log.error({ ...about, err: error }, 'alert given up');
    current = undefined;
    onChange();
  };
  const run = async () => {
    while (!stopping.signal.aborted) {
      current = merged(current, waiting);
      waiting = undefined;
      if (current === undefined) break;
      await deliverOrWait(current);
    }
    running = undefined;
  };

  return {
    channelId: channel.id,
    record,
    get undelivered() {
      return merged(current, waiting);
    },
    deliver(notice) {
      waiting = merged(waiting, notice);
      onChange();
      if (!stopping.signal.aborted) running ??= run();
    },
    async stop(graceMs) {
      stopping.abort();
      const timer = setTimeout(() => aborting.abort(), graceMs);
      await running;
      clearTimeout(timer);
    },
  };
}

function merged(older: Notice | undefined, newer: Notice | undefined): Notice | undefined {
  return older !== undefined && newer !== undefined ? mergeNotices(older, newer) : (newer ?? older);
}

function asAlertError(thrown: unknown): AlertError {
  if (thrown instanceof AlertError) return thrown;
  return new AlertError('ALERT_FAILED', `unexpected ${toError(thrown).name}`, { retryable: true });
}
