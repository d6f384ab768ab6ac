import { readFrames, readLines } from './frames.js';
import { decodeListed, decodeObject, decodeWatchEvent } from './protobuf/objects.js';

/** How the API server writes objects, and the events of a watch. */
export interface Encoding {
  readonly name: 'JSON' | 'protobuf';
  /** An object; the reader looks at its fields by their names in JSON. @throws when the bytes are of no object */
  decode(bytes: Buffer): unknown;
  /** Decodes an item of a list. @throws as `decode` */
  decodeItem(item: unknown): unknown;
  /** Splits a watch into its events. */
  frames(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Buffer>;
  /** An event: its type and its object. @throws when the bytes are of no event */
  decodeEvent(bytes: Buffer): unknown;
}

const parse = (bytes: Buffer): unknown => JSON.parse(bytes.toString());

const JSON_ENCODING: Encoding = {
  name: 'JSON',
  decode: parse,
  decodeItem: (item) => item,
  frames: readLines,
  decodeEvent: parse,
};
const PROTOBUF: Encoding = {
  name: 'protobuf',
  decode: decodeObject,
  decodeItem: decodeListed,
  frames: readFrames,
  decodeEvent: decodeWatchEvent,
};

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding */
const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf';

/** Protobuf takes a tenth of the time; a server or a proxy that does not have it answers JSON. */
export const ACCEPT_OBJECT = `${PROTOBUF_TYPE}, application/json`;
export const ACCEPT_WATCH = `${PROTOBUF_TYPE};stream=watch, application/json`;

/** The encoding of an answer: JSON unless it says that it is protobuf. */
export function encodingOf(contentType: string): Encoding {
  return contentType.trim().toLowerCase().startsWith(PROTOBUF_TYPE) ? PROTOBUF : JSON_ENCODING;
}
