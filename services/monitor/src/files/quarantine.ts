import { rename } from 'node:fs/promises';
import { type Logger, toError } from '@podips/shared';

export interface DamagedFile {
  readonly path: string;
  /** Its content in the plural and for people: `the last heartbeats`. */
  readonly what: string;
  readonly reason: Error;
  readonly nowMs: number;
}

/** The name under which a damaged file, or a part of one, is kept for inspection. */
export function quarantinePath(path: string, nowMs: number): string {
  return `${path}.damaged-${new Date(nowMs).toISOString().replaceAll(':', '-')}`;
}

/**
 * Renames a file that cannot be read; if that fails too, the failure is logged.
 * @returns what happened, for people to read
 */
export async function quarantineFile(
  { path, what, reason, nowMs }: DamagedFile,
  log: Logger,
): Promise<string> {
  const quarantine = quarantinePath(path, nowMs);
  try {
    await rename(path, quarantine);
    log.warn({ err: reason, quarantine }, 'damaged file quarantined; starting without it');
    return `${what} could not be read and start empty; the damaged file is quarantined`;
  } catch (err) {
    log.warn({ err: reason, renameErr: toError(err), path }, 'file can be neither read nor quarantined');
    return `${what} could not be read and start empty`;
  }
}
