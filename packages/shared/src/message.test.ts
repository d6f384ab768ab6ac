import { describe, expect, it } from 'vitest';
import { MessageError } from './errors.js';
import {
  buildMessage,
  buildRestartMessage,
  describeCause,
  eventId,
  type MessageFacts,
  parseMessage,
} from './message.js';

const FACTS: MessageFacts = {
  pod: {
    uid: 'uid-1',
    namespace: 'shop',
    name: 'web-1',
    ownerKind: 'ReplicaSet',
    ownerName: 'web',
    node: 'node-1',
    hostNetwork: false,
    workload: { kind: 'Deployment', name: 'cart', revision: '5cc', serviceAccount: 'shop' },
  },
  ip: '10.1.2.3',
  status: 'allocated',
  occurrence: 0,
  inferred: false,
  at: new Date('2026-11-20T14:05:00.123Z'),
  observedAt: new Date('2026-11-20T14:06:00.000Z'),
  uncertaintyMs: 800,
};
const ORIGIN = { hostname: 'reader-0', dc: 'fra' };

describe('buildMessage', () => {
  it('starts with the 13 fields of podips 1.1, in their order, all strings', () => {
    const first = Object.entries(buildMessage(FACTS, ORIGIN)).slice(0, 13);
    expect(first).toEqual([
      ['class', 'audit'],
      ['subclass', 'pod_ip'],
      ['origin', 'reader-0'],
      ['host', 'reader-0'],
      ['dc', 'fra'],
      ['pod_namespace', 'shop'],
      ['pod', 'web-1'],
      ['pod_ip', '10.1.2.3'],
      ['pod_ip_status', 'allocated'],
      ['short_message', 'shop/web-1:10.1.2.3'],
      ['full_message', 'shop/web-1:10.1.2.3:allocated:2026-11-20T14:05:00.123Z'],
      ['timestamp', '2026-11-20T14:05:00.123Z'],
      ['logtype', 'kube-api-server'],
    ]);
  });

  it('adds fields that podips 1.1 did not have', () => {
    expect(Object.entries(buildMessage({ ...FACTS, inferred: true }, ORIGIN)).slice(13)).toEqual([
      ['event_id', expect.stringMatching(/^[0-9a-f]{32}$/)],
      ['pod_uid', 'uid-1'],
      ['pod_kind', 'ReplicaSet'],
      ['pod_owner', 'web'],
      ['node', 'node-1'],
      ['host_network', false],
      ['inferred', true],
      ['observed_at', '2026-11-20T14:06:00.000Z'],
      ['uncertainty_ms', 800],
      ['workload_kind', 'Deployment'],
      ['workload', 'cart'],
      ['service_account', 'shop'],
    ]);
  });

  it('says of an end alone why the pod ended, last of all', () => {
    const end = buildMessage(
      { ...FACTS, status: 'deallocated', endCause: describeCause('OOMKilled', 137) },
      ORIGIN,
    );
    expect(Object.entries(end).at(-1)).toEqual(['end_cause', 'OOMKilled, exit code 137']);
    expect(buildMessage({ ...FACTS, status: 'deallocated' }, ORIGIN).end_cause).toBe('');
    expect(buildMessage(FACTS, ORIGIN)).not.toHaveProperty('end_cause');
    expect(describeCause('', 137)).toBe('exit code 137');
  });

  it('says null where nothing is known of the earliest time', () => {
    const message = buildMessage({ ...FACTS, uncertaintyMs: Number.POSITIVE_INFINITY }, ORIGIN);
    expect(message.uncertainty_ms).toBeNull();
  });

  it('gives the same change the same id, whenever and however it is seen', () => {
    const later = buildMessage(
      { ...FACTS, at: new Date(0), observedAt: new Date(1), inferred: true, status: 'alreadyRunning' },
      {
        hostname: 'reader-1',
        dc: 'ams',
      },
    );
    expect(later.event_id).toBe(buildMessage(FACTS, ORIGIN).event_id);
  });
});

