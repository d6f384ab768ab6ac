import { ClusterError } from './cluster-error.js';
import { type EndStep, endCauseOf } from './end-cause.js';
import type { KubeletReport } from './kubelet-report.js';
import { type ClusterNode, nodeOf } from './nodes.js';
import type { PodEvent, WriteType } from './pod-event.js';
import { PodIndex } from './pod-index.js';
import { isFinished, keyOf, type PodObject } from './pod-object.js';
import * as steps from './pod-steps.js';
import type { PodStoreParts } from './pod-store-parts.js';
import { newPod, type PodTemplate } from './pod-template.js';

/** A pod as any of its states or by its UID. */
export type PodRef = PodObject | string;

/** Other objects that are written between two pod writes, at most: their number is random. */
const MAX_WRITES_BETWEEN = 3;
const DEFAULT_GRACE_SECONDS = 30;

type ReportStep = (pod: PodObject, report: KubeletReport) => PodObject;

/**
 * The pods and the single steps of their lives. Every step is one write that watches see, gives the pod's new state,
 * and throws {@link ClusterError} POD_NOT_FOUND for a pod that is gone. Address changes go to the truth.
 */
export class PodStore {
  readonly #parts: PodStoreParts;
  readonly #pods = new PodIndex();

  constructor(parts: PodStoreParts) {
    this.#parts = parts;
  }

  get nodes(): readonly [ClusterNode, ...ClusterNode[]] {
    return this.#parts.nodes;
  }

  get count(): number {
    return this.#pods.size;
  }

  /** Addresses that the fullest pool can still hand out. */
  get freeIps(): number {
    return this.#parts.leases.free;
  }

  /** Resource version of the last write of anything. */
  get resourceVersion(): number {
    return this.#parts.store.revision;
  }

  all(): PodObject[] {
    return this.#pods.all();
  }

  get(uid: string): PodObject | undefined {
    return this.#pods.get(uid);
  }

  find(namespace: string, name: string): PodObject | undefined {
    return this.#pods.find(`${namespace}/${name}`);
  }

