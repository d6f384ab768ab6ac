import {
  type Field,
  type Fields,
  LENGTH_DELIMITED,
  type Message,
  VARINT,
  type WireReader,
} from './wire-reader.js';

/** The fields of a message, by their numbers in its `.proto` file. */
export function fieldsOf(byNumber: Readonly<Record<number, Field>>): Fields {
  const fields: (Field | undefined)[] = [];
  for (const [number, field] of Object.entries(byNumber)) fields[Number(number)] = field;
  // Without holes: they would make every access slow.
  return Array.from(fields);
}

/** A string. The API server writes those that are empty as well, which its JSON leaves out. */
export function text(name: string): Field {
  return scalar(LENGTH_DELIMITED, (reader, into) => {
    const value = reader.string();
    if (value !== '') into[name] = value;
  });
}

export function bool(name: string): Field {
  return scalar(VARINT, (reader, into) => {
    into[name] = reader.bool();
  });
}

/** An int32 or an int64. */
export function integer(name: string): Field {
  return scalar(VARINT, (reader, into) => {
    into[name] = reader.integer();
  });
}

/** Bytes as they are. */
export function bytes(name: string): Field {
  return scalar(LENGTH_DELIMITED, (reader, into) => {
    into[name] = reader.bytes();
  });
}

export function message(name: string, fields: Fields): Field {
  return scalar(LENGTH_DELIMITED, (reader, into) => {
    // As the specification has it, a message that comes twice is one.
    into[name] = reader.message(fields, into[name] as Message | undefined); // nothing else writes this name
  });
}

export function messages(name: string, fields: Fields): Field {
  return scalar(LENGTH_DELIMITED, (reader, into) => listOf(into, name).push(reader.message(fields)));
}

export function manyBytes(name: string): Field {
  return scalar(LENGTH_DELIMITED, (reader, into) => listOf(into, name).push(reader.bytes()));
}

export function texts(name: string): Field {
  return scalar(LENGTH_DELIMITED, (reader, into) => listOf(into, name).push(reader.string()));
}

/** A map of strings, of which only these keys are kept. */
export function entries(name: string, keys: readonly string[]): Field {
  const wanted = new Set(keys);
  return scalar(LENGTH_DELIMITED, (reader, into) => {
    const { key, value } = reader.message(ENTRY) as { key?: string; value?: Buffer }; // see below
    if (key === undefined || !wanted.has(key)) return;
    into[name] = { ...(into[name] as Message | undefined), [key]: value?.toString('utf8') ?? '' };
  });
}

/** https://protobuf.dev/programming-guides/encoding/#maps */
const ENTRY = fieldsOf({ 1: text('key'), 2: bytes('value') });

/** meta/v1 Time, which is a Timestamp: whole seconds, as in JSON. Go's zero time is empty here, and null in JSON. */
export function time(name: string): Field {
  return scalar(LENGTH_DELIMITED, (reader, into) => {
    const fields = reader.message(TIMESTAMP) as { seconds?: number; nanos?: number }; // see below
    const isZero = fields.seconds === undefined && fields.nanos === undefined;
    into[name] = isZero ? null : new Date((fields.seconds ?? 0) * 1_000);
  });
}

const TIMESTAMP = fieldsOf({ 1: integer('seconds'), 2: integer('nanos') });

function scalar(wireType: Field['wireType'], read: (reader: WireReader, into: Message) => void): Field {
  return { wireType, read };
}

function listOf(into: Message, name: string): unknown[] {
  const list = (into[name] ?? []) as unknown[]; // nothing else writes this name
  into[name] = list;
  return list;
}
