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
    if (err instanceof Error && 'code' in err && err.code === 'ENOENT') return NOTHING;
    log.error({ err: toError(err), path }, 'history cannot be read; starting empty');
    await attempt(log, () => rename(path, quarantine));
    return { goodLines: undefined, problem: 'the history could not be read and starts empty' };
  }
}

const NOTHING: Loaded = { goodLines: undefined, problem: undefined };

async function readText(text: string, quarantine: string, { timeline, log }: LoadOptions): Promise<Loaded> {
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  const damaged = lines.filter((line) => readLine(timeline, line) === 'damaged');
  const cut = last !== '' && readLine(timeline, last) === 'damaged';
  if (cut) log.info({ bytes: Buffer.byteLength(last) }, 'history: incomplete last line cut off');
  if (damaged.length === 0) return { goodLines: last === '' ? lines.length : undefined, problem: undefined };
  log.error({ lines: damaged.length, quarantine }, 'history: damaged lines quarantined');
  await attempt(log, () => replaceFile(quarantine, `${damaged.join('\n')}\n`));
  const lost =
    damaged.length === 1 ? '1 line of the history was' : `${damaged.length} lines of the history were`;
  const verb = damaged.length === 1 ? 'is' : 'are';
  return { goodLines: undefined, problem: `${lost} damaged and ${verb} quarantined` };
}

/** A quarantine that fails must not keep the monitor from starting. */
async function attempt(log: Logger, quarantine: () => Promise<void>): Promise<void> {
  try {
    await quarantine();
  } catch (err) {
    log.error({ err: toError(err) }, 'history: damaged part cannot be quarantined');
  }
}
