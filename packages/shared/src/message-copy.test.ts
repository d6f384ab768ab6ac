import { describe, expect, it } from 'vitest';
import { type BrokerName, DIALECTS } from './broker-dialect.js';
import { copyMessage } from './message-copy.js';

function headersOfCopy(headers: Record<string, string>, broker: BrokerName) {
  return copyMessage({ headers, body: Buffer.from('{}') }, '/queue/q', DIALECTS[broker]).headers ?? {};
}

describe('the copy of a message', () => {
  it('has the headers of the message, but none of its delivery', () => {
    const received = {
      ack: '1',
      'message-id': 'a',
      redelivered: 'true',
      'content-type': 'text/plain',
      own: 'x',
    };
    expect(headersOfCopy(received, 'activemq')).toEqual({ 'content-type': 'text/plain', own: 'x' });
  });

  it('has no header with which RabbitMQ would make another queue, or refuse the message', () => {
    const received = { 'x-message-ttl': '1', 'x-delivery-count': '3', 'user-id': 'another', 'x-own': 'kept' };
    expect(headersOfCopy(received, 'rabbitmq')).toEqual({ 'x-own': 'kept' });
  });

  it('has no header that the broker finds too long, counted as it is sent', () => {
    const { maxHeaderBytes } = DIALECTS.activemq;
    const received = { long: ':'.repeat(maxHeaderBytes / 2), short: ':'.repeat(maxHeaderBytes / 2 - 10) };
    expect(Object.keys(headersOfCopy(received, 'activemq'))).toEqual(['short']);
  });

  it('has no more headers than the broker accepts, and room for a few more', () => {
    const received = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`h${index}`, '']));
    expect(Object.keys(headersOfCopy(received, 'rabbitmq')).length).toBeLessThan(
      DIALECTS.rabbitmq.maxHeaders - 8,
    );
    expect(Object.keys(headersOfCopy(received, 'activemq'))).toHaveLength(500);
  });
});
