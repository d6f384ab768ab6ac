import { readFile, rename, stat } from 'node:fs/promises';
import { type Logger, toError } from '@podips/shared';
import { quarantinePath } from '../files/quarantine.js';
import { replaceFile } from '../files/replace-file.js';
import { readLine } from './journal-line.js';
import type { Timeline } from './timeline.js';

export interface LoadOptions {
  readonly path: string;
  readonly timeline: Timeline;
  readonly log: Logger;
  readonly now: () => number;
}

export interface Loaded {
  /** Lines of the file when all of it is good; undefined: it must be rewritten. */
  readonly goodLines: number | undefined;
  /** Why some of it is missing, for people to read. */
  readonly problem: string | undefined;
  /** Quarantines what could not be quarantined yet; the file must not be replaced before that. */
  readonly quarantine: (() => Promise<void>) | undefined;
}

/** A larger file was not written by the monitor. */
const MAX_FILE_BYTES = 64 * 1_024 * 1_024;

/**
 * Reads a journal into the timeline. A last line that a kill left without its end is cut off; damaged lines are
 * quarantined in a file beside it, and the rest is served.
 */
export async function loadJournal(options: LoadOptions): Promise<Loaded> {
  const { path, log, now } = options;
  const quarantine = quarantinePath(path, now());
  try {
    const stats = await stat(path);
    const { size } = stats;
    if (!stats.isFile()) throw new Error('it is no file');
    if (size > MAX_FILE_BYTES) throw new Error(`it has ${size} bytes, more than it can have`);
    return await readText(await readFile(path, 'utf8'), quarantine, options);
  } catch (err) {
    if (isMissing(err)) return { goodLines: undefined, problem: undefined, quarantine: undefined };
    log.error({ err: toError(err), path }, 'history cannot be read; starting empty');
    const pending = await attempt(log, () => renameIfPresent(path, quarantine));
    const outcome = pending === undefined ? '' : '; at the start, it could not be quarantined';
    const problem = `the history could not be read and starts empty${outcome}`;
    return { goodLines: undefined, problem, quarantine: pending };
  }
}

async function readText(text: string, quarantine: string, { timeline, log }: LoadOptions): Promise<Loaded> {
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  const damaged = lines.filter((line) => readLine(timeline, line) === 'damaged');
  const cut = last !== '' && readLine(timeline, last) === 'damaged';
  if (cut) log.info({ bytes: Buffer.byteLength(last) }, 'history: incomplete last line cut off');
  const goodLines = last === '' && damaged.length === 0 ? lines.length : undefined;
  if (damaged.length === 0) return { goodLines, problem: undefined, quarantine: undefined };
  log.error({ lines: damaged.length, quarantine }, 'history: damaged lines');
  const pending = await attempt(log, () => replaceFile(quarantine, `${damaged.join('\n')}\n`));
  const [lost, are] =
    damaged.length === 1
      ? ['1 line of the history was', 'is']
      : [`${damaged.length} lines of the history were`, 'are'];
  const outcome =
    pending === undefined ? `and ${are} quarantined` : 'and could not be quarantined at the start';
  return { goodLines, problem: `${lost} damaged ${outcome}`, quarantine: pending };
}

async function renameIfPresent(path: string, quarantine: string): Promise<void> {
  try {
    await rename(path, quarantine);
  } catch (err) {
    if (!isMissing(err)) throw err;
  }
}

/**
 * A quarantine that fails must not keep the monitor from starting.
 * @returns the quarantine when it must be tried again
 */
async function attempt(log: Logger, quarantine: () => Promise<void>): Promise<Loaded['quarantine']> {
  try {
    await quarantine();
    log.info('history: damaged part quarantined');
    return undefined;
  } catch (err) {
    log.error({ err: toError(err) }, 'history: damaged part cannot be quarantined');
    return quarantine;
  }
}

function isMissing(err: unknown): boolean {
  return err instanceof Error && 'code' in err && err.code === 'ENOENT';
}
