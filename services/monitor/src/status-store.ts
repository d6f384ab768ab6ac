import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger, toError } from '@podips/shared';
import { createLatestWriter } from './latest-writer.js';
import { replaceFile } from './replace-file.js';
import { formatDocument, parseDocument } from './status-document.js';
import { latestOf, type Statuses, type StatusStore } from './statuses.js';

export const STATUS_FILE = 'statuses.json';

export interface StatusStoreOptions {
  readonly dir: string;
  readonly log: Logger;
  readonly now: () => number;
}

/**
 * Keeps the last heartbeats in one JSON file, replaced as a whole so that a kill leaves an older or a newer file but
 * never half of one. A file that is damaged is set aside, and the store starts with nothing.
 */
export async function openStatusStore(options: StatusStoreOptions): Promise<StatusStore> {
  const { dir, log } = options;
  const path = join(dir, STATUS_FILE);
  let statuses = await load(path, options);
  const writer = createLatestWriter({
    what: 'the last heartbeats',
    log,
    async write() {
      // The folder may vanish and come back with its volume.
      await mkdir(dir, { recursive: true });
      await replaceFile(path, formatDocument(statuses));
    },
  });
  // A folder that cannot be written shows at start, not at the first heartbeat.
  writer.changed();
  return {
    latest: () => statuses,
    record(heartbeat) {
      statuses = { ...statuses, [heartbeat.operation]: heartbeat };
      writer.changed();
    },
    get problem() {
      return writer.problem;
    },
    close: () => writer.close(),
  };
}

async function load(path: string, { log, now }: StatusStoreOptions): Promise<Statuses> {
  try {
    return parseDocument(await readFile(path, 'utf8'));
  } catch (err) {
    if (!isMissing(err)) await setAside(path, toError(err), now(), log);
    return latestOf([]);
  }
}

async function setAside(path: string, reason: Error, nowMs: number, log: Logger): Promise<void> {
  const aside = `${path}.damaged-${new Date(nowMs).toISOString().replaceAll(':', '-')}`;
  try {
    await rename(path, aside);
    log.warn({ err: reason, aside }, 'status file is damaged: set aside, starting with nothing');
  } catch (err) {
    log.warn({ err: reason, renameErr: toError(err), path }, 'status file cannot be read nor set aside');
  }
}

function isMissing(err: unknown): boolean {
  return err instanceof Error && 'code' in err && err.code === 'ENOENT';
}