  /** Stores a pending pod. @throws {ClusterError} POD_EXISTS when there is one of this name. */
  create(template: PodTemplate): PodObject {
    const { random, now, wholeFields } = this.#parts;
    const pod = newPod({ template, uid: random.uuid(), createdAt: now(), wholeFields });
    const key = keyOf(pod);
    if (this.#pods.find(key)) throw new ClusterError('POD_EXISTS', `there is a pod ${key} already`);
    return this.#pods.put(this.#write('ADDED', pod).pod);
  }

  /** Binds the pod to a node, by default a random one. */
  schedule(ref: PodRef, nodeName = this.#parts.random.pick(this.nodes).name): PodObject {
    const now = this.#parts.now();
    this.#parts.kubelet.bound(this.#pod(ref).metadata.uid, now);
    return this.#modify(ref, (pod) => steps.scheduled(pod, nodeName, now));
  }

  /** Gives the pod its addresses while it is still pending, as when init containers run. */
  initialise(ref: PodRef): PodObject {
    return this.#modifyWithIps(ref, steps.initialising);
  }

  /** All containers run. The pod gets its addresses unless it has them. @throws {ClusterError} IP_POOL_EXHAUSTED */
  run(ref: PodRef): PodObject {
    return this.#modifyWithIps(ref, steps.running);
  }

  /** A finished pod runs again and gets addresses again: some kubelets do that after an eviction, and virtual ones. */
  runAgain(ref: PodRef): PodObject {
    return this.#modifyWithIps(ref, steps.running, true);
  }

  /** Phase Succeeded: the addresses are free for others, though the status still shows them. */
  finish(ref: PodRef): PodObject {
    return this.#releasing(ref, steps.succeeded, 'finish');
  }

  /** Phase Failed: a container ended with an error, or by the signal of a deletion. The addresses are free. */
  fail(ref: PodRef): PodObject {
    return this.#releasing(ref, steps.failed, 'fail');
  }

  /** Phase Failed, reason Evicted: the kubelet says so before it ends the sandbox. */
  evict(ref: PodRef): PodObject {
    const [pod] = this.#report(ref, (current, report) => steps.evicted(current, 'Evicted', report));
    this.#releaseLater(pod, 'evict');
    return pod;
  }

  /** Its container ends, and is started again: the pod keeps its addresses. One write. */
  restart(ref: PodRef, end: steps.ContainerEnd = { reason: 'Error', exitCode: 1 }): PodObject {
    const [pod, happenedMs] = this.#report(ref, (current, report) => steps.restarted(current, end, report));
    this.#recordRestart(pod, end, happenedMs);
    return pod;
  }

  /** Another than the kubelet asks for its end, as a drain or a taint does: two writes. Then `fail` and `remove` it. */
  disrupt(ref: PodRef, reason = 'EvictionByEvictionAPI'): PodObject {
    return this.terminate(this.#modify(ref, (pod, now) => steps.disrupted(pod, reason, now)));
  }

  /** The Job controller has counted the finished pod. */
  untrack(ref: PodRef): PodObject {
    return this.#modify(ref, steps.withoutFinalizers);
  }

  /** The pod's network plugin, or anyone else, sets annotations. */
  annotate(ref: PodRef, annotations: Readonly<Record<string, string>>): PodObject {
    return this.#modify(ref, (pod) => ({
      ...pod,
      metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, ...annotations } },
    }));
  }

  /** The pod gets other addresses while it runs, as when its sandbox is made again. */
  changeIp(ref: PodRef): PodObject {
    const { leases } = this.#parts;
    const pod = this.#pod(ref);
    if (leases.held(pod.metadata.uid).length === 0 || pod.spec.hostNetwork)
      throw new ClusterError('POD_HOLDS_NO_IP', `${keyOf(pod)} holds no address of its own`);
    // Taken before the old ones are back in the pool, or they would be the same again.
    const ips = leases.take();
    const step: ReportStep = (current, report) => steps.withAddresses(current, ips, report);
    const [changed, happenedMs] = this.#report(pod, step, leases.freeSinceMs(ips));
    leases.release(changed, happenedMs);
    leases.assign(changed, ips, happenedMs);
    this.#recordRestart(changed, steps.KILLED, happenedMs);
    return changed;
  }

  /** Starts the graceful deletion: the pod gets a deletion timestamp and keeps its addresses. */
  terminate(ref: PodRef, graceSeconds = DEFAULT_GRACE_SECONDS): PodObject {
    return this.#modify(ref, (pod, now) => steps.terminating(pod, graceSeconds, now));
  }

  /** Ends the deletion, two writes: a grace period of 0, then gone. By force, if the pod has not finished. */
  remove(ref: PodRef): PodObject {
    this.terminate(ref, 0);
    return this.forceDelete(ref);
  }

  /** The whole graceful deletion, without a wait between its steps. */
  delete(ref: PodRef): PodObject {
    this.terminate(ref);
    return this.remove(ref);
  }

  /** Gone at once, one write; a real API server makes two of it, of which the first only marks the pod. */
  forceDelete(ref: PodRef): PodObject {
    const last = this.#pod(ref);
    const isMarked = last.metadata.deletionGracePeriodSeconds === 0;
    const { pod } = this.#write('DELETED', isMarked ? last : steps.terminating(last, 0, this.#parts.now()));
    this.#releaseLater(pod, 'remove');
    this.#parts.kubelet.forget(pod.metadata.uid);
    this.#pods.remove(pod);
    return pod;
  }

  /** Creates, schedules and runs a pod. */
  start(template: PodTemplate): PodObject {
    return this.run(this.schedule(this.create(template), template.pinnedTo));
  }

  /** Other objects are written: the resource version moves on though no pod changes. */
  otherObjectsWrite(writes = 1): void {
    this.#parts.store.advance(writes);
  }

  /** Forgets old versions, up to the current one by default: lists, watches and tokens from before get 410. */
  compact(resourceVersion?: number): void {
    this.#parts.store.compact(resourceVersion);
  }

  #pod(ref: PodRef): PodObject {
    return this.#pods.require(typeof ref === 'string' ? ref : ref.metadata.uid);
  }

  #write(type: WriteType, pod: PodObject): PodEvent {
    const { store, random } = this.#parts;
    store.advance(random.integer(MAX_WRITES_BETWEEN + 1));
    return store.write(type, pod);
  }

  #modify(ref: PodRef, step: (pod: PodObject, now: Date) => PodObject): PodObject {
    return this.#pods.put(this.#write('MODIFIED', step(this.#pod(ref), this.#parts.now())).pod);
  }

  /** One write of the kubelet, and when what it reports happened. */
  #report(ref: PodRef, step: ReportStep, afterMs = 0): readonly [PodObject, number] {
    const { kubelet, now, wholeFields } = this.#parts;
    const pod = this.#pod(ref);
    const report = { ...kubelet.report(pod, now(), afterMs), wholeFields };
    return [this.#modify(pod, (current) => step(current, report)), report.happenedMs];
  }

  #modifyWithIps(
    ref: PodRef,
    step: (pod: PodObject, addresses: steps.Addresses, report: KubeletReport) => PodObject,
    again = false,
  ): PodObject {
    const { leases } = this.#parts;
    const pod = this.#pod(ref);
    if (isFinished(pod) && !again)
      throw new ClusterError('POD_FINISHED', `${keyOf(pod)} is finished and never runs again`);
    const node = nodeOf(pod, this.nodes);
    const held = leases.held(pod.metadata.uid);
    const isNew = held.length === 0;
    const ips = isNew ? (pod.spec.hostNetwork ? node.ips : leases.take()) : held;
    const withIps: ReportStep = (current, report) => step(current, { hostIps: node.ips, ips }, report);
    const [changed, happenedMs] = this.#report(pod, withIps, isNew ? leases.freeSinceMs(ips) : 0);
    if (isNew) leases.assign(changed, ips, happenedMs);
    return changed;
  }

  #recordRestart(pod: PodObject, end: steps.ContainerEnd, happenedMs: number): void {
    const { restarts, now } = this.#parts;
    restarts.append(pod, end, { at: now(), happenedAt: new Date(happenedMs) });
  }

  /** The kubelet ends the sandbox only after this write. */
  #releaseLater(pod: PodObject, end: EndStep): void {
    const { kubelet, leases, now } = this.#parts;
    leases.release(pod, kubelet.leftUntilMs(now()), endCauseOf(pod, end));
  }

  #releasing(ref: PodRef, step: ReportStep, end: EndStep): PodObject {
    const [pod, happenedMs] = this.#report(ref, step);
    this.#parts.leases.release(pod, happenedMs, endCauseOf(pod, end));
    return pod;
  }
}
