import { POD, POD_LIST, STATUS, UNKNOWN, WATCH_EVENT } from './messages.js';
import { type Fields, type Message, WireError, WireReader } from './wire-reader.js';

/** The first bytes of every object: https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding */
const MAGIC = Buffer.from('k8s\0');

/** The objects of `v1` that are read. */
const KINDS: Readonly<Record<string, Fields>> = { Pod: POD, PodList: POD_LIST, Status: STATUS };

/**
 * Decodes an object of the API server to what its JSON says, as far as the reader needs it; of another kind than pods,
 * lists of them and Status nothing but the kind. Times are of class Date, `fieldsV1` has its JSON in `Raw`; for the items
 * of a list see {@link decodeListed}.
 * @throws {WireError}
 */
export function decodeObject(bytes: Buffer): Message {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC))
    throw new WireError(`an object begins with ${bytes.toString('hex', 0, 8) || 'nothing'}, not with "k8s"`);
  const envelope = new WireReader(bytes.subarray(MAGIC.length)).fields(UNKNOWN);
  const { typeMeta, raw, contentEncoding } = envelope;
  if (contentEncoding !== undefined) throw new WireError(`an object has the encoding ${contentEncoding}`);
  const { kind, apiVersion } = (typeMeta ?? {}) as Message; // of its own message
  if (kind === undefined || !(raw instanceof Buffer))
    throw new WireError(`an object has no ${kind === undefined ? 'kind' : 'content'}`);
  const fields = apiVersion === 'v1' ? KINDS[String(kind)] : undefined;
  // A list without items has no field for them.
  const object = { kind, apiVersion, ...(kind === 'PodList' && { items: [] }) };
  return fields ? new WireReader(raw).fields(fields, object) : object;
}

/**
 * Decodes an item of a list of pods.
 * @throws {WireError}
 */
export function decodeListed(item: unknown): unknown {
  return item instanceof Buffer ? new WireReader(item).fields(POD) : item;
}

/**
 * Decodes an event of a watch, in the shape of its JSON.
 * @throws {WireError}
 */
export function decodeWatchEvent(bytes: Buffer): Message {
  const { type, object } = new WireReader(bytes).fields(WATCH_EVENT);
  const { raw } = (object ?? {}) as Message; // of its own message
  return { type, object: raw instanceof Buffer ? decodeObject(raw) : undefined };
}
