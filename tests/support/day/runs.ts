import { createWorkload, type Workload } from '@podips/simulation';
import { MINUTE_MS, SECOND_MS, type TimedPods } from './timed-pods.js';

/** So many runs that succeeded does a CronJob keep. */
const HISTORY = 3;
const SLOT = { ordinal: 0, node: '' };
const FIRST_BACKOFF_MS = 10 * SECOND_MS;

/** Starts a Job for each scheduled minute, as a CronJob does. */
export class CronJob {
  readonly #pods: TimedPods;
  readonly name: string;
  readonly namespace: string;
  readonly #done: string[] = [];
  #failsNext = false;

  constructor(pods: TimedPods, name: string, namespace: string) {
    this.#pods = pods;
    this.name = name;
    this.namespace = namespace;
  }

  /** The next run fails at its first try. */
  failNext(): void {
    this.#failsNext = true;
  }

  run(): void {
    const minute = Math.floor(this.#pods.agenda.nowMs / MINUTE_MS);
    const fails = this.#failsNext ? 1 : 0;
    this.#failsNext = false;
    const options = { name: `${this.name}-${minute}`, namespace: this.namespace, fails };
    runJob(this.#pods, options, (uids) => {
      this.#done.push(...uids);
      for (const uid of this.#done.splice(0, Math.max(0, this.#done.length - HISTORY)))
        if (this.#pods.pods.get(uid)) this.#pods.pods.remove(uid);
    });
  }
}

export interface JobOptions {
  readonly name: string;
  readonly namespace: string;
  /** So many pods of it fail, one after the other, before one succeeds. */
  readonly fails: number;
}

/** Runs the pods of a Job, with the pauses of its controller after those that fail. */
export function runJob(
  pods: TimedPods,
  { name, namespace, fails }: JobOptions,
  onDone?: (uids: string[]) => void,
): void {
  const workload = createWorkload('Job', name, pods.random, { namespace });
  const uids: string[] = [];
  const attempt = (failed: number) => {
    uids.push(
      startRun(pods, workload, failed < fails, () => {
        if (failed >= fails) return onDone?.(uids);
        pods.agenda.after(FIRST_BACKOFF_MS * 2 ** failed, () => attempt(failed + 1));
      }),
    );
  };
  attempt(0);
}

/** A pod that was disrupted is left out: its Job starts another one. */
function startRun(pods: TimedPods, workload: Workload, fails: boolean, onEnd: () => void): string {
  return pods.launch(workload, SLOT, (uid) => {
    const lastsMs = fails
      ? pods.between(2 * SECOND_MS, 20 * SECOND_MS)
      : pods.between(3 * SECOND_MS, 3 * MINUTE_MS);
    pods.agenda.after(lastsMs, () => {
      if (!pods.isActive(uid)) return;
      if (fails) pods.pods.fail(uid);
      else pods.pods.finish(uid);
      pods.agenda.after(pods.between(100, 900), () => {
        if (pods.pods.get(uid)) pods.pods.untrack(uid);
        onEnd();
      });
    });
  });
}
