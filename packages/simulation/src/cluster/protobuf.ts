import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';

const FILE = new URL('../../kubernetes.proto', import.meta.url);
const { root } = protobuf.parse(readFileSync(FILE, 'utf8'), { keepCase: true });

/** The first bytes of every object. */
const MAGIC = Buffer.from('k8s\0');

/** An object of the API, as its JSON says it. */
export type ApiObject = Readonly<Record<string, unknown>>;

/** Encodes a message as the API server does; fields that it does not have, or of another type, are left out. */
export function encodeMessage(name: string, json: unknown): Buffer {
  const type = root.lookupType(name);
  return Buffer.from(type.encode(toMessage(type, json)).finish());
}

/** Encodes an object of `v1`, in the envelope of all objects. */
export function encodeObject(object: ApiObject): Buffer {
  const { kind, apiVersion } = object;
  return envelope({ kind, apiVersion }, encodeMessage(String(kind), object));
}

/** A list of pods, each of which is encoded already. */
export function encodePodList(metadata: object, pods: readonly Uint8Array[]): Buffer {
  const writer = protobuf.Writer.create();
  writer.raw(encodeMessage('PodList', { metadata }));
  for (const pod of pods) writer.uint32(PODS_TAG).bytes(pod);
  return envelope({ kind: 'PodList', apiVersion: 'v1' }, writer.finish());
}

/** An event of a watch, as a frame that begins with its length. */
export function encodeEvent(type: string, object: Uint8Array): Buffer {
  return frame(encodeMessage('WatchEvent', { type, object: { raw: object } }));
}

export function encodePod(pod: Uint8Array): Buffer {
  return envelope({ kind: 'Pod', apiVersion: 'v1' }, pod);
}

/** Bytes behind their length: four bytes, the most significant first. */
export function frame(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** Field 2 of a PodList, of bytes. */
const PODS_TAG = (2 << 3) | 2;

function envelope(typeMeta: ApiObject, raw: Uint8Array): Buffer {
  // The real server writes the empty strings, too.
  return Buffer.concat([
    MAGIC,
    encodeMessage('Unknown', { typeMeta, raw, contentEncoding: '', contentType: '' }),
  ]);
}

type Fields = Record<string, unknown>;

function toMessage(type: protobuf.Type, json: unknown): Fields {
  const message: Fields = {};
  for (const [name, value] of Object.entries(asFields(json))) {
    const field = type.fields[name];
    const found = field === undefined || value === null ? undefined : toValue(field.resolve(), value);
    if (found !== undefined) message[name] = found;
  }
  return message;
}

function toValue(field: protobuf.Field, value: unknown): unknown {
  const single = (each: unknown) => toSingle(field, each);
  if (field instanceof protobuf.MapField)
    return Object.fromEntries(Object.entries(asFields(value)).map(([key, each]) => [key, single(each)]));
  if (!field.repeated) return single(value);
  return Array.isArray(value) ? value.map(single).filter((each) => each !== undefined) : undefined;
}

/** Undefined for a value of another type. */
function toSingle({ type, resolvedType }: protobuf.Field, value: unknown): unknown {
  if (resolvedType instanceof protobuf.Type) return (SPECIAL[type] ?? toMessage)(resolvedType, value);
  if (type === 'bytes') return value instanceof Uint8Array ? value : undefined;
  const found: string = typeof value;
  return found === ({ string: 'string', bool: 'boolean' }[type] ?? 'number') ? value : undefined;
}

/** Messages whose JSON is no object with the same fields. */
const SPECIAL: Readonly<Record<string, (type: protobuf.Type, json: unknown) => Fields>> = {
  Time: (_, json) => ({ seconds: Math.floor(Date.parse(String(json)) / 1_000), nanos: 0 }),
  Quantity: (_, json) => ({ string: String(json) }),
  FieldsV1: (_, json) => ({ Raw: Buffer.from(JSON.stringify(json)) }),
};

function asFields(json: unknown): Fields {
  return typeof json === 'object' && json !== null ? (json as Fields) : {}; // any object has string keys
}
