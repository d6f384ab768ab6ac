import { type AnnotateOptions, FORMAT_NAMES, parseInstant, parseZone } from '@podips/annotate';
import { type LookupTerms, parseTerms } from '../lookup/lookup-question.js';
import { InvalidRequestError } from '../words/request-rules.js';

/** The fields beside the file. */
export const FILE_FIELDS = ['tz', 'ip', 'time', 'time_format', 'at', 'format', 'skew', 'cluster'] as const;
export type FileField = (typeof FILE_FIELDS)[number];
/** As they were typed. */
export type FileFields = Readonly<Record<FileField, string>>;

export interface FileOptions {
  readonly annotate: Omit<AnnotateOptions, 'ask'>;
  readonly terms: LookupTerms;
}

/**
 * Reads what a person says about a file. A field that is empty counts as missing.
 * @param nowMs milliseconds since the epoch
 * @throws {InvalidRequestError} that names the first field that is wrong
 */
export function parseFileOptions(fields: FileFields, nowMs: number): FileOptions {
  const zone = parseZone(fields.tz || 'UTC');
  if (zone === undefined)
    throw new InvalidRequestError(
      'tz',
      'tz must be a time zone such as Europe/Berlin, UTC or +01:00, and one that exists',
    );
  const format = FORMAT_NAMES.find((name) => name === fields.format);
  if (fields.format !== '' && format === undefined)
    throw new InvalidRequestError('format', `format must be one of ${FORMAT_NAMES.join(', ')}, or empty`);
  const at = fields.at === '' ? undefined : parseInstant(fields.at, nowMs, zone);
  if (fields.at !== '' && at === undefined)
    throw new InvalidRequestError(
      'at',
      'at must be a time that can be read in one way, for example 2026-01-31 14:05',
    );
  return {
    annotate: {
      zone,
      format,
      at,
      ip: listOf(fields.ip),
      time: listOf(fields.time),
      timeFormat: fields.time_format || undefined,
      nowMs,
    },
    terms: parseTerms({
      ...(fields.skew !== '' && { skew: fields.skew }),
      ...(fields.cluster !== '' && { cluster: fields.cluster }),
    }),
  };
}

function listOf(text: string): string[] | undefined {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return names.length === 0 ? undefined : names;
}
