import { describe, expect, it } from 'vitest';
import { encodingOf } from './encoding.js';
import { KubeError } from './kube-client.js';
import { readEvent } from './pod-stream.js';

const parseEvent = (line: string) => readEvent(Buffer.from(line), encodingOf('application/json'));
const POD = { metadata: { uid: 'u', name: 'n', namespace: 'ns', resourceVersion: '7' } };

describe('an event of a watch in JSON', () => {
  it.each([
    ['ADDED', 'added'],
    ['MODIFIED', 'modified'],
    ['DELETED', 'deleted'],
  ])('takes %s as a pod that was %s', (type, meaning) => {
    expect(parseEvent(JSON.stringify({ type, object: POD }))).toMatchObject({
      type: meaning,
      resourceVersion: '7',
      pod: { uid: 'u' },
    });
  });

  it('takes the resource version of a bookmark', () => {
    const object = { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion: '12' } };
    expect(parseEvent(JSON.stringify({ type: 'BOOKMARK', object }))).toEqual({
      type: 'bookmark',
      resourceVersion: '12',
    });
  });

  it.each([410, 500, 429])('throws an ERROR event with code %i as an error of that status', (code) => {
    const line = JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code, message: 'too old' } });
    expect(() => parseEvent(line)).toThrow(expect.objectContaining({ status: code, expired: code === 410 }));
  });

  it.each([200, 7, 777, -1, 4.5, '500', null])('treats an ERROR event with code %j as a 500', (code) => {
    const line = JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code } });
    expect(() => parseEvent(line)).toThrow(expect.objectContaining({ status: 500 }));
  });

  it('throws an ERROR event without a Status as well', () => {
    expect(() => parseEvent('{"type":"ERROR"}')).toThrow(KubeError);
  });

  it('says that a line which is not JSON cannot be read', () => {
    expect(parseEvent('{"type":"ADD')).toMatchObject({ type: 'unreadable', what: 'not-json' });
  });

  it.each(['{"type":"FANCY","object":{}}', '{}', 'null', '[]', '7'])(
    'skips %s, whose type is unknown',
    (line) => {
      expect(parseEvent(line)).toMatchObject({ type: 'skipped', what: 'unknown-type' });
    },
  );

  it.each([undefined, null, {}, { metadata: {} }])('skips the pod %j', (object) => {
    expect(parseEvent(JSON.stringify({ type: 'ADDED', object }))).toMatchObject({
      type: 'skipped',
      what: 'malformed-pod',
    });
  });
});
