import { eventId } from '@podips/shared';
import { NO_TIMES } from './changes/leases.test.helpers.js';
import type { PodTimes } from './changes/pod-times.js';
import type { Pod } from './cluster/pod.js';
import type { PodEvent } from './cluster/pod-stream.js';

export const PARTS = ['watch', 'queue', 'outbox', 'ledger'] as const;
/** Addresses of one pod: no event means more messages than the smallest log has room for. */
const MAX_IPS = 2;
/** From what happens to a pod's address to the write that shows it. */
export const REPORT_MS = 700;

/** One thing that happens in the cluster, around the reader, or to it. */
export type Step =
  | { readonly do: 'give' | 'take'; readonly pod: number; readonly ip: string }
  | { readonly do: 'delete'; readonly pod: number }
  /** Its container ends, and is started again. */
  | { readonly do: 'restart'; readonly pod: number }
  /** Its kubelet does not admit the pod, which never gets an address and stays until it is deleted. */
  | { readonly do: 'reject'; readonly pod: number }
  /** The cluster forgets what happened up to now. */
  | { readonly do: 'compact' }
  | { readonly do: 'bookmark' }
  | { readonly do: 'switch'; readonly part: (typeof PARTS)[number] }
  /** Someone sets the clock of the machine that the reader runs on. */
  | { readonly do: 'set clock'; readonly aheadMs: number }
  /** Ends the term. `load`: of another reader, which fences this one off. */
  | { readonly do: 'kill' | 'stop' | 'load' }
  /** The database goes back by so many of its writes: a failover to a replica, or a backup. */
  | { readonly do: 'revert'; readonly by: number };

/** A lease as it really was. */
export interface Hold {
  readonly uid: string;
  readonly ip: string;
  readonly occurrence: number;
  readonly from: number;
  to: number;
  /** Why it ended; empty for the end of an address that its pod outlives. */
  cause: string;
}

/** A container that was really started again. */
export interface Restarted {
  readonly uid: string;
  readonly count: number;
  readonly at: number;
}

/** A pod that really failed before it had an address. */
export interface Failed {
  readonly uid: string;
  readonly cause: string;
  readonly at: number;
}

/** A cluster with few addresses, each of one pod at a time, and what it really did. */
export class Cluster {
  readonly holds: Hold[] = [];
  readonly restarts: Restarted[] = [];
  readonly failures: Failed[] = [];
  readonly #pods = new Map<string, Pod>();
  #events: Array<{ readonly version: number; readonly event: PodEvent }> = [];
  #names = 0;
  version = 1;
  forgottenUpTo = 0;

  get pods(): Pod[] {
    return [...this.#pods.values()];
  }

  /** @param isCounted whether the ledger knows that a pod gave an address up; else it may not get it back */
  apply(step: Step, now: number, isCounted: (hold: Hold) => boolean): void {
    if (step.do === 'compact') {
      this.#events = [];
      this.forgottenUpTo = this.version;
    }
    if (!('pod' in step)) return;
    const before = this.pods.find(({ name }) => name === `pod-${step.pod}`);
    if (step.do === 'reject') {
      if (before === undefined) this.#reject(step.pod, now);
      return;
    }
    // A pod that has failed gets no address, and its container does not run.
    if (before?.finished && step.do !== 'delete') return;
    const ips = new Set(before?.ips);
    if (step.do === 'give') {
      const isHeld = this.pods.some((pod) => pod.ips.includes(step.ip));
      const earlier = this.holds.findLast(({ uid, ip }) => uid === before?.uid && ip === step.ip);
      if (isHeld || ips.size === MAX_IPS || (earlier && !isCounted(earlier))) return;
      ips.add(step.ip);
    } else if (before === undefined || (step.do === 'take' && !ips.delete(step.ip))) return;
    this.version += 1;
    const created = before ?? this.#create(step.pod, now);
    const times = timesOf(step.do, created.times, now);
    const restarted = step.do === 'restart' && { restarts: this.#restart(created.uid, now) };
    const pod = { ...created, times, ips: step.do === 'delete' ? [] : [...ips], ...restarted };
    this.#hold(pod, now, step.do === 'delete' ? created.endCause?.cause : '');
    if (step.do === 'delete') this.#pods.delete(pod.uid);
    else this.#pods.set(pod.uid, pod);
    this.#write(step.do === 'delete' ? 'deleted' : before ? 'modified' : 'added', pod);
  }

  after(version: number): readonly PodEvent[] {
    return this.#events.filter((each) => each.version > version).map(({ event }) => event);
  }

  #write(type: 'added' | 'modified' | 'deleted', pod: Pod): void {
    this.#events.push({ version: this.version, event: { type, pod, resourceVersion: `${this.version}` } });
  }

  #reject(index: number, now: number): void {
    const waiting = this.#create(index, now);
    const { uid, endCause } = waiting;
    this.version += 1;
    this.#write('added', waiting);
    const failed = { ...waiting, finished: true, times: timesOf('reject', waiting.times, now) };
    this.#pods.set(uid, failed);
    this.version += 1;
    this.#write('modified', failed);
    this.failures.push({ uid, cause: endCause?.cause ?? '', at: now });
  }

