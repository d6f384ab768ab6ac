export { type Broker, type BrokerOptions, startBroker } from './broker.js';
export type { BrokerFaults, FailableCommand } from './broker-faults.js';
export type { Login } from './handshake.js';
