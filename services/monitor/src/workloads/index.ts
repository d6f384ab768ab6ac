export {
  decideWorkloadAlerts,
  NO_WORKLOADS_REPORTED,
  WORKLOAD_WAITS,
  type WorkloadAlertState,
} from './decide-workload-alerts.js';
export { startWorkloads, type Workloads } from './workloads.js';
