import { describe, expect, it } from 'vitest';
import { encodingOf } from '../encoding.js';
import { fields } from '../fields.js';
import { projectPod } from '../pod.js';
import { readEvent } from '../pod-stream.js';
import { decodeListed, decodeObject } from './objects.js';
import { recorded, recordedWatch } from './recorded.test.helpers.js';
import { WireError } from './wire-reader.js';

const JSON_ENCODING = encodingOf('application/json');
const PROTOBUF = encodingOf('application/vnd.kubernetes.protobuf;stream=watch');
const EVERYTHING = { secondaryNetworks: true, onMalformed: () => undefined };

const project = (object: unknown) => projectPod(object, EVERYTHING);

describe('protobuf means the same as JSON in', () => {
  it('every pod of a recorded list', () => {
    const [json, protobuf] = [JSON_ENCODING.decode(recorded('list.json')), decodeObject(recorded('list.pb'))];
    expect(fields(protobuf.metadata)).toEqual({
      resourceVersion: fields(fields(json).metadata).resourceVersion,
    });
    const [inJson, inProtobuf] = [fields(json).items, protobuf.items] as [unknown[], unknown[]]; // of a list
    expect(inProtobuf.length).toBe(9);
    expect(inProtobuf.map(decodeListed).map(project)).toEqual(inJson.map(project));
  });

  it('every event of a recorded watch', async () => {
    const [json, protobuf] = await Promise.all([recordedWatch('JSON'), recordedWatch('protobuf')]);
    expect(protobuf.length).toBeGreaterThan(100);
    expect(protobuf.map((frame) => readEvent(frame, PROTOBUF, EVERYTHING))).toEqual(
      // One bookmark came after the end of the other recording.
      json.slice(0, -1).map((line) => readEvent(line, JSON_ENCODING, EVERYTHING)),
    );
  });

  it('a pod in which Kubernetes has set every field', () => {
    const pod = project(decodeObject(recorded('every-field.pb')));
    expect(pod).toEqual(project(JSON_ENCODING.decode(recorded('every-field.json'))));
    expect(pod.times.terminationGraceSeconds).not.toBe(30);
  });
});

describe('an object in protobuf', () => {
  it('is refused wherever it is cut short', () => {
    const bytes = recorded('list.pb');
    // Behind its content an envelope has two empty strings.
    const end = bytes.length - 4;
    for (let length = 0; length < end; length += length < 100 || length > end - 100 ? 1 : 97)
      expect(() => decodeObject(bytes.subarray(0, length)), `of ${length} bytes`).toThrow(WireError);
  });

  it.each([
    ['does not begin as one', Buffer.from('<html>')],
    ['has a field without a number', Buffer.from('6b3873000200', 'hex')],
    ['has a field of another type', Buffer.from('6b3873000801', 'hex')],
    ['has a group, which Kubernetes never writes', Buffer.from('6b387300fb01', 'hex')],
    ['has a number without end', Buffer.from(`6b387300${'ff'.repeat(11)}`, 'hex')],
    ['has a value that is longer than itself', Buffer.from('6b3873000aff7f', 'hex')],
    ['is compressed', Buffer.from('6b3873001a04677a6970', 'hex')],
  ])('is refused when it %s', (_, malformed) => {
    expect(() => decodeObject(malformed)).toThrow(WireError);
  });

  it('of an unknown kind has nothing but its kind', () => {
    const typeMeta = Buffer.from('\x0a\x02v2\x12\x03Pod', 'latin1');
    const unknown = Buffer.concat([
      Buffer.from('k8s\0\x0a\x09', 'latin1'),
      typeMeta,
      Buffer.from('\x12\x00'),
    ]);
    expect(decodeObject(unknown)).toEqual({ kind: 'Pod', apiVersion: 'v2' });
  });
});
