import type { FastifyRequest } from 'fastify';
import type { Spool } from './spool.js';

/** Largest file; compressed it may hold ten times as much. */
export const MAX_FILE_BYTES = 64 * 1_024 * 1_024;
export const FORM_LIMITS = {
  files: 1,
  fileSize: MAX_FILE_BYTES,
  fields: 20,
  fieldSize: 2_048,
  fieldNameSize: 100,
  parts: 21,
} as const;

export interface FileForm {
  readonly fields: ReadonlyMap<string, string>;
  /** What the file is called; undefined when none was chosen. */
  readonly name: string | undefined;
  /** It is larger than {@link MAX_FILE_BYTES}; what was beyond that was not kept. */
  readonly isTooLarge: boolean;
}

/** Reads a form with a file to its end. @param spool gets the file @throws what the framework throws for a broken form */
export async function readForm(request: FastifyRequest, spool: Spool): Promise<FileForm> {
  const fields = new Map<string, string>();
  let name: string | undefined;
  let isTooLarge = false;
  for await (const part of request.parts({ limits: FORM_LIMITS })) {
    if (part.type === 'field') {
      fields.set(part.fieldname, String(part.value).trim());
      continue;
    }
    name = part.filename || undefined;
    for await (const bytes of part.file) await spool.write(bytes);
    isTooLarge = part.file.truncated;
  }
  return { fields, name, isTooLarge };
}
