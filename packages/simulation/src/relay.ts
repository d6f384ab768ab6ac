import type { Socket } from 'node:net';
import { pause } from '@podips/shared';

/** What the network does to bytes just now. */
export interface Weather {
  /** How long each chunk is held back. */
  delayMs: number;
  /** Whether bytes and ends vanish. */
  swallowing: boolean;
  readonly stopping: AbortSignal;
}

/** Passes on what one socket receives, and how it ends, to another. */
export function relay(from: Socket, to: Socket, weather: Weather): void {
  const passOn = async (bytes: Buffer) => {
    // One chunk at a time: this keeps the order and bounds what is in flight.
    from.pause();
    if (weather.delayMs > 0) await pause(weather.delayMs, weather.stopping);
    if (weather.swallowing || to.destroyed || to.write(bytes)) from.resume();
    else to.once('drain', () => from.resume());
  };
  from.on('data', (bytes) => {
    if (!weather.swallowing) void passOn(bytes);
  });
  from.on('end', () => {
    if (!weather.swallowing) to.end();
  });
  // An error is a reset: `close`, which follows it, passes it on.
  from.on('error', () => undefined);
  from.on('close', (failed) => {
    if (weather.swallowing) return;
    if (failed) to.resetAndDestroy();
    else to.destroySoon();
  });
}
