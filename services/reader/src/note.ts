import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, toError } from '@podips/shared';

/** Something that is so or not, and that the next process shall know as well. */
export interface Note {
  readonly isSet: boolean;
  set(): void;
  clear(): void;
}

/** What a reader notes for the next one in its place. */
export interface ReaderNotes {
  /** Another reader leads, as far as this one was told. */
  readonly rival: Note;
  /** Changes were told without the ledger, which does not have them yet. */
  readonly toldWithoutLedger: Note;
}

/** @param dir STATUS_DIR: a restart of the container leaves it, a new pod begins with an empty one */
export function openNotes(dir: string, log: Logger): ReaderNotes {
  return {
    rival: openNote(join(dir, 'standby'), log),
    toldWithoutLedger: openNote(join(dir, 'without_ledger'), log),
  };
}

/** A note that is set while its file exists. In a folder that cannot be written it lasts as long as this process. */
function openNote(path: string, log: Logger): Note {
  let isSet = existsSync(path);
  const change = (to: boolean, write: () => void) => {
    if (isSet === to) return;
    isSet = to;
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
    get isSet() {
      return isSet;
    },
    set: () => change(true, () => writeFileSync(path, '')),
    clear: () => change(false, () => rmSync(path, { force: true })),
  };
}
