import { open, rename } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CliError, EXIT } from './exit.js';
import { describeFileError } from './file-error.js';
import type { Terminal } from './terminal.js';

/**
 * Writes to a file, or to standard output, as fast as it takes it. A file has its name only once it is complete: until then,
 * and after a failure, it is called `NAME.part`.
 * @throws {CliError} when the file cannot be written, and whatever reading throws
 */
export async function writeTo(
  file: string | undefined,
  bytes: AsyncIterable<Uint8Array>,
  { stdout, signal }: Terminal,
): Promise<void> {
  const source = Readable.from(bytes, { objectMode: false });
  if (file === undefined) return pipeline(source, stdout, { end: false, signal });
  const part = `${file}.part`;
  const handle = await open(part, 'w').catch((err) => {
    throw new CliError(EXIT.usage, `--output: ${describeFileError(file, err)}`, { cause: err });
  });
  await pipeline(source, handle.createWriteStream(), { signal });
  await rename(part, file);
}
