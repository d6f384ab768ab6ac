import { entriesOf } from '../status/map-operations.js';
import { decideWorkloadAlerts, type WorkloadFacts } from '../workloads/decide-workload-alerts.js';
import { type AlertState, decide, shortest, untilAllowed, withSent } from './decide.js';
import type { Notice } from './notice.js';
import type { AllAlertRules, Chain } from './rules.js';
import { countTroubles } from './troubles.js';

/** What alerts are decided by at a moment. */
export interface AlertFacts {
  readonly chain: Chain;
  /** Undefined: nothing is known of workloads. */
  readonly workloads: WorkloadFacts | undefined;
}

export interface Decisions {
  readonly state: AlertState;
  readonly notices: readonly Notice[];
  /** Decide again after this time, even if nothing changes; undefined: only when something does. */
  readonly waitMs: number | undefined;
}

/** Decides the alerts about the lights, then those about workloads. The hourly limit is of both together. */
export function decideBoth(
  before: AlertState,
  { chain, workloads }: AlertFacts,
  nowMs: number,
  rules: AllAlertRules,
): Decisions {
  const lights = decide(before, chain, nowMs, rules);
  const { state } = lights;
  const notices = lights.notice === undefined ? [] : [lights.notice];
  if (workloads === undefined || rules.muting?.workloads) return { state, notices, waitMs: lights.waitMs };
  const moment = { facts: workloads, nowMs, limitMs: untilAllowed(state.sentAtMs, nowMs, rules) };
  const decision = decideWorkloadAlerts(state.workloads, moment, rules.workloads);
  const waitMs = shortest([lights.waitMs, decision.waitMs]);
  const next = { ...state, workloads: decision.state };
  if (decision.news === undefined) return { state: next, notices, waitMs };
  const notice: Notice = {
    atMs: nowMs,
    headline: '',
    likelyCause: null,
    changes: [],
    chain: entriesOf(chain).map(([operation, { light }]) => ({ operation, light })),
    failing: countTroubles(state.decided),
    heldBack: state.workloads.suppressed,
    workloads: decision.news,
  };
  const sentAtMs = withSent(state.sentAtMs, nowMs, rules);
  return { state: { ...next, sentAtMs }, notices: [...notices, notice], waitMs };
}
