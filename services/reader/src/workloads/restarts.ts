import { fields, list, storableText, timeMs } from '../cluster/fields.js';

/** How often a container of a pod was started again, and how it ended before the last time. */
export interface ContainerRestarts {
  readonly container: string;
  /** Since the pod's beginning: the kubelet counts on, and what it counted in a gap is known as a number alone. */
  readonly count: number;
  /** Such as OOMKilled or Error; empty when the kubelet has forgotten it. */
  readonly reason: string;
  readonly exitCode: number | undefined;
  /** When it ended, by the node's clock, in milliseconds since the epoch, to the second. */
  readonly endedAtMs: number | undefined;
}

const NONE: readonly ContainerRestarts[] = [];

/** The containers of a pod that were started again: its own, its init containers and its sidecars. */
export function projectRestarts(object: unknown): readonly ContainerRestarts[] {
  const { containerStatuses, initContainerStatuses } = fields(fields(object).status);
  const found = [...list(containerStatuses), ...list(initContainerStatuses)].flatMap((status) => {
    const { name, restartCount, lastState } = status;
    if (typeof name !== 'string' || typeof restartCount !== 'number' || !(restartCount > 0)) return [];
    const { reason, exitCode, finishedAt } = fields(fields(lastState).terminated);
    const endedAtMs = timeMs(finishedAt);
    return [
      {
        container: storableText(name),
        count: restartCount,
        reason: storableText(reason),
        exitCode: typeof exitCode === 'number' ? exitCode : undefined,
        endedAtMs: Number.isNaN(endedAtMs) ? undefined : endedAtMs,
      },
    ];
  });
  return found.length === 0 ? NONE : found;
}
