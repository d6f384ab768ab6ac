import { isDeepStrictEqual } from 'node:util';
import { encodeEvent, encodeMessage, encodePod, encodePodList } from '@podips/simulation';
import fc from 'fast-check';
import { expect, inject, it } from 'vitest';
import { encodingOf } from '../encoding.js';
import { fields } from '../fields.js';
import { PodError, projectPod } from '../pod.js';
import { readEvent } from '../pod-stream.js';
import { decodeListed, decodeObject } from './objects.js';
import { POD } from './pods.test.helpers.js';
import { recorded, recordedWatch } from './recorded.test.helpers.js';
import { WireError } from './wire-reader.js';

const PROTOBUF = encodingOf('application/vnd.kubernetes.protobuf;stream=watch');
const EVERYTHING = { secondaryNetworks: true, onMalformed: () => undefined };
const GENERATED_PODS = 10_000;
/** Ten seconds on a machine that has nothing else to do. */
const GENERATION_TIMEOUT_MS = 300_000;
const LENGTH_PREFIX = 4;

const project = (object: unknown) => projectPod(object, EVERYTHING);
/** The bytes of a pod that is written by another implementation. */
const encode = (pod: object) => encodeMessage('Pod', pod);
const decode = (pod: Buffer) => project(decodeObject(encodePod(pod)));

it('10,000 generated pods mean the same in protobuf as in JSON', { timeout: GENERATION_TIMEOUT_MS }, () => {
  const pods = fc.sample(POD, { numRuns: GENERATED_PODS, seed: 1 });
  for (const pod of pods) {
    const [inProtobuf, inJson] = [decode(encode(pod)), project(JSON.parse(JSON.stringify(pod)))];
    // Vitest's own comparison of them all takes a quarter of a minute.
    if (!isDeepStrictEqual(inProtobuf, inJson)) expect(inProtobuf).toStrictEqual(inJson);
  }
  const list = decodeObject(encodePodList({ resourceVersion: '5', continue: 'next' }, pods.map(encode)));
  expect(list.metadata).toEqual({ resourceVersion: '5', continue: 'next' });
  expect(list.items).toHaveLength(GENERATED_PODS);
});

it('fields that a later version has change nothing, wherever they are', () => {
  const unknown = fc
    .tuple(fc.integer({ min: 100, max: 2 ** 29 - 1 }), fc.constantFrom(0, 1, 2, 5), fc.uint8Array())
    .map(([number, wireType, content]) => fieldOf(number, wireType, content));
  fc.assert(
    fc.property(POD, fc.array(unknown), fc.constantFrom(0, 1, 2, 3), (pod, added, number) => {
      const more = Buffer.concat(added);
      // 1 to 3: within metadata, spec or status, of which a second part comes.
      const later = number === 0 ? more : fieldOf(number, 2, more);
      const known = encode(pod);
      const expected = decode(
        Buffer.concat([known, number === 0 ? Buffer.of() : fieldOf(number, 2, Buffer.of())]),
      );
      expect(decode(Buffer.concat([known, later]))).toStrictEqual(expected);
    }),
    { numRuns: inject('propertyRuns') },
  );
});

it('bytes that were changed or cut are an error of protobuf, or pods still', async () => {
  const frames = await recordedWatch('protobuf');
  const list = recorded('list.pb');
  const change = fc.record({ at: fc.nat(), to: fc.nat(255), cut: fc.option(fc.nat()) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), fc.nat(), (changes, index) => {
      expectNoOtherError(() => decodeObject(corrupt(list, changes)));
      const event = readEvent(corrupt(frames[index % frames.length] ?? list, changes), PROTOBUF, EVERYTHING);
      expect(['added', 'modified', 'deleted', 'bookmark', 'skipped', 'unreadable']).toContain(event.type);
    }),
    { numRuns: inject('propertyRuns') },
  );
});

it('an event that was cut anywhere is unreadable, and never another pod', () => {
  fc.assert(
    fc.property(POD, fc.nat(), (pod, at) => {
      const frame = encodeEvent('MODIFIED', encodePod(encode(pod))).subarray(LENGTH_PREFIX);
      const event = readEvent(frame.subarray(0, at % frame.length), PROTOBUF, EVERYTHING);
      // The type comes before the object: an event that ends behind it has none.
      expect(event.type === 'unreadable' || (event.type === 'skipped' && at % frame.length < 12)).toBe(true);
    }),
    { numRuns: inject('propertyRuns') },
  );
});

it('any bytes are an error, and nothing hangs', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
      expectNoOtherError(() => decodeObject(Buffer.concat([Buffer.from('k8s\0'), bytes])));
    }),
    { numRuns: inject('propertyRuns') },
  );
});

function expectNoOtherError(decoding: () => unknown): void {
  try {
    for (const item of itemsOf(decoding())) project(decodeListed(item));
  } catch (err) {
    // A SyntaxError is of the JSON in `fieldsV1`.
    if (![WireError, PodError, SyntaxError].some((expected) => err instanceof expected)) throw err;
  }
}

function itemsOf(list: unknown): readonly unknown[] {
  const { items } = fields(list);
  return Array.isArray(items) ? items : [];
}

interface Change {
  readonly at: number;
  readonly to: number;
  readonly cut: number | null;
}

function corrupt(bytes: Buffer, changes: readonly Change[]): Buffer {
  let corrupted = Buffer.from(bytes);
  for (const { at, to, cut } of changes) {
    if (corrupted.length > 0) corrupted[at % corrupted.length] = to;
    if (cut !== null) corrupted = corrupted.subarray(0, cut % (corrupted.length + 1));
  }
  return corrupted;
}

function fieldOf(number: number, wireType: number, content: Uint8Array): Buffer {
  const tag = varint(number * 8 + wireType);
  if (wireType === 0) return Buffer.concat([tag, varint(content.length)]);
  if (wireType === 2) return Buffer.concat([tag, varint(content.length), content]);
  return Buffer.concat([tag, Buffer.alloc(wireType === 1 ? 8 : 4, content[0] ?? 0)]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
  return Buffer.from([...bytes, value]);
}
