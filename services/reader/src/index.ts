export {
  Publisher,
  type PublisherDeps,
  type PublisherEvents,
  type PublisherOptions,
} from './delivery/publisher.js';
export * from './reader.js';
export * from './settings.js';
export { createLedger, type LeaseRecord, type Ledger } from './store/ledger.js';
export { createOutbox, type Outbox } from './store/outbox.js';