it('a message about an address on another network names that, after all other fields', () => {
  const message = buildMessage({ ...FACTS, network: 'shop/blue' }, { hostname: 'h', dc: 'd' });
  expect(Object.entries(message).at(-1)).toEqual(['network', 'shop/blue']);
  expect(buildMessage(FACTS, { hostname: 'h', dc: 'd' })).not.toHaveProperty('network');
});

describe('eventId', () => {
  it('differs between pods, addresses, start and end, and repeated leases', () => {
    const ids = [
      eventId('u', '10.0.0.1', 'allocated', 0),
      eventId('v', '10.0.0.1', 'allocated', 0),
      eventId('u', '10.0.0.2', 'allocated', 0),
      eventId('u', '10.0.0.1', 'deallocated', 0),
      eventId('u', '10.0.0.1', 'allocated', 1),
      eventId('u', '10.0.0.1', 'allocated', 2),
      eventId('u', '10.0.0.1', 'allocated', 0, 'shop/blue'),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('never changes: consumers have stored it', () => {
    expect(eventId('8f1a0f19-018e-4073-bfbc-4ecf29c9257a', '10.64.0.51', 'allocated', 0)).toBe(
      '50ffdc4943ca946d25e6bb187d542bea',
    );
  });
});

describe('parseMessage', () => {
  it('reads any JSON object, ours or not', () => {
    expect(parseMessage(Buffer.from('{"pod":"web-1","n":1}'))).toEqual({ pod: 'web-1', n: 1 });
  });

  it.each([
    ['MESSAGE_EMPTY', ''],
    ['MESSAGE_NOT_JSON', 'hello'],
    ['MESSAGE_NOT_JSON', '{"a":'],
    ['MESSAGE_NOT_OBJECT', '[1,2]'],
    ['MESSAGE_NOT_OBJECT', 'null'],
    ['MESSAGE_NOT_OBJECT', '"text"'],
    ['MESSAGE_NOT_OBJECT', '7'],
    ['MESSAGE_TOO_DEEP', `${'{"a":'.repeat(60)}1${'}'.repeat(60)}`],
  ])('refuses with %s: %s', (code, body) => {
    expect(() => parseMessage(Buffer.from(body))).toThrow(
      expect.objectContaining({ code, retryable: false }),
    );
  });

  it('refuses bytes that are no text', () => {
    expect(() => parseMessage(Uint8Array.of(0xff, 0xfe, 0x00))).toThrow(MessageError);
    expect(() => parseMessage(Uint8Array.of(0xff))).toThrow(
      expect.objectContaining({ code: 'MESSAGE_NOT_UTF8' }),
    );
  });

  it('reads a body of 5 MB', () => {
    expect(parseMessage(Buffer.from(JSON.stringify({ big: 'x'.repeat(5_000_000) })))).toHaveProperty('big');
  });
});

describe('buildRestartMessage', () => {
  const restart = { ...FACTS, container: 'app', countBefore: 3, count: 5, endCause: 'Error, exit code 1' };

  it('is a record of its own kind', () => {
    expect(buildRestartMessage(restart, ORIGIN)).toMatchObject({
      class: 'audit',
      subclass: 'pod_restart',
      pod: 'web-1',
      workload: 'cart',
      container: 'app',
      restarts: 5,
      restarts_new: 2,
      end_cause: 'Error, exit code 1',
      short_message: 'shop/web-1:app',
      timestamp: '2026-11-20T14:05:00.123Z',
    });
  });

  it('gives each restart of a container an id of its own, whenever it is seen', () => {
    const idOf = (changes: object) => buildRestartMessage({ ...restart, ...changes }, ORIGIN).event_id;
    expect(idOf({ at: new Date(0), countBefore: 4 })).toBe(idOf({}));
    expect(new Set([idOf({}), idOf({ count: 6 }), idOf({ container: 'proxy' })]).size).toBe(3);
  });
});
