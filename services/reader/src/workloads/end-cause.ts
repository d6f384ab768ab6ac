import { type Fields, fields, list, storableText, timeMs } from '../cluster/fields.js';

/** Why a pod ended, in Kubernetes' own words. */
export interface EndCause {
  /**
   * The reason of the condition DisruptionTarget, such as EvictionByEvictionAPI; that of the pod's status, such as
   * Evicted; that of the container that failed, such as OOMKilled; or one of {@link PLAIN_CAUSES}.
   */
  readonly cause: string;
  /** Of the container that failed. */
  readonly exitCode: number | undefined;
}

/** `Completed`: all containers ended with 0. `Failed`: nothing says why. `Deleted`: the pod was deleted as it ran. */
export const PLAIN_CAUSES = ['Completed', 'Failed', 'Deleted'] as const;

/** After SIGKILL and SIGTERM. */
const STOPPED_CODES = [137, 143];
/** Both times are in whole seconds, one by the API server's clock and the other by the node's. */
const CLOCKS_APART_MS = 2_000;

/** A container that has ended. */
interface Ended {
  readonly reason: string;
  readonly exitCode: number;
  /** Milliseconds since the epoch; NaN when it is not known. */
  readonly finishedAtMs: number;
}

/**
 * Finds why a pod ended from the last version of it. The first of these that there is: the condition DisruptionTarget,
 * the reason of the status, the container that failed first, the phase.
 */
export function projectEndCause(object: unknown): EndCause {
  const { metadata, spec, status } = fields(object);
  const state = fields(status);
  const disruption = list(state.conditions).find(({ type }) => type === 'DisruptionTarget');
  const reason = storableText(state.reason);
  // Where the kubelet ended it, the status says why: Evicted, Terminated, Preempting.
  const ofKubelet = disruption?.reason === 'TerminationByKubelet' && reason !== '';
  if (disruption?.status === 'True' && !ofKubelet)
    return plain(storableText(disruption.reason) || 'Disrupted');
  if (reason !== '') return plain(reason);
  // A pod with restartPolicy Always ends only when it is deleted.
  const { restartPolicy = 'Always' } = fields(spec);
  if (restartPolicy === 'Always') return plain('Deleted');
  if (state.phase === 'Succeeded') return plain('Completed');
  if (state.phase !== 'Failed') return plain('Deleted');
  const failed = failedFirst(fields(spec), state);
  if (failed === undefined) return plain('Failed');
  if (wasStopped(failed, fields(metadata))) return plain('Deleted');
  return { cause: failed.reason || 'Failed', exitCode: failed.exitCode };
}

function plain(cause: string): EndCause {
  return { cause, exitCode: undefined };
}

/** Whether a container ended with an error because the deletion of its pod was asked for. */
function wasStopped({ reason, exitCode, finishedAtMs }: Ended, metadata: Fields): boolean {
  const deletedAtMs = timeMs(metadata.deletionTimestamp);
  if (Number.isNaN(deletedAtMs)) return false;
  const graceMs = number(metadata.deletionGracePeriodSeconds) * 1_000;
  // At the end the kubelet asks again, without grace, and the time of the first request is lost.
  if (graceMs === 0) return STOPPED_CODES.includes(exitCode) && reason !== 'OOMKilled';
  return !(finishedAtMs < deletedAtMs - graceMs - CLOCKS_APART_MS);
}

/** What ended first with an error decided: what ends after it was stopped because of it. */
function failedFirst(spec: Fields, state: Fields): Ended | undefined {
  const sidecars = new Set(
    list(spec.initContainers)
      .filter(({ restartPolicy }) => restartPolicy === 'Always')
      .map(({ name }) => name),
  );
  const init = list(state.initContainerStatuses).filter(({ name }) => !sidecars.has(name));
  return endedOf([...init, ...list(state.containerStatuses)])
    .filter(({ exitCode }) => exitCode !== 0)
    .sort((a, b) => a.finishedAtMs - b.finishedAtMs || rank(a) - rank(b))[0];
}

/** Times are in seconds: of two at once, the one out of memory is the cause. */
function rank({ reason }: Ended): number {
  return reason === 'OOMKilled' ? 0 : 1;
}

function endedOf(statuses: unknown): Ended[] {
  return list(statuses).flatMap(({ state }) => {
    const { terminated } = fields(state);
    if (terminated === undefined) return [];
    const { reason, exitCode, finishedAt } = fields(terminated);
    return [
      {
        reason: storableText(reason),
        exitCode: number(exitCode),
        finishedAtMs: timeMs(finishedAt),
      },
    ];
  });
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
