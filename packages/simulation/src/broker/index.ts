export { type Broker, type BrokerOptions, startBroker } from './broker.js';
export type { BrokerFaults, FailableCommand } from './broker-faults.js';
