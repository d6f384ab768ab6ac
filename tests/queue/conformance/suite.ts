import { describe } from 'vitest';
import type { BrokerCase } from './brokers.js';
import { describeConsuming } from './consuming.js';
import { describeDurability } from './durability.js';
import { describeLogin } from './login.js';
import { describeWriter } from './services.js';
import { useBroker } from './stage.js';
import { describeTls } from './tls.js';

/** All that podips needs of a broker, with the code of the services. */
export function describeConformance(broker: BrokerCase): void {
  describe(broker.name, () => {
    const stage = useBroker(broker);
    describe('as the queue', () => {
      describeDurability(stage);
      describeConsuming(stage);
      describeLogin(stage, broker);
    });
    describe('before the writer', () => describeWriter(stage, broker));
    if (broker.isReal) describe('with TLS', () => describeTls(stage));
  });
}
