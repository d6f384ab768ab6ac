import { InvalidRequestError } from '../words/request-rules.js';

/** Part of an answer: so many rows, after the one of the cursor. */
export interface Page {
  readonly limit: number;
  readonly after: string | undefined;
}

/** Most rows of an answer that asks for no other number. */
const DEFAULT_ROWS = 200;
const LIMIT = /^([1-9]\d?|[1-4]\d{2}|500)$/;
const CURSOR = /^[\w-]{1,2000}$/;

/** @throws {InvalidRequestError} */
export function parsePage({ limit, after }: Readonly<Record<'limit' | 'after', string>>): Page {
  if (limit !== '' && !LIMIT.test(limit)) throw new InvalidRequestError('limit');
  if (after !== '' && !CURSOR.test(after)) throw new InvalidRequestError('after');
  return { limit: limit === '' ? DEFAULT_ROWS : Number(limit), after: after === '' ? undefined : after };
}

/** The place of a row in the order of an answer, as one word that clients give back. */
export function toCursor(place: readonly string[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/**
 * @param checks whether a part of the place can be one, for each part
 * @throws {InvalidRequestError} when it is not one of {@link toCursor}
 */
export function fromCursor(
  cursor: string,
  checks: readonly ((part: string) => boolean)[],
): readonly string[] {
  const place = parseJson(Buffer.from(cursor, 'base64url').toString());
  const isPlace =
    Array.isArray(place) &&
    place.length === checks.length &&
    checks.every((check, index) => typeof place[index] === 'string' && check(place[index]));
  if (!isPlace) throw new InvalidRequestError('after');
  return place;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // what is no JSON is no place either
  }
}
