import type { Muting } from '../announcements/muting.js';
import type { PerLight } from '../status/statuses.js';
import type { OperationState } from '../status/tracker.js';
import type { WorkloadRules } from '../workloads/decide-workload-alerts.js';

export type Chain = PerLight<OperationState>;

export interface AlertRules {
  /** The time for which a light must be red before an alert fires, as `for` of Prometheus. */
  readonly forMs: number;
  /** The repeat interval of an alert that is still firing; 0: never repeated. */
  readonly repeatIntervalMs: number;
  readonly maxPerHour: number;
  /** The group wait: transitions within this time share an alert. */
  readonly groupWaitMs: number;
  /** Since when heartbeats are received: silence before that is the monitor's own. */
  readonly startedAtMs: number;
  readonly ageLimitMs: number;
  /** About what nothing is sent now; what is reported stays reported until then. */
  readonly muting?: Muting;
}

export interface AllAlertRules extends AlertRules {
  readonly workloads: WorkloadRules;
}
