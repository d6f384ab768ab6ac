import { constants } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from '@podips/shared';
import { createLatestWriter } from '../files/latest-writer.js';
import { replaceFile } from '../files/replace-file.js';

/** The journal's access to the disk. */
export interface JournalFiles {
  /** Adds to a file that exists. */
  append(path: string, text: string): Promise<void>;
  /** Replaces the whole file, or leaves the old one. */
  replace(path: string, text: string): Promise<void>;
}

export interface JournalOptions {
  readonly path: string;
  readonly log: Logger;
  /** Every line that is still needed. */
  readonly snapshot: () => readonly string[];
  /** Lines that the file has, all of them good; undefined: it must be rewritten. */
  readonly goodLines: number | undefined;
  readonly files?: JournalFiles;
  /** Rests of the writer, as {@link createLatestWriter} has them. */
  readonly rests?: { readonly intervalMs: number; readonly retryMs: number };
}

export interface Journal {
  /** Appends a line. Returns at once, never throws. */
  append(line: string): void;
  /** Why lines are not saved; undefined while writing works. */
  readonly problem: string | undefined;
  close(): Promise<void>;
}

/** Lines that wait for the disk; when there are more, the whole file is written from memory instead. */
export const MAX_WAITING_LINES = 1_000;
/** The file may have this many lines more than twice those that are still needed before it is rewritten. */
const SPARE_LINES = 2_000;

/**
 * An append-only file of lines, rewritten from memory when an append has failed, too many lines wait, or most of it is
 * obsolete. Memory is authoritative, so a slow or full disk costs nothing but durability.
 */
export function createJournal(options: JournalOptions): Journal {
  const { path, log, snapshot, files = diskFiles } = options;
  let waiting: string[] = [];
  let mustRewrite = options.goodLines === undefined;
  let lines = options.goodLines ?? 0;
  let maxLines = 2 * lines + SPARE_LINES;

  const writeAll = async () => {
    const all = snapshot();
    mustRewrite = false;
    lines = all.length;
    maxLines = 2 * lines + SPARE_LINES;
    await files.replace(path, all.join(''));
  };
  const write = async () => {
    const batch = waiting;
    waiting = [];
    try {
      if (mustRewrite || lines + batch.length > maxLines) return await writeAll();
      lines += batch.length;
      if (batch.length > 0) await files.append(path, batch.join(''));
    } catch (err) {
      mustRewrite = true;
      throw err;
    }
  };
  const writer = createLatestWriter({ what: 'transitions of the lights', log, write, ...options.rests });
  // A folder that cannot be written shows at start.
  if (mustRewrite) writer.changed();

  return {
    append(line) {
      if (waiting.length < MAX_WAITING_LINES) waiting.push(line);
      else mustRewrite = true;
      writer.changed();
    },
    get problem() {
      return writer.problem;
    },
    close: () => writer.close(),
  };
}

export const diskFiles: JournalFiles = {
  async append(path, text) {
    // Without O_CREAT: a file that vanished is rewritten with everything that it had.
    const file = await open(path, constants.O_WRONLY | constants.O_APPEND);
    try {
      await file.writeFile(text);
      await file.datasync();
    } finally {
      await file.close();
    }
  },
  async replace(path, text) {
    await mkdir(dirname(path), { recursive: true });
    await replaceFile(path, text);
  },
};
