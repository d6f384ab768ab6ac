import { type Logger, toError } from '@podips/shared';
import { asidePath } from '../files/set-aside.js';
import type { JournalFiles } from './journal.js';
import { formatTurn } from './journal-line.js';
import type { DatedSpan } from './timeline.js';

export interface Aside {
  /** Takes what is no longer part of the history. Returns at once, never throws. */
  take(spans: readonly DatedSpan[], nowMs: number): void;
  /** What was taken, for people to read. */
  readonly problem: string | undefined;
  /** Waits for files that are being written. */
  close(): Promise<void>;
}

export interface AsideOptions {
  /** The file of the history. */
  readonly path: string;
  readonly files: Pick<JournalFiles, 'replace'>;
  readonly log: Logger;
}

/** Keeps changes of lights that a wrong clock has dated in the future, in files beside the history. */
export function createAside({ path, files, log }: AsideOptions): Aside {
  let count = 0;
  let writing: Promise<void> = Promise.resolve();
  return {
    take(spans, nowMs) {
      if (spans.length === 0) return;
      count += spans.length;
      const aside = asidePath(path, nowMs);
      log.warn({ lines: spans.length, aside }, 'history: a wrong clock dated lines in the future: set aside');
      const text = spans.map((span) => formatTurn(span.operation, span)).join('');
      writing = writing
        .then(() => files.replace(aside, text))
        .catch((err: unknown) => log.error({ err: toError(err) }, 'history: they cannot be set aside'));
    },
    get problem() {
      if (count === 0) return undefined;
      const what = count === 1 ? '1 change of a light was' : `${count} changes of lights were`;
      return `${what} dated in the future by a wrong clock and set aside`;
    },
    close: () => writing,
  };
}
