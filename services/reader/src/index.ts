export { createLedger, type LeaseRecord, type Ledger } from './ledger.js';
export { createOutbox, type Outbox } from './outbox.js';
export { Publisher, type PublisherDeps, type PublisherEvents, type PublisherOptions } from './publisher.js';
export * from './reader.js';
export * from './settings.js';