  #create(index: number, now: number): Pod {
    this.#names += 1;
    const identity = { uid: `uid-${this.#names}`, namespace: 'shop', name: `pod-${index}`, node: 'node-1' };
    const boundAt = second(now - 2 * REPORT_MS);
    const times = { ...NO_TIMES, createdAt: boundAt, scheduledAt: boundAt, acceptedAt: boundAt };
    return {
      ...identity,
      ownerKind: 'Job',
      ownerName: 'x',
      hostNetwork: false,
      ips: [],
      workload: { kind: 'Job', name: 'x', revision: '', serviceAccount: 'default' },
      finished: false,
      times,
      endCause: { cause: `end of ${identity.uid}`, exitCode: undefined },
    };
  }

  /** What its next version says of its container. */
  #restart(uid: string, now: number): NonNullable<Pod['restarts']> {
    const count = this.restarts.filter((restart) => restart.uid === uid).length + 1;
    this.restarts.push({ uid, count, at: now });
    const endedAtMs = second(now - REPORT_MS) * 1_000;
    return [{ container: 'main', count, reason: 'Error', exitCode: 1, endedAtMs }];
  }

  #hold({ uid, ips }: Pod, now: number, cause = ''): void {
    const open = this.holds.filter((hold) => hold.uid === uid && hold.to === Number.POSITIVE_INFINITY);
    for (const hold of open) if (!ips.includes(hold.ip)) Object.assign(hold, { to: now, cause });
    for (const ip of ips) {
      if (open.some((hold) => hold.ip === ip)) continue;
      const occurrence = this.holds.filter((hold) => hold.uid === uid && hold.ip === ip).length;
      this.holds.push({ uid, ip, occurrence, from: now, to: Number.POSITIVE_INFINITY, cause: '' });
    }
  }
}

const second = (ms: number) => Math.floor(ms / 1_000);

/** What a pod says of itself after a write, whose cause was a little earlier. */
function timesOf(what: Step['do'], before: PodTimes, now: number): PodTimes {
  if (what === 'delete') return { ...before, deletionAskedAt: second(now), deletionGraceSeconds: 0 };
  const kubeletNewest = second(now - REPORT_MS);
  const written = { ...before, writtenAt: second(now), kubeletWroteAt: second(now), kubeletNewest };
  if (what !== 'give') return written;
  // Another address comes with another sandbox.
  return { ...written, firstStartedAt: kubeletNewest, sandboxChangedAt: kubeletNewest, sandboxReady: true };
}

export const idOf = ({ uid, ip, occurrence }: Pick<Hold, 'uid' | 'ip' | 'occurrence'>, isEnd: boolean) =>
  eventId(uid, ip, isEnd ? 'deallocated' : 'allocated', occurrence);

export const keyOfRestart = ({ uid, count }: Pick<Restarted, 'uid' | 'count'>) => `${uid} ${count}`;
