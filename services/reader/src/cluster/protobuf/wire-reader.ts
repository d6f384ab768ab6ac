import { PodipsError } from '@podips/shared';

/** Bytes that are no protobuf, or another message than the one that was expected. */
export class WireError extends PodipsError {
  constructor(message: string, cause?: unknown) {
    super('WIRE_MALFORMED', message, { cause });
  }
}

/** How a field's value is written: https://protobuf.dev/programming-guides/encoding/#structure */
export const VARINT = 0;
export const LENGTH_DELIMITED = 2;
const FIXED64 = 1;
const FIXED32 = 5;

/** The fields of a message that have been read, by their names in JSON. */
export type Message = Record<string, unknown>;

export interface Field {
  readonly wireType: typeof VARINT | typeof LENGTH_DELIMITED;
  /** Reads one value, and puts it in its place. */
  read(reader: WireReader, into: Message): void;
}

/** The fields of a message that are read, by their numbers; all others are skipped. */
export type Fields = readonly (Field | undefined)[];

const LONGEST_VARINT = 10;

/** Reads messages in protobuf's wire format; nothing is copied but what is asked for. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;
  /** The end of the message that is being read. */
  #end: number;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  /** Reads the fields up to the end of the message. @throws {WireError} */
  fields(fields: Fields, into: Message = {}): Message {
    while (this.#at < this.#end) {
      const tag = this.integer();
      const number = Math.floor(tag / 8);
      const wireType = tag & 7;
      if (number < 1) throw new WireError(`a field has the number ${number}`);
      const field = fields[number];
      if (field === undefined) this.#skip(wireType);
      else if (field.wireType === wireType) field.read(this, into);
      else throw new WireError(`field ${number} has the wire type ${wireType}, not ${field.wireType}`);
    }
    return into;
  }

  /** Reads a message within this one. */
  message(fields: Fields, into: Message = {}): Message {
    const end = this.#end;
    this.#end = this.#valueEnd();
    this.fields(fields, into);
    this.#end = end;
    return into;
  }

  string(): string {
    const start = this.#valueStart();
    return this.#bytes.toString('utf8', start, this.#at);
  }

  /** The bytes themselves, not a copy: they live as long as what they are a part of. */
  bytes(): Buffer {
    const start = this.#valueStart();
    return this.#bytes.subarray(start, this.#at);
  }

  bool(): boolean {
    return this.integer() !== 0;
  }

  /** A signed integer of 32 or 64 bits; beyond 2^53 not exactly. */
  integer(): number {
    // Nearly all are of one byte: tags, and lengths.
    const first = this.#byte();
    if (first < 0x80) return first;
    this.#at -= 1;
    let low = 0;
    let high = 0;
    for (let count = 0; count < LONGEST_VARINT; count += 1) {
      const byte = this.#byte();
      const bits = byte & 0x7f;
      const shift = count * 7;
      if (shift < 32) low |= bits << shift;
      if (shift === 28) high = bits >> 4;
      else if (shift > 28) high |= bits << (shift - 32);
      if (byte < 0x80) return high * 2 ** 32 + (low >>> 0);
    }
    throw new WireError(`a number is longer than ${LONGEST_VARINT} bytes`);
  }

  #byte(): number {
    const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined;
    if (byte === undefined) throw new WireError('a message ends within a number');
    this.#at += 1;
    return byte;
  }

  /** The end of a value that begins with its length. */
  #valueEnd(): number {
    const length = this.integer();
    const end = this.#at + length;
    if (length < 0 || end > this.#end)
      throw new WireError(`a value of ${length} bytes is in a message that has ${this.#end - this.#at} more`);
    return end;
  }

  /** The start of a value that is read to its end. */
  #valueStart(): number {
    const end = this.#valueEnd();
    const start = this.#at;
    this.#at = end;
    return start;
  }

  #skip(wireType: number): void {
    if (wireType === VARINT) this.integer();
    else if (wireType === LENGTH_DELIMITED) this.#valueStart();
    else if (wireType === FIXED64) this.#pass(8);
    else if (wireType === FIXED32) this.#pass(4);
    else throw new WireError(`a field has the wire type ${wireType}`);
  }

  #pass(length: number): void {
    if (this.#at + length > this.#end) throw new WireError('a message ends within a number');
    this.#at += length;
  }
}
