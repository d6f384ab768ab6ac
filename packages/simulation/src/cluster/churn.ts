import { ClusterError } from './cluster-error.js';
import { type ChurnStep, type EpisodeShares, planEpisode } from './episode.js';
import { createPlaces, type Place, type WorkloadMix } from './places.js';
import type { PodStore } from './pod-store.js';
import { createRandom, type Random } from './random.js';
import { podTemplate } from './workload.js';

export interface ChurnOptions extends EpisodeShares {
  readonly seed?: number;
  /** Number of places for pods, and so the largest number of pods that the churn makes; 100 by default. */
  readonly pods?: number;
  /** Weights of the kinds of workloads; kinds that are not named have none. */
  readonly mix?: Partial<WorkloadMix>;
  /** Pods on their nodes' addresses, of the DaemonSets' pods; from 0 to 1. */
  readonly hostNetworkShare?: number;
  /** Namespaces that the workloads spread over; 3 by default. */
  readonly namespaces?: number;
}

/** A place and the episode that runs there. */
interface Slot {
  readonly place: Place;
  uid: string | undefined;
  plan: ChurnStep[];
}

const DEFAULT_MIX: WorkloadMix = { Deployment: 50, StatefulSet: 15, DaemonSet: 10, Job: 20, Bare: 5 };
/** The share of places that are between two lasting states at a time. */
const BUSY_SHARE = 0.1;

/**
 * Keeps pods coming and going, one write at a time. Between its episodes a place has a running pod, a finished one or
 * none. The episodes of different places interleave, and the same seed makes the same steps.
 */
export class Churn {
  readonly #pods: PodStore;
  readonly #random: Random;
  readonly #idle: Slot[];
  readonly #busy: Slot[] = [];
  readonly #maxBusy: number;
  readonly #shares: EpisodeShares;

  /** @throws {ClusterError} OPTION_INVALID when the cluster has too few addresses for so many pods */
  constructor(pods: PodStore, options: ChurnOptions = {}) {
    const { seed = 1, pods: places = 100 } = options;
    // A change of address in place needs one more for a moment.
    if (pods.freeIps < places + 1)
      throw new ClusterError('OPTION_INVALID', `${places} pods need ${places + 1} free addresses`);
    this.#pods = pods;
    this.#random = createRandom(seed);
    this.#shares = options;
    const found = createPlaces(
      {
        count: places,
        mix: options.mix ?? DEFAULT_MIX,
        hostNetworkShare: options.hostNetworkShare ?? 0.5,
        namespaces: options.namespaces ?? 3,
        nodes: pods.nodes,
      },
      this.#random,
    );
    this.#idle = found.map((place) => ({ place, uid: undefined, plan: [] }));
    this.#maxBusy = Math.max(1, Math.round(places * BUSY_SHARE));
  }

  /** Starts a pod at every place that is idle and empty. */
  fill(): void {
    for (const slot of this.#idle) {
      if (slot.uid !== undefined) continue;
      for (const step of ['create', 'schedule', 'run'] as const) this.#take(slot, step);
    }
  }

  /** One step at one slot. */
  step(): void {
    if (this.#busy.length < this.#maxBusy) this.#startEpisode();
    const index = this.#random.integer(this.#busy.length);
    const slot = this.#busy[index];
    const step = slot?.plan.shift();
    if (slot === undefined || step === undefined) return;
    this.#take(slot, step);
    if (slot.plan.length > 0) return;
    removeAt(this.#busy, index);
    this.#idle.push(slot);
  }

  #startEpisode(): void {
    if (this.#idle.length === 0) return;
    const slot = removeAt(this.#idle, this.#random.integer(this.#idle.length));
    const pod = slot.uid === undefined ? undefined : this.#pods.get(slot.uid);
    const { kind, hostNetwork } = slot.place.workload;
    // Another client may have deleted the pod: the slot is empty then.
    if (pod === undefined) slot.uid = undefined;
    slot.plan = [...planEpisode({ kind, hostNetwork, phase: pod?.status.phase }, this.#random, this.#shares)];
    this.#busy.push(slot);
  }

  #take(slot: Slot, step: ChurnStep): void {
    const pods = this.#pods;
    if (step === 'create') {
      slot.uid = pods.create(podTemplate(slot.place.workload, slot.place, this.#random)).metadata.uid;
      return;
    }
    const uid = slot.uid;
    if (uid === undefined || pods.get(uid) === undefined) return;
    if (step === 'schedule')
      pods.schedule(uid, slot.place.workload.kind === 'DaemonSet' ? slot.place.node : undefined);
    else pods[step](uid);
    if (step === 'remove' || step === 'forceDelete') slot.uid = undefined;
  }
}

/** Removes by moving the last one into the gap: the order does not matter here, and thousands need not move. */
function removeAt(slots: Slot[], index: number): Slot {
  const slot = slots[index];
  const last = slots.pop();
  if (slot === undefined || last === undefined) throw new RangeError(`there is no slot ${index}`);
  if (slot !== last) slots[index] = last;
  return slot;
}
