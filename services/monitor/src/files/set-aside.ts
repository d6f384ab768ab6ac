import { renameSync } from 'node:fs';
import { type Logger, toError } from '@podips/shared';

export interface DamagedFile {
  readonly path: string;
  /** What is in it, in the plural and for people: `the last heartbeats`. */
  readonly what: string;
  readonly reason: Error;
  readonly nowMs: number;
}

/** The name under which a damaged file, or a part of one, is kept for whoever wants to look. */
export function asidePath(path: string, nowMs: number): string {
  return `${path}.damaged-${new Date(nowMs).toISOString().replaceAll(':', '-')}`;
}

/**
 * Renames a file that cannot be read; when that fails, too, it is logged. For starts: it waits for the disk.
 * @returns what happened, for people to read
 */
export function setAside({ path, what, reason, nowMs }: DamagedFile, log: Logger): string {
  const aside = asidePath(path, nowMs);
  try {
    renameSync(path, aside);
    log.warn({ err: reason, aside }, 'file is damaged: set aside, starting with nothing');
    return `${what} could not be read and begin anew; the damaged file is set aside`;
  } catch (err) {
    log.warn({ err: reason, renameErr: toError(err), path }, 'file cannot be read nor set aside');
    return `${what} could not be read and begin anew`;
  }
}
