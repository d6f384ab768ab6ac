import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Logger, toError } from '@podips/shared';
import type { Static, TSchema } from 'typebox';
import { fits } from '../schema/check.js';
import { createLatestWriter } from './latest-writer.js';
import { quarantineFile } from './quarantine.js';
import { replaceFile } from './replace-file.js';

export interface DocumentOptions<S extends TSchema> {
  readonly path: string;
  /** Its content in the plural and for people: `the last heartbeats`. */
  readonly what: string;
  readonly schema: S;
  /** The content at the moment of a save. */
  readonly content: () => Static<S>;
  readonly log: Logger;
  readonly now: () => number;
  /** Rest after a save, in milliseconds: the most that a kill can lose. */
  readonly intervalMs?: number;
}

/** A JSON file with a schema. */
export interface Document<T> {
  /** The content that an earlier run saved; undefined: there was none that could be read. */
  readonly saved: T | undefined;
  /** Reports that the content has changed. Returns at once, never throws. */
  changed(): void;
  /** Why the newest content is not saved, for people to read; undefined while saving works. */
  readonly problem: string | undefined;
  /** Why an earlier run's content could not be read, for people to read. */
  readonly damage: string | undefined;
  /** Saves what is not saved yet. */
  close(): Promise<void>;
}

/**
 * Opens a document. Each save replaces the whole file, so that a kill leaves an older or a newer one but never half of
 * one. A file that cannot be read, or that does not fit the schema, is quarantined.
 */
export async function openDocument<S extends TSchema>(
  options: DocumentOptions<S>,
): Promise<Document<Static<S>>> {
  const { path, what, content, log, intervalMs } = options;
  const { saved, damage } = await load(options);
  const writer = createLatestWriter({
    what,
    log,
    ...(intervalMs === undefined ? {} : { intervalMs }),
    async write() {
      // The folder may vanish and come back with its volume.
      await mkdir(dirname(path), { recursive: true });
      await replaceFile(path, `${JSON.stringify(content(), null, 2)}\n`);
    },
  });
  return {
    saved,
    changed: writer.changed,
    get problem() {
      return writer.problem;
    },
    damage,
    close: writer.close,
  };
}

async function load<S extends TSchema>({ path, what, schema, log, now }: DocumentOptions<S>) {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (fits(schema, value)) return { saved: value, damage: undefined };
    throw new Error('the text is JSON, but not of the expected form');
  } catch (err) {
    if (err instanceof Error && 'code' in err && err.code === 'ENOENT')
      return { saved: undefined, damage: undefined };
    const damage = await quarantineFile({ path, what, reason: toError(err), nowMs: now() }, log);
    return { saved: undefined, damage };
  }
}
