import { ClusterError } from './cluster-error.js';
import type { PodObject } from './pod-object.js';
import type { PodStore } from './pod-store.js';
import type { Random } from './random.js';
import {
  createWorkload,
  podTemplate,
  type Workload,
  type WorkloadKind,
  type WorkloadOptions,
} from './workload.js';

/**
 * The work of controllers, on demand and to the end: when a method returns, all pods have taken all their steps.
 * A workload is made the first time that it is named.
 */
export class Workloads {
  readonly #pods: PodStore;
  readonly #random: Random;
  readonly #workloads = new Map<string, Workload>();

  constructor(pods: PodStore, random: Random) {
    this.#pods = pods;
    this.#random = random;
  }

  /** Starts pods, or deletes the youngest, until there are this many. Returns all of them. */
  scaleDeployment(name: string, replicas: number, options?: WorkloadOptions): PodObject[] {
    const workload = this.#workload('Deployment', name, options);
    for (let count = this.podsOf(workload).length; count < replicas; count += 1) this.#start(workload, count);
    for (const pod of this.podsOf(workload).slice(replicas)) this.#pods.delete(pod);
    return this.podsOf(workload);
  }

  /** Replaces a Deployment's pods one by one by those of a new template, as a rolling update does. Returns all of them. */
  rollOut(name: string, options?: WorkloadOptions): PodObject[] {
    const before = this.#workload('Deployment', name, options);
    this.#workloads.delete(this.#key('Deployment', name, options));
    const after = this.#workload('Deployment', name, options);
    for (const [index, old] of this.podsOf(before).entries()) {
      this.#start(after, index);
      this.#pods.delete(old);
    }
    return this.podsOf(after);
  }

  /** Starts or deletes the pods with the highest ordinals. Returns all, in the order of their ordinals. */
  scaleStatefulSet(name: string, replicas: number, options?: WorkloadOptions): PodObject[] {
    const workload = this.#workload('StatefulSet', name, options);
    const pods = Array.from(
      { length: replicas },
      (_, ordinal) => this.#member(workload, ordinal) ?? this.#start(workload, ordinal),
    );
    for (let ordinal = replicas; ; ordinal += 1) {
      const surplus = this.#member(workload, ordinal);
      if (surplus === undefined) return pods;
      this.#pods.delete(surplus);
    }
  }

  /** Deletes a pod of a StatefulSet and starts the next one of this name, with a new UID. */
  replaceStatefulSetPod(name: string, ordinal: number, options?: WorkloadOptions): PodObject {
    const workload = this.#workload('StatefulSet', name, options);
    const old = this.#member(workload, ordinal);
    if (old === undefined)
      throw new ClusterError('POD_NOT_FOUND', `${workload.namespace}/${name} has no pod ${ordinal}`);
    this.#pods.delete(old);
    return this.#start(workload, ordinal);
  }

  /** One pod on every node that has none. */
  startDaemonSet(name: string, options?: WorkloadOptions): PodObject[] {
    const workload = this.#workload('DaemonSet', name, options);
    const covered = new Set(this.podsOf(workload).map((pod) => pod.spec.nodeName));
    for (const [ordinal, node] of this.#pods.nodes.entries())
      if (!covered.has(node.name)) this.#start(workload, ordinal);
    return this.podsOf(workload);
  }

  /**
   * A node is short of something: its kubelet does not admit the DaemonSet's next pod, which fails without an address. The
   * controller deletes it. @returns the pod as it failed
   */
  rejectDaemonSetPod(name: string, options?: WorkloadOptions): PodObject {
    const workload = this.#workload('DaemonSet', name, options);
    const [node] = this.#pods.nodes;
    const template = podTemplate(workload, { ordinal: 0, node: node.name }, this.#random);
    const failed = this.#pods.evict(this.#pods.schedule(this.#pods.create(template), node.name));
    this.#pods.remove(failed);
    return failed;
  }

  /** Runs this many more pods of a Job; they keep running. */
  startJob(name: string, completions = 1, options?: WorkloadOptions): PodObject[] {
    const workload = this.#workload('Job', name, options);
    return Array.from({ length: completions }, (_, ordinal) => this.#start(workload, ordinal));
  }

  /** Deletes a pod whatever it does, if it is still there, and starts the next one as its controller does. */
  replacePod(pod: PodObject): PodObject {
    const { uid, name, ownerReferences } = pod.metadata;
    const workload = [...this.#workloads.values()].find((one) => one.ownerUid === ownerReferences?.[0]?.uid);
    if (workload === undefined) throw new ClusterError('POD_NOT_FOUND', `no controller replaces ${name}`);
    if (this.#pods.get(uid)) this.#pods.remove(pod);
    const node = this.#pods.nodes.findIndex((one) => one.name === pod.spec.nodeName);
    return this.#start(workload, workload.kind === 'StatefulSet' ? Number(name.split('-').at(-1)) : node);
  }

  /** Runs a Job to its end. Its pods are Succeeded and stay until `deleteJob`. */
  runJob(name: string, completions = 1, options?: WorkloadOptions): PodObject[] {
    return this.startJob(name, completions, options).map((pod) => this.#pods.untrack(this.#pods.finish(pod)));
  }

  /** Deletes a Job's pods, whatever their phase. */
  deleteJob(name: string, options?: WorkloadOptions): void {
    for (const pod of this.podsOf(this.#workload('Job', name, options)))
      this.#pods.remove(pod.metadata.finalizers ? this.#pods.untrack(pod) : pod);
  }

  /** A running pod without an owner. */
  startBarePod(
    name: string,
    { namespace = 'default', hostNetwork = false }: WorkloadOptions = {},
  ): PodObject {
    return this.#pods.start({ name, namespace, hostNetwork });
  }

  podsOf(workload: Workload): PodObject[] {
    return this.#pods
      .all()
      .filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === workload.ownerUid);
  }

  #workload(kind: WorkloadKind, name: string, options: WorkloadOptions = {}): Workload {
    const key = this.#key(kind, name, options);
    const known = this.#workloads.get(key);
    if (known) return known;
    const made = createWorkload(kind, name, this.#random, options);
    this.#workloads.set(key, made);
    return made;
  }

  #key(kind: WorkloadKind, name: string, { namespace = 'default' }: WorkloadOptions = {}): string {
    return `${kind}/${namespace}/${name}`;
  }

  #member(workload: Workload, ordinal: number): PodObject | undefined {
    return this.#pods.find(workload.namespace, `${workload.name}-${ordinal}`);
  }

  #start(workload: Workload, ordinal: number): PodObject {
    const { nodes } = this.#pods;
    const node = nodes[ordinal % nodes.length] ?? nodes[0];
    return this.#pods.start(podTemplate(workload, { ordinal, node: node.name }, this.#random));
  }
}
