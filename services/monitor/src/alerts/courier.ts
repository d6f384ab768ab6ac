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
  /** The undelivered notice or the result of the channel has changed and must be saved. */
  readonly onChange: () => void;
  readonly onDelivered: (message: Message) => void;
  /** The last results of the channel in an earlier run. */
  readonly before?: SavedRecord | undefined;
  readonly retry?: BackoffLimits;
  /** For how long a notice is not sent, as all that it is about is muted by now, in milliseconds; without it, 0. */
  readonly holdMs?: (notice: Notice) => number;
}

/** Delivers notices through one channel, independently of the others. */
export interface Courier {
  readonly channelId: string;
  readonly record: ChannelRecord;
  /** The undelivered notices, merged. */
  readonly undelivered: Notice | undefined;
  /** Accepts a notice. Returns at once, never throws. */
  deliver(notice: Notice): void;
  /** Waits at most `graceMs` for an attempt that is under way. Notices that are undelivered by then stay so. */
  stop(graceMs: number): Promise<void>;
}

const RETRY: BackoffLimits = { baseMs: 5_000, capMs: 300_000 };
const HOLD_MS = 10_000;

/**
 * One attempt at a time, until the channel accepts the notice; after a permanent refusal with the longest pause. At most
 * one notice waits beside it: later ones are merged into it, so that a channel that recovers gets one message.
 */
export function createCourier(options: CourierOptions): Courier {
  const {
    channel,
    words,
    now,
    log,
    onChange,
    onDelivered,
    before,
    retry = RETRY,
    holdMs = () => 0,
  } = options;
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
      else log.warn({ ...about, warning }, 'alert delivered to some recipients only');
      record.succeeded(warning);
      onDelivered(message);
      return undefined;
    } catch (err) {
      const error = asAlertError(err);
      // A stop says nothing about the channel.
      if (aborting.signal.aborted) return error;
      if (record.failedInRow === 0) log.warn({ ...about, err: error }, 'alert not delivered');
      record.failedWith(error);
      return error;
    }
  };
  const deliverOrWait = async (notice: Notice) => {
    const heldMs = holdMs(notice);
    // What is muted may change at any time.
    if (heldMs > 0) return void (await pause(Math.min(heldMs, HOLD_MS), stopping.signal));
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
