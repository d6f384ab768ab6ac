import type { Socket } from 'node:net';
import { pause } from '@podips/shared';

/** The behaviour of the network at the moment. */
export interface Weather {
  /** How long each chunk is held back. */
  delayMs: number;
  /** Chunks that were held back so far. */
  delayed: number;
  /** Whether bytes and ends vanish. */
  swallowing: boolean;
  /** The answers to bytes that are not passed on. */
  readonly answers: PlannedAnswer[];
  readonly stopping: AbortSignal;
}

/** An answer to the next bytes that match. */
export interface PlannedAnswer {
  readonly request: RegExp;
  readonly answer: string;
}

/** Answers a client in the place of the server, if that is planned for these bytes, and ends both connections. */
export function answerInstead(client: Socket, upstream: Socket, weather: Weather, bytes: Buffer): boolean {
  const text = bytes.toString('latin1');
  const index = weather.answers.findIndex(({ request }) => request.test(text));
  const [planned] = index === -1 ? [] : weather.answers.splice(index, 1);
  if (planned === undefined) return false;
  client.end(planned.answer);
  upstream.resetAndDestroy();
  return true;
}

/**
 * Passes on what one socket receives, and how it ends, to another.
 * @param taken says whether bytes were dealt with otherwise
 */
export function relay(from: Socket, to: Socket, weather: Weather, taken: (bytes: Buffer) => boolean): void {
  const passOn = async (bytes: Buffer) => {
    // One chunk at a time: this keeps the order and bounds what is in flight.
    from.pause();
    if (weather.delayMs > 0) {
      weather.delayed += 1;
      await pause(weather.delayMs, weather.stopping);
    }
    if (weather.swallowing || to.destroyed || to.write(bytes)) from.resume();
    else to.once('drain', () => from.resume());
  };
  from.on('data', (bytes) => {
    if (!weather.swallowing && !taken(bytes)) void passOn(bytes);
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
