import { type BackoffLimits, backoffDelayMs, type Logger, pause, toError } from '@podips/shared';
import { AlertError, type Channel } from './channel.js';
import { type ChannelRecord, createChannelRecord, type SavedRecord } from './channel-record.js';
import type { Message } from './message.js';
import { mergeNotices, type Notice } from './notice.js';

export interface CourierOptions {
  readonly channel: Channel;
  readonly words: (notice: Notice) => Message;
  readonly now: () => number;
  readonly log: Logger;
  /** What is not delivered, or how the channel is doing, is another than before, and wants to be saved. */
  readonly onChange: () => void;
  readonly onDelivered: (message: Message) => void;
  /** How the channel did in an earlier run. */
  readonly before?: SavedRecord | undefined;
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

/**
 * One attempt at a time, until the channel takes the notice; after a refusal, which somebody must put right, with the
 * longest pause. At most one notice waits beside it: what comes meanwhile is merged into that, so that a channel that
 * comes back gets one message.
 */
export function createCourier(options: CourierOptions): Courier {
  const { channel, words, now, log, onChange, onDelivered, before, retry = RETRY } = options;
  const about = { channel: channel.kind, target: channel.target };
  const record = createChannelRecord(channel, now, before);
  const stopping = new AbortController();
  const aborting = new AbortController();
  let current: Notice | undefined;
  let waiting: Notice | undefined;
  let running: Promise<void> | undefined;

  const attempt = async (notice: Notice): Promise<AlertError | undefined> => {
    try {
      const message = words(notice);
      const warning = await channel.send(message, aborting.signal);
      if (warning === undefined) log.info(about, 'alert delivered');
      else log.warn({ ...about, warning }, 'alert delivered in part');
      record.succeeded(warning);
      onDelivered(message);
      return undefined;
    } catch (err) {
      const error = asAlertError(err);
      // Our own doing says nothing about the channel.
      if (aborting.signal.aborted) return error;
      if (record.failedInRow === 0) log.warn({ ...about, err: error }, 'alert not delivered');
      record.failedWith(error);
      return error;
    }
  };
  const deliverOrWait = async (notice: Notice) => {
    const error = await attempt(notice);
    if (error !== undefined && aborting.signal.aborted) return;
    if (error === undefined) current = undefined;
    onChange();
    if (error === undefined) return;
    const delayMs = error.retryable ? backoffDelayMs(record.failedInRow - 1, retry) : retry.capMs;
    await pause(Math.max(delayMs, error.retryAfterMs ?? 0), stopping.signal);
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
