import type { PodObject } from './pod-object.js';
import type { ContainerEnd } from './pod-steps.js';

/** A container of a pod that was started again. */
export interface RestartFact extends ContainerEnd {
  readonly podUid: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** How often it has been started again by now. */
  readonly count: number;
  /** When the API server learned of it. */
  readonly at: Date;
  /** When it had ended. */
  readonly happenedAt: Date;
}

/** The restarts that really happened, the latest of them. */
export class RestartRecord {
  readonly #limit: number;
  readonly #facts: RestartFact[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  get facts(): readonly RestartFact[] {
    return this.#facts;
  }

  append(
    { metadata, status }: PodObject,
    { reason, exitCode }: ContainerEnd,
    times: Pick<RestartFact, 'at' | 'happenedAt'>,
  ): void {
    const { uid: podUid, namespace, name: pod } = metadata;
    const [container] = status.containerStatuses ?? [];
    if (container === undefined) return;
    const { name, restartCount: count } = container;
    this.#facts.push({ podUid, namespace, pod, container: name, count, reason, exitCode, ...times });
    if (this.#facts.length > this.#limit) this.#facts.splice(0, Math.ceil(this.#limit / 10));
  }
}
