import type { ClusterState, PodObject, Random, Workload } from '@podips/simulation';
import { podTemplate } from '@podips/simulation';
import type { Agenda } from './agenda.js';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

/** Where a pod belongs: its ordinal, or the node of a DaemonSet's pod. */
export interface Slot {
  readonly ordinal: number;
  readonly node: string;
}

/** The steps of pods' lives, each at its time, as scheduler, kubelets and API server take them. */
export class TimedPods {
  readonly agenda: Agenda;
  readonly random: Random;
  readonly #state: Pick<ClusterState, 'pods'>;
  /** Nodes that take no pods, and those that do nothing any more. */
  readonly cordoned = new Set<string>();
  readonly lost = new Set<string>();

  constructor(agenda: Agenda, state: Pick<ClusterState, 'pods'>, random: Random) {
    this.agenda = agenda;
    this.#state = state;
    this.random = random;
  }

  get pods() {
    return this.#state.pods;
  }

  /** A time between two, in milliseconds. */
  between(leastMs: number, mostMs: number): number {
    return Math.round(leastMs + this.random.next() * (mostMs - leastMs));
  }

  /** Those that run on a node. */
  on(node: string): PodObject[] {
    return this.pods.all().filter(({ spec, status }) => spec.nodeName === node && status.phase === 'Running');
  }

  isActive(uid: string): boolean {
    const pod = this.pods.get(uid);
    return (
      pod !== undefined &&
      pod.metadata.deletionTimestamp === undefined &&
      ['Pending', 'Running'].includes(pod.status.phase)
    );
  }

  /** Makes a pod, which soon runs. One in ten has to wait for its image, or for room. @returns its UID */
  launch(workload: Workload, slot: Slot, onRunning: (uid: string) => void = () => undefined): string {
    const template = podTemplate(workload, slot, this.random);
    const { uid } = this.pods.create(template).metadata;
    this.agenda.after(this.between(20, 400), () => this.#schedule(uid, template.pinnedTo, onRunning));
    return uid;
  }

  #schedule(uid: string, pinnedTo: string | undefined, onRunning: (uid: string) => void): void {
    if (!this.isActive(uid)) return;
    const node = pinnedTo ?? this.random.pick(this.#free());
    this.pods.schedule(uid, node);
    const isSlow = this.random.next() < 0.1;
    const readyMs = isSlow ? this.between(20 * SECOND_MS, 90 * SECOND_MS) : this.between(800, 12 * SECOND_MS);
    this.agenda.after(readyMs, () => {
      if (!this.isActive(uid) || this.lost.has(node)) return;
      this.pods.run(uid);
      onRunning(uid);
    });
  }

  #free(): string[] {
    return this.pods.nodes
      .map(({ name }) => name)
      .filter((name) => !this.cordoned.has(name) && !this.lost.has(name));
  }

  /** A deletion is asked for: the kubelet stops the containers within the grace period, then the pod is gone. */
  delete(uid: string, onGone: () => void = () => undefined): void {
    if (this.pods.get(uid) === undefined) return;
    this.pods.terminate(uid);
    this.#stop(uid, onGone);
  }

  /** Another than the kubelet asks for the end: an eviction by the API, a taint, a preemption. */
  disrupt(uid: string, reason: string, onGone: () => void = () => undefined): void {
    if (this.pods.get(uid) === undefined) return;
    this.pods.disrupt(uid, reason);
    this.#stop(uid, onGone);
  }

  /** Gone at once, as pods of a node that is gone. */
  collect(uid: string): void {
    const pod = this.pods.get(uid);
    if (pod === undefined) return;
    if (!['Succeeded', 'Failed'].includes(pod.status.phase)) this.pods.disrupt(uid, 'DeletionByPodGC');
    this.pods.forceDelete(uid);
  }

  #stop(uid: string, onGone: () => void): void {
    const node = this.pods.get(uid)?.spec.nodeName;
    const isStubborn = this.random.next() < 0.2;
    this.agenda.after(isStubborn ? 30 * SECOND_MS : this.between(500, 5 * SECOND_MS), () => {
      const pod = this.pods.get(uid);
      if (pod === undefined || (node !== undefined && this.lost.has(node))) return;
      if (pod.status.phase === 'Running')
        if (isStubborn || this.random.next() < 0.5) this.pods.fail(uid);
        else this.pods.finish(uid);
      this.agenda.after(this.between(100, 800), () => {
        const last = this.pods.get(uid);
        if (last === undefined) return;
        this.pods.remove(last.metadata.finalizers ? this.pods.untrack(uid) : uid);
        onGone();
      });
    });
  }
}
