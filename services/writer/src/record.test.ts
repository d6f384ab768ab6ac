import { describe, expect, it } from 'vitest';
import { parseTimestamp, toLogEvent } from './record.js';

const NOW = Date.parse('2026-11-20T00:00:00Z');
const event = (value: unknown) =>
  toLogEvent(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), NOW);

describe('toLogEvent', () => {
  it('takes the event time from the message, to the millisecond', () => {
    const { time } = event({ timestamp: '2026-11-20T14:05:00.123Z' });
    expect(time.epoch).toBe(Date.parse('2026-11-20T14:05:00Z') / 1_000);
    expect(time.nano).toBe(123_000_000);
  });

  it.each([{}, { timestamp: 'soon' }, { timestamp: 7 }, { timestamp: null }])(
    'takes now for %j',
    (message) => {
      expect(event(message).time.epoch).toBe(NOW / 1_000);
    },
  );

  it.each(['0001-01-01T00:00:00Z', '9999-12-31T00:00:00Z'])(
    'keeps %s within what the protocol can say',
    (timestamp) => {
      const { time } = event({ timestamp });
      expect(time.epoch).toBeGreaterThanOrEqual(0);
      expect(time.epoch).toBeLessThanOrEqual(0xffff_ffff);
    },
  );

  it('delivers a message of podips 1.1 as it is', () => {
    const message = { class: 'audit', pod_ip: '', timestamp: '2021-03-04 10:11:12.5 +0100 CET m=+0.001' };
    const { record, time } = event(message);
    expect(record).toEqual(message);
    expect(time.epoch).toBe(Date.parse('2021-03-04T09:11:12Z') / 1_000);
  });

  it('makes harmless what msgpack or JSON could not carry', () => {
    const { record } = event('{"big":1e999,"bad":"\\ud800","deep":[{"worse":-1e999,"\\udc00":true}]}');
    expect(record).toEqual({
      big: 'Infinity',
      bad: '\ufffd',
      deep: [{ worse: '-Infinity', '\ufffd': true }],
    });
  });

  it.each([
    ['{"a":[{"b":"\\ud800"}]}', { a: [{ b: '\ufffd' }] }],
    ['{"a":[{"\\udc00":1}]}', { a: [{ '\ufffd': 1 }] }],
    ['{"a":{"b":[-1e999]}}', { a: { b: ['-Infinity'] } }],
  ])('finds what is not safe in %s, where all else is', (body, safe) => {
    expect(event(body).record).toEqual(safe);
  });

  it('keeps a field with the name of a prototype a plain field', () => {
    const { record } = event('{"__proto__":{"x":1},"constructor":"c"}');
    expect(Object.keys(record)).toEqual(['__proto__', 'constructor']);
    expect(JSON.stringify(record)).toBe('{"__proto__":{"x":1},"constructor":"c"}');
  });
});

describe('parseTimestamp', () => {
  it.each([
    ['2026-11-20T14:05:00.123Z', '2026-11-20T14:05:00.123Z'],
    ['2026-11-20T14:05:00+02:00', '2026-11-20T12:05:00.000Z'],
    ['2021-03-04 10:11:12.123456789 +0000 UTC m=+0.001', '2021-03-04T10:11:12.123Z'],
    ['2021-03-04 10:11:12 -0530 XYZ', '2021-03-04T15:41:12.000Z'],
  ])('reads %s', (text, iso) => {
    expect(new Date(parseTimestamp(text) ?? Number.NaN).toISOString()).toBe(iso);
  });

  it.each(['', 'mock', '2026', '1', '2026-13-40T99:00:00Z', undefined, 5])(
    'does not take %j for a time',
    (value) => {
      expect(parseTimestamp(value)).toBeUndefined();
    },
  );
});
