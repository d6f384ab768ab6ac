import { describe, expect, it } from 'vitest';
import type { Pod } from '../cluster/pod.js';
import { type Decision, decideGone, decideSeen, type IpChange, type KnownPod } from './leases.js';
import { decideList, NO_TIMES, sightingAt } from './leases.test.helpers.js';

const AT = Date.parse('2026-11-20T14:05:00Z');
const X = '10.64.0.1';
const Y = '10.64.0.2';
const X6 = 'fd00::1';
const WORKLOAD = { kind: 'Deployment', name: 'web', revision: '5cc', serviceAccount: 'shop' };
const END = { reason: 'OOMKilled', exitCode: 137, endedAtMs: AT };

function pod(overrides: Partial<Pod> = {}): Pod {
  return {
    uid: 'uid-1',
    namespace: 'default',
    name: 'web-1',
    ownerKind: 'ReplicaSet',
    ownerName: 'web',
    node: 'node-1',
    hostNetwork: false,
    ips: [],
    finished: false,
    times: NO_TIMES,
    ...overrides,
  };
}

/** The events of one pod, as an observer sees them, in order. */
type Step = { list: Pod[]; gap?: boolean } | { added: Pod } | { modified: Pod } | { gone: Pod };

/** `alreadyRunning web-1 10.64.0.1`, with ` inferred` where it applies. */
function replay(steps: readonly Step[]): string[] {
  let known: ReadonlyMap<string, KnownPod> = new Map();
  const published: string[] = [];
  const publish = (changes: readonly IpChange[]) => {
    for (const change of changes) published.push(describeChange(change));
  };
  for (const step of steps) {
    if ('list' in step) {
      const decision = decideList(known, step.list, () => sightingAt(AT, step.gap));
      known = decision.known;
      publish(decision.changes);
      continue;
    }
    const { uid } = 'gone' in step ? step.gone : 'added' in step ? step.added : step.modified;
    const decision = decideEvent(known.get(uid), step);
    const next = new Map(known);
    if (decision.known) next.set(uid, decision.known);
    else next.delete(uid);
    known = next;
    publish(decision.changes);
  }
  return published;
}

function decideEvent(known: KnownPod | undefined, step: Exclude<Step, { list: Pod[] }>): Decision {
  const sighting = sightingAt(AT);
  if ('gone' in step) return decideGone(known, 'deleted', sighting);
  if ('added' in step) return decideSeen(known, step.added, true, sighting);
  return decideSeen(known, step.modified, false, sighting);
}

function describeChange(change: IpChange): string {
  const again = change.lease.occurrence === 0 ? '' : ` #${change.lease.occurrence}`;
  return `${change.status} ${change.pod.name} ${change.lease.ip}${again}${change.inferred ? ' inferred' : ''}`;
}

interface Row {
  readonly when: string;
  readonly steps: readonly Step[];
  readonly published: readonly string[];
}

const running = pod({ ips: [X] });
const finished = pod({ ips: [X], finished: true });

