import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger, toError } from '@podips/shared';
import { createLatestWriter } from '../files/latest-writer.js';
import { replaceFile } from '../files/replace-file.js';
import { setAside } from '../files/set-aside.js';
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
  const loaded = await load(path, options);
  let { statuses } = loaded;
  const writer = createLatestWriter({
    what: WHAT,
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
    damage: loaded.damage,
    close: () => writer.close(),
  };
}

const WHAT = 'the last heartbeats';

interface Loaded {
  readonly statuses: Statuses;
  /** What was wrong with the file, for people to read. */
  readonly damage: string | undefined;
}

async function load(path: string, { log, now }: StatusStoreOptions): Promise<Loaded> {
  try {
    return { statuses: parseDocument(await readFile(path, 'utf8')), damage: undefined };
  } catch (err) {
    const damage = isMissing(err)
      ? undefined
      : setAside({ path, what: WHAT, reason: toError(err), nowMs: now() }, log);
    return { statuses: latestOf([]), damage };
  }
}

function isMissing(err: unknown): boolean {
  return err instanceof Error && 'code' in err && err.code === 'ENOENT';
}
