import { rename, writeFile } from 'node:fs/promises';

/**
 * Replaces a file atomically: after any failure, `path` holds the old text or the new. The write-file-atomic package does not promise
 * that: on a disk that fills up in the middle of a write it puts the part that was written in place.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const next = `${path}.new`;
  await writeFile(next, text, { flush: true });
  await rename(next, path);
}