/** SPEC, "Which changes make a message": a row for each line of it, then the cases that it implies. */
const TABLE: readonly Row[] = [
  {
    when: 'a pod with an IP is in the first list',
    steps: [{ list: [running] }],
    published: [`alreadyRunning web-1 ${X}`],
  },
  {
    when: 'an unknown pod with an IP is added',
    steps: [{ list: [] }, { added: running }],
    published: [`alreadyRunning web-1 ${X}`],
  },
  {
    when: 'a pod has no IP',
    steps: [{ list: [pod()] }, { modified: pod({ node: 'node-2' }) }],
    published: [],
  },
  {
    when: 'a known pod gets its first IP',
    steps: [{ added: pod() }, { modified: running }],
    published: [`allocated web-1 ${X}`],
  },
  {
    when: 'the IP of a known pod changes',
    steps: [{ list: [running] }, { modified: pod({ ips: [Y] }) }],
    published: [`alreadyRunning web-1 ${X}`, `deallocated web-1 ${X}`, `allocated web-1 ${Y}`],
  },
  {
    when: 'a pod that holds an IP succeeds or fails, though its status still shows the IP',
    steps: [{ list: [running] }, { modified: finished }],
    published: [`alreadyRunning web-1 ${X}`, `deallocated web-1 ${X}`],
  },
  {
    when: 'a pod that holds an IP is deleted',
    steps: [{ list: [running] }, { gone: running }],
    published: [`alreadyRunning web-1 ${X}`, `deallocated web-1 ${X}`],
  },
  ...['StatefulSet', 'DaemonSet', 'Job', 'Node', 'Unknown'].map((ownerKind) => ({
    when: `a pod owned by ${ownerKind} is deleted`,
    steps: [{ added: pod({ ownerKind, ips: [X] }) }, { gone: pod({ ownerKind, ips: [X] }) }],
    published: [`alreadyRunning web-1 ${X}`, `deallocated web-1 ${X}`],
  })),
  {
    when: 'a finished pod is first seen',
    steps: [{ list: [finished] }, { modified: finished }],
    published: [],
  },
  {
    when: 'a finished pod is deleted',
    steps: [{ list: [running] }, { modified: finished }, { modified: finished }, { gone: finished }],
    published: [`alreadyRunning web-1 ${X}`, `deallocated web-1 ${X}`],
  },
  {
    when: 'a pod is gone after a gap',
    steps: [{ list: [running] }, { list: [], gap: true }],
    published: [`alreadyRunning web-1 ${X}`, `deallocated web-1 ${X} inferred`],
  },
  {
    when: 'a pod is finished after a gap',
    steps: [{ list: [running] }, { list: [finished], gap: true }],
    published: [`alreadyRunning web-1 ${X}`, `deallocated web-1 ${X} inferred`],
  },
  {
    when: 'a pod has another IP after a gap',
    steps: [{ list: [running] }, { list: [pod({ ips: [Y] })], gap: true }],
    published: [
      `alreadyRunning web-1 ${X}`,
      `deallocated web-1 ${X} inferred`,
      `allocated web-1 ${Y} inferred`,
    ],
  },
  {
    when: 'a pod has the same IP after a gap',
    steps: [{ list: [running] }, { list: [running], gap: true }],
    published: [`alreadyRunning web-1 ${X}`],
  },
  {
    when: 'a pod is new after a gap',
    steps: [{ list: [] }, { list: [running], gap: true }],
    published: [`alreadyRunning web-1 ${X} inferred`],
  },
  {
    when: 'a pod has addresses of both families',
    steps: [{ added: pod() }, { modified: pod({ ips: [X, X6] }) }, { gone: pod({ ips: [X, X6] }) }],
    published: [
      `allocated web-1 ${X}`,
      `allocated web-1 ${X6}`,
      `deallocated web-1 ${X}`,
      `deallocated web-1 ${X6}`,
    ],
  },
  {
    when: 'only one of two addresses changes',
    steps: [{ list: [pod({ ips: [X, X6] })] }, { modified: pod({ ips: [Y, X6] }) }],
    published: [
      `alreadyRunning web-1 ${X}`,
      `alreadyRunning web-1 ${X6}`,
      `deallocated web-1 ${X}`,
      `allocated web-1 ${Y}`,
    ],
  },
  {
    when: 'two pods on the network of one host share its address',
    steps: [
      { added: pod({ hostNetwork: true, ips: [X] }) },
      { added: pod({ uid: 'uid-2', name: 'web-2', hostNetwork: true, ips: [X] }) },
      { gone: pod({ hostNetwork: true, ips: [X] }) },
    ],
    published: [`alreadyRunning web-1 ${X}`, `alreadyRunning web-2 ${X}`, `deallocated web-1 ${X}`],
  },
  {
    when: "a StatefulSet's pod returns under its name with another UID",
    steps: [
      { list: [pod({ uid: 'old', name: 'db-0', ips: [X] })] },
      { gone: pod({ uid: 'old', name: 'db-0', ips: [X] }) },
      { added: pod({ uid: 'new', name: 'db-0' }) },
      { modified: pod({ uid: 'new', name: 'db-0', ips: [X] }) },
    ],
    published: [`alreadyRunning db-0 ${X}`, `deallocated db-0 ${X}`, `allocated db-0 ${X}`],
  },
  {
    when: "a StatefulSet's pod returned under its name during a gap",
    steps: [
      { list: [pod({ uid: 'old', name: 'db-0', ips: [X] })] },
      { list: [pod({ uid: 'new', name: 'db-0', ips: [X] })], gap: true },
    ],
    published: [
      `alreadyRunning db-0 ${X}`,
      `deallocated db-0 ${X} inferred`,
      `alreadyRunning db-0 ${X} inferred`,
    ],
  },
  {
    when: 'a finished Job pod still shows an IP that another pod has by now',
    steps: [
      { list: [pod({ uid: 'job', name: 'job-1', ips: [X] })] },
      { modified: pod({ uid: 'job', name: 'job-1', ips: [X], finished: true }) },
      { added: pod({ uid: 'web', name: 'web-9', ips: [X] }) },
      { gone: pod({ uid: 'job', name: 'job-1', ips: [X] }) },
      {
        list: [
          pod({ uid: 'job', name: 'job-1', ips: [X], finished: true }),
          pod({ uid: 'web', name: 'web-9', ips: [X] }),
        ],
        gap: true,
      },
    ],
    published: [`alreadyRunning job-1 ${X}`, `deallocated job-1 ${X}`, `alreadyRunning web-9 ${X}`],
  },
  {
    when: 'an address went from one listed pod to another during a gap',
    steps: [
      { list: [pod({ uid: 'a', name: 'a', ips: [X] }), pod({ uid: 'b', name: 'b', ips: [Y] })] },
      { list: [pod({ uid: 'b', name: 'b', ips: [X] }), pod({ uid: 'a', name: 'a', ips: [Y] })], gap: true },
    ],
    published: [
      `alreadyRunning a ${X}`,
      `alreadyRunning b ${Y}`,
      `deallocated b ${Y} inferred`,
      `deallocated a ${X} inferred`,
      `allocated b ${X} inferred`,
      `allocated a ${Y} inferred`,
    ],
  },
  {
    when: 'a pod gets an address again that it had before',
    steps: [{ list: [running] }, { modified: pod({ ips: [Y] }) }, { modified: running }, { gone: running }],
    published: [
      `alreadyRunning web-1 ${X}`,
      `deallocated web-1 ${X}`,
      `allocated web-1 ${Y}`,
      `deallocated web-1 ${Y}`,
      `allocated web-1 ${X} #1`,
      `deallocated web-1 ${X} #1`,
    ],
  },
  {
    when: 'a pod loses its address and gets it back',
    steps: [{ list: [running] }, { modified: pod() }, { modified: running }],
    published: [`alreadyRunning web-1 ${X}`, `deallocated web-1 ${X}`, `allocated web-1 ${X} #1`],
  },
  {
    when: 'the same state is seen again after a resumed watch',
    steps: [{ list: [running] }, { modified: running }, { modified: running }],
    published: [`alreadyRunning web-1 ${X}`],
  },
  {
    when: 'a pod that is not known, because it had no IP when the reader stopped, is modified to have one',
    steps: [{ modified: running }],
    published: [`allocated web-1 ${X}`],
  },
  { when: 'an unknown pod is deleted', steps: [{ gone: running }], published: [] },
];

