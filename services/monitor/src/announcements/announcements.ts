import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger, pause, toError } from '@podips/shared';
import { openDocument } from '../files/document.js';
import { Type } from '../schema/type.js';
import type { Entry } from './entry.js';
import { AnnouncementsError, parseAnnouncements } from './parse-announcements.js';

/** What is announced. */
export interface Announcements {
  /** In the order of the file. */
  entries(): readonly Entry[];
  /** When the content of an entry changed last. */
  updatedMs(id: string): number | undefined;
  /** Calls the listener when the file has other entries, or cannot be used. */
  onNews(listener: () => void): void;
  /** Whether these are the entries of the file. */
  readonly isCurrent: boolean;
  /** Why the file is not followed, or its content not saved, for people to read; undefined while all is well. */
  readonly problem: string | undefined;
  stop(): Promise<void>;
}

/** Nothing is ever announced. */
export const NO_ANNOUNCEMENTS: Announcements = {
  entries: () => [],
  updatedMs: () => undefined,
  onNews: () => undefined,
  isCurrent: true,
  problem: undefined,
  stop: async () => undefined,
};

export interface AnnouncementsOptions {
  /** The file; undefined: there is none. */
  readonly path: string | undefined;
  /** The folder of the monitor's data. */
  readonly dir: string;
  readonly now: () => number;
  readonly log: Logger;
  readonly pollMs?: number;
  readonly deadlineMs?: number;
  readonly readText?: typeof readAnnouncements;
}

export const ANNOUNCEMENTS_DOCUMENT = 'announcements.json';
/** Files of ConfigMaps are replaced by links, which no watch reports everywhere. */
const POLL_MS = 5_000;
/** The most that the start waits for the file. */
const START_MS = 2_000;
/** The most that the file system may take before its silence is a problem. */
const DEADLINE_MS = 10_000;
const MAX_BYTES = 262_144;

/** The last good content of the file, and since when each entry has been as it is. */
const Saved = Type.Object({
  version: Type.Literal(1),
  text: Type.String(),
  entries: Type.Record(Type.String(), Type.Object({ hash: Type.String(), updatedMs: Type.Number() })),
});

/** Follows the file. While it cannot be used, the last good content stays, also across restarts. */
export async function openAnnouncements(options: AnnouncementsOptions): Promise<Announcements> {
  const { path, dir, now, log, pollMs = POLL_MS, deadlineMs = DEADLINE_MS } = options;
  const { readText = readAnnouncements } = options;
  if (path === undefined) return NO_ANNOUNCEMENTS;
  const listeners: (() => void)[] = [];
  let good: { text: string; entries: readonly Entry[] } = { text: '', entries: [] };
  let known: Record<string, { hash: string; updatedMs: number }> = {};
  let problem: string | undefined;
  const document = await openDocument({
    path: join(dir, ANNOUNCEMENTS_DOCUMENT),
    what: 'the last good announcements',
    schema: Saved,
    content: () => ({ version: 1 as const, text: good.text, entries: known }),
    log,
    now,
  });
  if (document.saved !== undefined) {
    known = document.saved.entries;
    good = restore(document.saved.text);
  }

  const tell = () => {
    for (const listener of listeners) listener();
  };
  const fail = (what: string, err: unknown) => {
    const stays = good.text === '' ? 'Nothing is announced' : 'The last content that was right stays in use';
    const said = `ANNOUNCEMENTS_FILE ${path} ${what}. ${stays}`;
    if (said === problem) return;
    problem = said;
    log.error({ path, err: toError(err) }, 'announcements cannot be used');
    tell();
  };
  const look = async () => {
    try {
      const { text, modifiedMs } = await readText(path);
      const isNew = text !== good.text;
      if (isNew) {
        const entries = parseAnnouncements(text);
        good = { text, entries };
        known = withChanges(known, entries, Math.min(modifiedMs, now()));
        document.changed();
        log.info({ path, entries: entries.length }, 'announcements read');
      }
      const isRepaired = problem !== undefined;
      problem = undefined;
      if (isNew || isRepaired) tell();
    } catch (err) {
      fail(describe(err), err);
    }
  };
  let isLooking = false;
  const lookOnce = async () => {
    // A file system that hangs is not asked again.
    if (isLooking) return;
    isLooking = true;
    const what = `does not answer within ${deadlineMs} ms`;
    const late = setTimeout(() => fail(what, new Error(what)), deadlineMs).unref();
    await look().catch((err: unknown) =>
      log.error({ err: toError(err) }, 'announcements cannot be followed'),
    );
    clearTimeout(late);
    isLooking = false;
  };
  // Nor does the monitor wait for it.
  const looked = new AbortController();
  await Promise.race([lookOnce().then(() => looked.abort()), pause(START_MS, looked.signal)]);
  const timer = setInterval(() => void lookOnce(), pollMs).unref();

  return {
    entries: () => good.entries,
    updatedMs: (id) => known[id]?.updatedMs,
    onNews: (listener) => void listeners.push(listener),
    get isCurrent() {
      return problem === undefined;
    },
    get problem() {
      return problem ?? document.problem ?? document.damage;
    },
    async stop() {
      clearInterval(timer);
      await document.close();
    },
  };
}

/** What an earlier run saved was good for it; a later version may know other rules. */
function restore(text: string): { text: string; entries: readonly Entry[] } {
  try {
    return { text, entries: parseAnnouncements(text) };
  } catch (err) {
    if (!(err instanceof AnnouncementsError)) throw err;
    return { text: '', entries: [] };
  }
}

/** @throws when it is no file, is too long, or cannot be read */
async function readAnnouncements(path: string): Promise<{ text: string; modifiedMs: number }> {
  // To open a pipe would otherwise wait for its writer.
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stat = await file.stat();
  if (!stat.isFile()) throw new AnnouncementsError(['it must be a file, not a folder, a pipe or a device']);
  // The file may grow meanwhile.
  const bytes = Buffer.alloc(MAX_BYTES + 1);
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  if (length > MAX_BYTES) throw new AnnouncementsError([`the file must have at most ${MAX_BYTES} bytes`]);
  return { text: bytes.toString('utf8', 0, length), modifiedMs: stat.mtimeMs };
}

/** A new entry, or one with other content, has changed when the file did. */
function withChanges(
  known: Readonly<Record<string, { hash: string; updatedMs: number }>>,
  entries: readonly Entry[],
  modifiedMs: number,
) {
  return Object.fromEntries(
    entries.map((entry) => {
      const hash = createHash('sha256').update(JSON.stringify(entry)).digest('base64url');
      const before = known[entry.id];
      return [entry.id, before?.hash === hash ? before : { hash, updatedMs: Math.floor(modifiedMs) }];
    }),
  );
}

function describe(thrown: unknown): string {
  const error = toError(thrown);
  if (error instanceof AnnouncementsError) return `is wrong: ${error.message}`;
  return `cannot be read (${'code' in error ? String(error.code) : error.message})`;
}
