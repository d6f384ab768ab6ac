import { type Logger, pause, toError } from '@podips/shared';
import { AlertError } from './channel.js';
import { type ChannelView, createChannelRecord } from './channel-record.js';
import type { AlertSettings } from './settings.js';
import { type Fetch, request } from './webhook-channel.js';

export interface DeadmanOptions {
  readonly settings: NonNullable<AlertSettings['deadman']>;
  readonly allGreen: () => boolean;
  readonly fetch: Fetch;
  readonly now: () => number;
  readonly log: Logger;
}

export interface Deadman {
  view(): ChannelView;
  stop(): Promise<void>;
}

/**
 * Calls a URL while all lights are green, so that an external service that expects the calls notices when they stop:
 * because of a transition, or because the monitor itself is down.
 */
export function startDeadman({ settings, allGreen, fetch, now, log }: DeadmanOptions): Deadman {
  const { url, intervalMs } = settings;
  const about = { kind: 'dead-man’s ping', target: new URL(url).host };
  const record = createChannelRecord(about, now);
  const stopping = new AbortController();

  const call = async () => {
    try {
      await request(fetch, url, stopping.signal, { method: 'GET' });
      if (record.failedInRow > 0) log.info(about, 'dead-man’s ping works again');
      record.succeeded();
    } catch (err) {
      if (stopping.signal.aborted) return;
      if (!(err instanceof AlertError)) throw err;
      if (record.failedInRow === 0) log.warn({ ...about, err }, 'dead-man’s ping failed');
      record.failedWith(err);
    }
  };
  const run = async () => {
    while (!stopping.signal.aborted) {
      if (allGreen()) await call();
      await pause(intervalMs, stopping.signal);
    }
  };
  const running = run().catch((err: unknown) => log.error({ err: toError(err) }, 'dead-man’s ping stopped'));
  return {
    view: record.view,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
