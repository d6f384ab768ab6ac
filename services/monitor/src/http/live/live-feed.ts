import type { ServerResponse } from 'node:http';
import { type Logger, toError } from '@podips/shared';
import type { Tracker } from '../../status/tracker.js';
import type { StatusView } from '../../view/status-view.js';
import { loadAssets } from '../assets.js';
import { createPageCache } from '../page-cache.js';
import { createPageRenderer, type PageChanges } from './page-changes.js';
import { createStreams } from './streams.js';

export interface LiveFeedOptions {
  readonly view: () => StatusView;
  readonly tracker: Pick<Tracker, 'onHeartbeat' | 'onTransition'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  readonly maxClients?: number;
}

/** Sends changes to open dashboards. */
export interface LiveFeed {
  /** Something that the page shows has changed. Costs nothing without open streams. */
  changed(): void;
  /** Streams that are open. */
  readonly clients: number;
  readonly isFull: boolean;
  /** Sends the page, then its changes, to a response whose head is written. */
  add(response: ServerResponse): void;
  /** Ends all streams. */
  close(): void;
}

const MAX_CLIENTS = 2_000;
/** Changes within this time make one message. */
const PAUSE_MS = 1_000;
/** Sent without changes as well; the page treats three missing ones as a broken stream. Changes of strips come with it. */
const SIGN_OF_LIFE_MS = 4_000;

/** Renders once for all, at most once a second, and only while streams are open. */
export function createLiveFeed(options: LiveFeedOptions): LiveFeed {
  const { view, tracker, now, log, maxClients = MAX_CLIENTS } = options;
  const renderer = createPageRenderer(view, loadAssets().assets.build);
  const streams = createStreams(log);
  /** Another object whenever the whole page, or what was sent of it, may have changed. */
  let news = {};
  const whole = createPageCache({ render: () => toEvent(renderer.whole()), state: () => news, now });
  let isDirty = false;
  let pause: NodeJS.Timeout | undefined;

  function broadcast(): void {
    news = {};
    const event = render(() => Buffer.from(toEvent(renderer.changes())), log);
    if (event !== undefined) streams.writeAll(event);
  }

  /** The first change goes out at once, further ones together after the pause. */
  function send(): void {
    pause = undefined;
    if (!isDirty || streams.size === 0) return;
    isDirty = false;
    broadcast();
    pause = setTimeout(send, PAUSE_MS);
  }

  function changed(): void {
    news = {};
    if (streams.size === 0) return;
    isDirty = true;
    // After the caller: other listeners may still have to process the same change.
    pause ??= setTimeout(send, 0);
  }

  const signOfLife = setInterval(() => {
    if (streams.size > 0) broadcast();
  }, SIGN_OF_LIFE_MS).unref();
  tracker.onHeartbeat(changed);
  tracker.onTransition(changed);
  return {
    changed,
    get clients() {
      return streams.size;
    },
    get isFull() {
      return streams.size >= maxClients;
    },
    add(stream) {
      const event = streams.add(stream) ? render(whole, log) : undefined;
      if (event !== undefined) streams.write(stream, event);
    },
    close() {
      clearInterval(signOfLife);
      clearTimeout(pause);
      streams.close();
    },
  };
}

/** A page that cannot be rendered is a bug of the monitor, and must not end it. */
function render(event: () => Buffer, log: Logger): Buffer | undefined {
  try {
    return event();
  } catch (err) {
    log.error({ err: toError(err) }, 'dashboard cannot be rendered');
    return undefined;
  }
}

function toEvent(changes: PageChanges): string {
  return `data: ${JSON.stringify(changes)}\n\n`;
}
