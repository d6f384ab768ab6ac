import type { PodPhase } from './pod-object.js';
import type { Random } from './random.js';
import type { WorkloadKind } from './workload.js';

/** One step in the life of a place for a pod. Each is one write, `remove` two. */
export type ChurnStep =
  | 'create'
  | 'schedule'
  | 'initialise'
  | 'run'
  | 'changeIp'
  | 'finish'
  | 'fail'
  | 'evict'
  | 'restart'
  | 'disrupt'
  | 'untrack'
  | 'terminate'
  | 'remove'
  | 'forceDelete';

/** The state of a place between two episodes. */
export interface PlaceState {
  readonly kind: WorkloadKind;
  readonly hostNetwork: boolean;
  /** The phase of the pod that is there; undefined: there is none. */
  readonly phase: PodPhase | undefined;
}

/** Parts of the episodes of running pods, from 0 to 1. */
export interface EpisodeShares {
  /** Pods that end by an eviction; 0.03 by default. */
  readonly evictShare?: number;
  /** Containers that are started again, and pods whose end another than their owner asks for; 0 by default. */
  readonly troubleShare?: number;
}

interface Choice {
  readonly weight: number;
  readonly steps: readonly ChurnStep[];
}

const START: readonly Choice[] = [
  { weight: 8, steps: ['create', 'schedule', 'run'] },
  { weight: 2, steps: ['create', 'schedule', 'initialise', 'run'] },
];
/** A pod that never got as far as an address: it could not be admitted, or was deleted before. */
const FALSE_START: readonly Choice[] = [
  { weight: 1, steps: ['create', 'schedule', 'evict'] },
  { weight: 1, steps: ['create', 'forceDelete'] },
];
const STOP: readonly Choice[] = [
  // The kubelet shows the end of the containers before the pod is gone.
  { weight: 60, steps: ['terminate', 'fail', 'remove'] },
  { weight: 35, steps: ['terminate', 'finish', 'remove'] },
  // By force, in the middle of a graceful deletion or without one.
  { weight: 2, steps: ['terminate', 'remove'] },
  { weight: 3, steps: ['forceDelete'] },
];
const END: readonly Choice[] = [
  { weight: 9, steps: ['finish', 'untrack'] },
  { weight: 1, steps: ['fail', 'untrack'] },
];
/** Of pods that something restarts. */
const TROUBLE: readonly Choice[] = [
  { weight: 3, steps: ['restart'] },
  { weight: 1, steps: ['disrupt', 'fail', 'remove'] },
];
const CHANGE_IP_SHARE = 0.01;
const EVICT_SHARE = 0.03;
const FALSE_START_SHARE = 0.03;

/** The next episode at a place: the steps from one lasting state to another. */
export function planEpisode(
  place: PlaceState,
  random: Random,
  { evictShare = EVICT_SHARE, troubleShare = 0 }: EpisodeShares = {},
): readonly ChurnStep[] {
  const { kind, phase } = place;
  if (phase === undefined)
    return random.next() < FALSE_START_SHARE
      ? pickWeighted(FALSE_START, random)
      : pickWeighted(START, random);
  if (phase !== 'Running') return ['remove', ...pickWeighted(START, random)];
  const chance = random.next();
  if (chance < CHANGE_IP_SHARE && !place.hostNetwork) return ['changeIp'];
  // A finished Job stays where it is until its next episode.
  if (kind === 'Job') return pickWeighted(END, random);
  if (chance < CHANGE_IP_SHARE + evictShare) return ['evict'];
  if (chance < CHANGE_IP_SHARE + evictShare + troubleShare) return pickWeighted(TROUBLE, random);
  const stop = pickWeighted(STOP, random);
  return kind === 'Bare' ? stop : [...stop, ...pickWeighted(START, random)];
}

function pickWeighted(choices: readonly Choice[], random: Random): readonly ChurnStep[] {
  let rest = random.next() * choices.reduce((sum, { weight }) => sum + weight, 0);
  for (const { weight, steps } of choices) {
    rest -= weight;
    if (rest < 0) return steps;
  }
  return [];
}