describe('the decision table', () => {
  it.each(TABLE)('when $when', ({ steps, published }) => {
    expect(replay(steps)).toEqual(published);
  });
});

it('what a pod holds on other networks is kept apart, and kept while nothing is known of them', () => {
  const blue = { ip: X, network: 'shop/blue' };
  const sighting = sightingAt(AT);
  const first = decideSeen(undefined, pod({ ips: [X], secondary: [blue] }), true, sighting);
  expect(first.known?.leases).toMatchObject([{ ip: X }, blue]);
  const unknown = decideSeen(first.known, pod({ ips: [X] }), false, sighting);
  expect([unknown.known?.leases.length, unknown.changes]).toEqual([2, []]);
  const none = decideSeen(first.known, pod({ ips: [X], secondary: [] }), false, sighting);
  expect(none.changes).toMatchObject([{ lease: blue, endReason: 'changed' }]);
  const again = decideSeen(none.known, pod({ ips: [X], secondary: [blue] }), false, sighting);
  expect(again.changes).toMatchObject([{ lease: { ...blue, occurrence: 1 } }]);
});

describe('why a pod ended', () => {
  const causes = ({ changes }: Decision) => changes.map(({ endCause }) => endCause?.cause);
  const known = decideSeen(undefined, pod({ ips: [X, X6] }), true, sightingAt(AT)).known;

  it('is said of each of its addresses', () => {
    const failed = pod({ finished: true, endCause: { cause: 'OOMKilled', exitCode: 137 } });
    expect(causes(decideSeen(known, failed, false, sightingAt(AT)))).toEqual(['OOMKilled', 'OOMKilled']);
  });

  it('is not known of one that a list lacks, or that only got another address', () => {
    const listed = decideList(new Map([['uid-1', known as KnownPod]]), [], () => sightingAt(AT));
    expect(causes({ ...listed, known: undefined })).toEqual([undefined, undefined]);
    const moved = decideSeen(known, pod({ ips: [Y, X6] }), false, sightingAt(AT));
    expect(causes(moved)).toEqual([undefined, undefined]);
  });
});

