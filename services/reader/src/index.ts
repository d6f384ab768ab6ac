export { createKubeClient, type KubeError } from './cluster/kube-client.js';
export {
  Publisher,
  type PublisherDeps,
  type PublisherEvents,
  type PublisherOptions,
} from './delivery/publisher.js';
export { Candidate, type CandidateOptions, type Clocks, type Standing } from './leadership/candidate.js';
export * from './leadership/election.js';
export { createLeaseClient, type LeaseClient } from './leadership/lease-client.js';
export * from './reader.js';
export * from './settings.js';
export { createLedger, type LeaseRecord, type Ledger } from './store/ledger.js';
export { createOutbox, type Outbox } from './store/outbox.js';
