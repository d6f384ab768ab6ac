import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, toError } from '@podips/shared';

/** A fact that the next process in this place shall know as well, and since when it holds. */
export interface Marker {
  /** Undefined: it does not hold. */
  readonly since: Date | undefined;
  /** The earlier of two times stays. */
  set(since: Date): void;
  clear(): void;
}

export interface ReaderMarkers {
  /** Changes may be published out of order, or were not kept for the ledger, and it has no gap for it yet. */
  readonly outOfOrder: Marker;
}

/** @param dir STATUS_DIR: a restart of the container leaves it, a new pod begins with an empty one */
export function openMarkers(dir: string, log: Logger): ReaderMarkers {
  return { outOfOrder: openMarkerFile(join(dir, 'told_late'), log) };
}

/** A marker that holds while its file exists. In a folder that cannot be written it lasts as long as this process. */
export function openMarkerFile(path: string, log: Logger): Marker {
  let since = readMarker(path);
  const change = (to: Date | undefined, write: () => void) => {
    since = to;
    try {
      write();
    } catch (err) {
      log.warn({ err: toError(err), path }, 'marker file not written; it will not survive a restart');
    }
  };
  return {
    get since() {
      return since;
    },
    set(from) {
      if (since === undefined || from < since) change(from, () => writeFileSync(path, from.toISOString()));
    },
    clear() {
      if (since) change(undefined, () => rmSync(path, { force: true }));
    },
  };
}

function readMarker(path: string): Date | undefined {
  try {
    const since = new Date(readFileSync(path, 'utf8'));
    // The file of a full disk is empty.
    return Number.isNaN(since.getTime()) ? new Date() : since;
  } catch {
    return undefined; // there is none
  }
}
