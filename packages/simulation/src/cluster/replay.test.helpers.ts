import { isFinished, type PodObject } from './pod-object.js';

/** A change as a reader of the stream would find it; comparable with the truth by its text. */
export function describeChange(kind: string, podUid: string, ip: string): string {
  return `${kind} ${podUid} ${ip}`;
}

/**
 * A reader at its simplest: derives starts and ends of holds from pods as the API shows them. For tests, which
 * compare what it finds with the truth.
 */
export class Replay {
  readonly changes: string[] = [];
  readonly #held = new Map<string, readonly string[]>();

  /** Takes one event of a watch, or a pod of a list as ADDED. */
  see(type: string, pod: PodObject): void {
    const { uid } = pod.metadata;
    const before = this.#held.get(uid) ?? [];
    const holds = type !== 'DELETED' && !isFinished(pod);
    const after = holds ? (pod.status.podIPs ?? []).map(({ ip }) => ip) : [];
    for (const ip of before) if (!after.includes(ip)) this.changes.push(describeChange('released', uid, ip));
    for (const ip of after) if (!before.includes(ip)) this.changes.push(describeChange('assigned', uid, ip));
    this.#held.set(uid, after);
  }
}
