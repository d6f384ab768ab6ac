/** What an object of the API may hold: nothing is taken for granted of what a server sends. */
export type Fields = Readonly<Record<string, unknown>>;

/** The fields of an object; none of anything else. */
export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}; // any object has string keys
}

/** The objects of a list; none of anything else. */
export function list(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fields) : [];
}

/** A string; empty for anything else. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A string that a database can store: without the characters that PostgreSQL has no place for. Empty for anything else. */
export function storableText(value: unknown): string {
  return text(value).toWellFormed().replaceAll('\0', '');
}

/** Milliseconds since the epoch, of a time as JSON has it or as protobuf was decoded; NaN for anything else. */
export function timeMs(value: unknown): number {
  return value instanceof Date ? value.getTime() : Date.parse(text(value));
}
