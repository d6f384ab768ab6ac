import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Holds an upload on disk, because a browser reads no answer before it has sent all of the file. It has no name any more as
 * soon as it is open, so nothing of it is left however the process ends.
 */
export interface Spool {
  write(bytes: Uint8Array): Promise<void>;
  /** What was written, from its beginning. To be called once. */
  read(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** @param dir of the monitor @throws when it cannot be written there */
export async function openSpool(dir: string): Promise<Spool> {
  const path = join(dir, `upload-${randomUUID()}`);
  const file: FileHandle = await open(path, 'wx+', 0o600);
  await unlink(path);
  return {
    async write(bytes) {
      await file.appendFile(bytes);
    },
    read: () => createReadStream('', { fd: file, start: 0, autoClose: false }),
    close: () => file.close(),
  };
}
