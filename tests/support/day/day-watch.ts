import {
  decideWorkloadAlerts,
  NO_WORKLOADS_REPORTED,
  WORKLOAD_WAITS,
  type WorkloadAlertState,
  type Workloads,
} from '@podips/monitor/workloads';
import { HOUR_MS } from './timed-pods.js';

const RULES = { ...WORKLOAD_WAITS, repeatIntervalMs: 12 * HOUR_MS, isMuted: () => false };
const SHOWN = 10;

/** A workload, and what was said to be the cause of its trouble. */
export interface Named {
  readonly name: string;
  readonly cause: string | null;
  readonly exitCode: number | null;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

/** Reads what the monitor says: the ten worst workloads of the hour before, and the alerts. */
export class DayWatch {
  readonly #workloads: Workloads;
  readonly #counted = new Set<() => void>();
  readonly named: Named[] = [];
  readonly alerted: Named[] = [];
  #state: WorkloadAlertState = NO_WORKLOADS_REPORTED;

  constructor(workloads: Workloads) {
    this.#workloads = workloads;
    workloads.onNews(() => {
      for (const resolve of this.#counted) resolve();
    });
  }

  /** @param untilMs what happened until then is recorded; both times in milliseconds since the epoch */
  async look(untilMs: number, nowMs: number): Promise<void> {
    while ((this.#workloads.facts('default')?.knownUntilMs ?? 0) < untilMs)
      await new Promise<void>((resolve) => this.#counted.add(resolve));
    this.#counted.clear();
    for (const { name, lastCause, lastExitCode } of this.#workloads.rank('1h', {}, SHOWN).workloads)
      this.named.push({ name, cause: lastCause, exitCode: lastExitCode, atMs: nowMs });
    const facts = this.#workloads.facts('default');
    if (facts === undefined) return;
    const { state, news } = decideWorkloadAlerts(this.#state, { facts, nowMs, limitMs: 0 }, RULES);
    this.#state = state;
    for (const { kind, trouble } of news?.changes ?? []) {
      const { workload, last } = trouble;
      const { cause = null, exitCode = null } = last ?? {};
      if (kind === 'started') this.alerted.push({ name: workload.name, cause, exitCode, atMs: nowMs });
    }
  }
}