describe('a pod that fails before it has an address', () => {
  const endCause = { cause: 'Evicted', exitCode: undefined };
  const rejected = pod({ finished: true, endCause, workload: WORKLOAD });
  const waiting = decideSeen(undefined, pod(), true, sightingAt(AT)).known;
  const held = decideSeen(undefined, pod({ ips: [X] }), true, sightingAt(AT)).known;

  it.each<[string, KnownPod | undefined, Pod, boolean]>([
    ['is a failure of its own', waiting, rejected, true],
    ['also when it was not seen before', undefined, rejected, true],
    ['not when it held one: that is the end of a lease', held, rejected, false],
    [
      'not when it gave one up before',
      held && { ...held, leases: [], ended: new Map([[X, 1]]) },
      rejected,
      false,
    ],
    ['not when it has one that was not seen', undefined, { ...rejected, ips: [X] }, false],
    [
      'not when it was deleted as it waited',
      waiting,
      { ...rejected, endCause: { ...endCause, cause: 'Deleted' } },
      false,
    ],
  ])('%s', (_what, known, seen, isFailure) => {
    const { failure, changes } = decideSeen(known, seen, false, sightingAt(AT));
    expect(failure?.endCause).toEqual(isFailure ? endCause : undefined);
    expect(changes).toHaveLength(known === held && held ? 1 : 0);
  });
});

describe('restarts of containers', () => {
  const restarted = (count: number, more: Partial<Pod> = {}) =>
    pod({ ips: [X], workload: WORKLOAD, restarts: [{ container: 'app', count, ...END }], ...more });
  const see = (before: KnownPod | undefined, seen: Pod) => decideSeen(before, seen, false, sightingAt(AT));
  const counts = ({ restarts }: Decision) => restarts.map((one) => [one.countBefore, one.count, one.isOld]);

  it('are those since the pod was seen last', () => {
    const first = see(undefined, pod({ ips: [X], workload: WORKLOAD }));
    expect(counts(first)).toEqual([]);
    const second = see(first.known, restarted(1));
    expect(counts(second)).toEqual([[0, 1, false]]);
    const third = see(second.known, restarted(1));
    expect(counts(third)).toEqual([]);
    expect(counts(see(third.known, restarted(4)))).toEqual([[1, 4, false]]);
  });

  it('of a pod that is new to the reader are old, all but the last of them at unknown times', () => {
    expect(counts(see(undefined, restarted(7)))).toEqual([[6, 7, true]]);
    const fromEarlierVersion = {
      ...see(undefined, pod({ ips: [X] })).known,
      workload: undefined,
    } as KnownPod;
    expect(counts(see(fromEarlierVersion, restarted(7)))).toEqual([[6, 7, true]]);
    const counted = { ...fromEarlierVersion, restarts: new Map([['app', 5]]) };
    expect(counts(see(counted, restarted(7)))).toEqual([[5, 7, false]]);
  });

  it('are not forgotten when a version does not show them', () => {
    const first = see(undefined, pod({ ips: [X], workload: WORKLOAD }));
    const second = see(see(first.known, restarted(3)).known, pod({ ips: [X], workload: WORKLOAD }));
    expect(counts(see(second.known, restarted(3)))).toEqual([]);
    expect(counts(see(second.known, restarted(4)))).toEqual([[3, 4, false]]);
  });

  it('are seen with the end of the pod as well', () => {
    const { known } = see(undefined, pod({ ips: [X], workload: WORKLOAD }));
    const end = see(known, restarted(2, { finished: true }));
    expect([counts(end), end.changes.length]).toEqual([[[0, 2, false]], 1]);
  });
});
