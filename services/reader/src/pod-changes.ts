import { buildMessage, type MessageOrigin, type PodIpMessage } from '@podips/shared';
import { decideGone, decideList, decideSeen, type IpChange, type KnownPod } from './leases.js';
import type { Pod } from './pod.js';
import type { PodSink } from './pod-feed.js';
import type { PodEvent } from './pod-stream.js';

/** Takes messages on their way out. See {@link Publisher}. */
export interface MessageOutlet {
  readonly room: number;
  publish(bodies: readonly string[]): void;
  roomAvailable(signal: AbortSignal): Promise<void>;
}

export interface PodChangesDeps {
  readonly outlet: MessageOutlet;
  readonly origin: MessageOrigin;
  readonly now: () => Date;
  readonly signal: AbortSignal;
  readonly onChange: (message: PodIpMessage) => void;
}

export interface PodChanges extends PodSink {
  readonly knownPods: number;
}

/** Turns what the feed sees into messages, and remembers what was told of each pod. */
export function trackPodChanges(deps: PodChangesDeps): PodChanges {
  const { outlet, origin } = deps;
  let known = new Map<string, KnownPod>();
  let listed = false;

  const tell = (changes: readonly IpChange[]) => {
    if (changes.length === 0) return;
    const observedAt = deps.now();
    const messages = changes.map((change) => buildMessage({ ...change, observedAt }, origin));
    for (const message of messages) deps.onChange(message);
    outlet.publish(messages.map((message) => JSON.stringify(message)));
  };

  const decide = (event: Extract<PodEvent, { pod: Pod }>) => {
    const before = known.get(event.pod.uid);
    return event.type === 'gone' ? decideGone(before, false) : decideSeen(before, event.pod, false);
  };

  return {
    get knownPods() {
      return known.size;
    },
    async replaceAll(pods) {
      const decision = decideList(known, pods, listed);
      known = decision.known;
      listed = true;
      for (let next = 0; next < decision.changes.length; ) {
        await outlet.roomAvailable(deps.signal);
        const count = outlet.room;
        tell(decision.changes.slice(next, next + count));
        next += count;
      }
    },
    apply(event) {
      if (event.type !== 'seen' && event.type !== 'gone') return true;
      const decision = decide(event);
      if (decision.changes.length > outlet.room) return false;
      if (decision.known === undefined) known.delete(event.pod.uid);
      else known.set(event.pod.uid, decision.known);
      tell(decision.changes);
      return true;
    },
    roomAvailable: (signal) => outlet.roomAvailable(signal),
  };
}
