import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, toError } from '@podips/shared';

/** Whether another reader leads, as far as this one was told. Outlives the process as long as its folder does. */
export interface RivalNote {
  readonly known: boolean;
  /** Another one leads. */
  remember(): void;
  /** This one leads. */
  forget(): void;
}

/**
 * Keeps the note in a file `standby` of a folder. In a folder that cannot be written it lasts as long as this process.
 * @param dir STATUS_DIR: a restart of the container leaves it, a new pod begins with an empty one
 */
export function openRivalNote(dir: string, log: Logger): RivalNote {
  const path = join(dir, 'standby');
  let known = existsSync(path);
  const change = (to: boolean, write: () => void) => {
    if (known === to) return;
    known = to;
    try {
      write();
    } catch (err) {
      log.warn({ err: toError(err), path }, 'a restart will not know whether another reader leads');
    }
  };
  return {
    get known() {
      return known;
    },
    remember: () => change(true, () => writeFileSync(path, '')),
    forget: () => change(false, () => rmSync(path, { force: true })),
  };
}
