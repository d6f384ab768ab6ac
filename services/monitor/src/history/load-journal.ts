import { readFile, rename, stat } from 'node:fs/promises';
import { type Logger, toError } from '@podips/shared';
import { replaceFile } from '../files/replace-file.js';
import { asidePath } from '../files/set-aside.js';
import { takeLine } from './journal-line.js';
import type { Timeline } from './timeline.js';

export interface LoadOptions {
  readonly path: string;
  readonly timeline: Timeline;
  readonly log: Logger;
  readonly now: () => number;
}

export interface Loaded {
  /** Lines of the file when all of it is good; undefined: it must be written anew. */
  readonly goodLines: number | undefined;
  /** What was wrong with it, for people to read. */
  readonly problem: string | undefined;
}

/** A file that is larger was not written by us. */
const MAX_FILE_BYTES = 64 * 1_024 * 1_024;

/**
 * Reads a journal into the timeline. A last line that a kill left without its end is cut off; lines that are damaged
 * are put into a file beside it, and the rest is served.
 */
export async function loadJournal(options: LoadOptions): Promise<Loaded> {
  const { path, log, now } = options;
  const aside = asidePath(path, now());
  try {
    const stats = await stat(path);
    const { size } = stats;
    if (!stats.isFile()) throw new Error('it is no file');
    if (size > MAX_FILE_BYTES) throw new Error(`it has ${size} bytes, more than it can have`);
    return await takeText(await readFile(path, 'utf8'), aside, options);
  } catch (err) {
    if (err instanceof Error && 'code' in err && err.code === 'ENOENT') return NOTHING;
    log.error({ err: toError(err), path }, 'history cannot be read: starting with nothing');
    await attempt(log, () => rename(path, aside));
    return { goodLines: undefined, problem: 'the history could not be read and begins anew' };
  }
}

const NOTHING: Loaded = { goodLines: undefined, problem: undefined };

async function takeText(text: string, aside: string, { timeline, log }: LoadOptions): Promise<Loaded> {
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  const damaged = lines.filter((line) => takeLine(timeline, line) === 'damaged');
  const cut = last !== '' && takeLine(timeline, last) === 'damaged';
  if (cut)
    log.info({ bytes: Buffer.byteLength(last) }, 'history: the last line was half written and is cut off');
  if (damaged.length === 0) return { goodLines: last === '' ? lines.length : undefined, problem: undefined };
  log.error({ lines: damaged.length, aside }, 'history is damaged: lines are set aside');
  await attempt(log, () => replaceFile(aside, `${damaged.join('\n')}\n`));
  const lost =
    damaged.length === 1 ? '1 line of the history was' : `${damaged.length} lines of the history were`;
  const verb = damaged.length === 1 ? 'is' : 'are';
  return { goodLines: undefined, problem: `${lost} damaged and ${verb} set aside` };
}

/** Setting aside is for whoever wants to look; that it fails must not keep the monitor from starting. */
async function attempt(log: Logger, setAside: () => Promise<void>): Promise<void> {
  try {
    await setAside();
  } catch (err) {
    log.error({ err: toError(err) }, 'history: what is damaged cannot be set aside');
  }
}
