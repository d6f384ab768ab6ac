import { describe, expect, it } from 'vitest';
import { DIALECTS, recognizeBroker } from './broker-dialect.js';

const { activemq, artemis, rabbitmq } = DIALECTS;

describe('a broker', () => {
  it.each([
    ['ActiveMQ/5.17.2', activemq],
    ['ActiveMQ/6.2.9', activemq],
    ['ActiveMQ-Artemis/2.45.0 ActiveMQ Artemis Messaging Engine', artemis],
    ['RabbitMQ/3.10.8', rabbitmq],
  ])('that says %s is recognized', (server, dialect) => {
    expect(recognizeBroker(server)).toEqual({ dialect, doubts: [] });
  });

  it.each(['Apollo/1.7.1', undefined])(
    'that says %s is trusted with no more than every broker does',
    (server) => {
      const { dialect, doubts } = recognizeBroker(server);
      expect(dialect).toMatchObject({
        durableBy: 'receipts',
        replaceBy: 'ack-after-receipt',
        unsubscribeBy: 'closing',
        sendHeaders: artemis.sendHeaders,
      });
      expect(dialect.subscribeHeaders(7)).toEqual({
        'activemq.prefetchSize': '7',
        'consumer-window-size': '7168',
        'prefetch-count': '7',
        'subscription-type': 'ANYCAST',
      });
      expect(dialect.returnsOnClose({})).toBe(false);
      expect(doubts.join()).toMatch(
        /^the broker (says that it is Apollo|does not say what it is).*STOMP 1\.2/,
      );
    },
  );

  it('is what the setting says, unless it says itself that it is another known one', () => {
    expect(recognizeBroker(undefined, 'artemis')).toEqual({ dialect: artemis, doubts: [] });
    expect(recognizeBroker('Apollo/1.7.1', 'artemis')).toEqual({ dialect: artemis, doubts: [] });
    expect(recognizeBroker('RabbitMQ/3.10.8', 'rabbitmq')).toEqual({ dialect: rabbitmq, doubts: [] });
    expect(recognizeBroker('RabbitMQ/3.10.8', 'activemq').contradiction).toBe(
      'QUEUE_BROKER is activemq, but the broker says that it is RabbitMQ/3.10.8: name that one, or set auto',
    );
  });

  it('that takes messages away after lost connections is named at the start, with what to set', () => {
    expect(artemis.cannot).toMatch(
      /max-delivery-attempts is -1 .*taken away after that many lost connections/,
    );
  });

  it('whose quorum queues count returns gets a copy of what it has returned already', () => {
    expect(rabbitmq.returnsOnClose({})).toBe(true);
    expect(rabbitmq.returnsOnClose({ 'x-delivery-count': '1' })).toBe(false);
  });
});
