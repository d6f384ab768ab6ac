export type { SeenRequest } from './api-server.js';
export type { ApiStatus } from './api-status.js';
export { Churn, type ChurnOptions } from './churn.js';
export { ClusterError } from './cluster-error.js';
export { type ClusterState, type ClusterStateOptions, createClusterState } from './cluster-state.js';
export { type Examined, examine } from './examine.js';
export type { ExpiryStyle, PlannedFailure, RequestKind } from './fault-plan.js';
export type { Faults } from './faults.js';
export { type AddressAt, type HoldersAnswer, Holds } from './holds.js';
export type { LeaseObject, LeaseSpec } from './lease-object.js';
export type { LeaseStore } from './lease-store.js';
export {
  drawLine,
  type LineAnswer,
  type LineTally,
  type LogLine,
  type LogLineOptions,
  newTally,
  tallyLine,
  type UnknownTime,
} from './log-lines.js';
export type { ClusterNode } from './nodes.js';
export type { WorkloadMix } from './places.js';
export type { PodEvent } from './pod-event.js';
export { isFinished, type OwnerReference, type PodObject, type PodPhase } from './pod-object.js';
export type { PodRef, PodStore } from './pod-store.js';
export type { PodTemplate } from './pod-template.js';
export {
  type ApiObject,
  encodeEvent,
  encodeMessage,
  encodeObject,
  encodePod,
  encodePodList,
} from './protobuf.js';
export { createRandom, type Random } from './random.js';
export type { RestartFact } from './restart-record.js';
export { startScenario } from './scenario.js';
export { type RunningChurn, type RunningChurnOptions, startChurn } from './start-churn.js';
export { type ClusterOptions, type SimulatedCluster, startCluster } from './start-cluster.js';
export type { IpChange, Truth } from './truth.js';
export {
  createWorkload,
  podTemplate,
  type Workload,
  type WorkloadKind,
  type WorkloadOptions,
} from './workload.js';
export type { Workloads } from './workloads.js';
