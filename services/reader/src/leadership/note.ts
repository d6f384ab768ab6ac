import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, toError } from '@podips/shared';

/** Something that the next process shall know as well, and since when it is so. */
export interface Note {
  /** Undefined: it is not so. */
  readonly since: Date | undefined;
  set(since: Date): void;
  clear(): void;
}

/** What a reader notes for the next one in its place. */
export interface ReaderNotes {
  /** Another reader leads, as far as this one was told. */
  readonly rival: Note;
  /** Changes were told in another order than that in which they happened, and the ledger does not have that yet. */
  readonly late: Note;
}

/** @param dir STATUS_DIR: a restart of the container leaves it, a new pod begins with an empty one */
export function openNotes(dir: string, log: Logger): ReaderNotes {
  return { rival: openNote(join(dir, 'standby'), log), late: openNote(join(dir, 'told_late'), log) };
}

/** A note that is there while its file exists. In a folder that cannot be written it lasts as long as this process. */
function openNote(path: string, log: Logger): Note {
  let since = readNote(path);
  const change = (to: Date | undefined, write: () => void) => {
    if ((since === undefined) === (to === undefined)) return;
    since = to;
    try {
      write();
    } catch (err) {
      log.warn(
        { err: toError(err), path },
        'the next reader in this place will not know what this note says',
      );
    }
  };
  return {
    get since() {
      return since;
    },
    set: (from) => change(from, () => writeFileSync(path, from.toISOString())),
    clear: () => change(undefined, () => rmSync(path, { force: true })),
  };
}

function readNote(path: string): Date | undefined {
  try {
    const since = new Date(readFileSync(path, 'utf8'));
    // The file of a full disk is empty.
    return Number.isNaN(since.getTime()) ? new Date() : since;
  } catch {
    return undefined; // there is none
  }
}
