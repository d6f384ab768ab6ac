import { describe, expect, it } from 'vitest';
import { SAME_CLOCK } from './clock-bounds.js';
import {
  byEitherClock,
  type EndOfLease,
  endInterval,
  failureInterval,
  handOver,
  type Interval,
  keepTimes,
  startInterval,
  uncertaintyMs,
  writeInterval,
} from './event-times.js';
import { type PodTimes, projectTimes } from './pod-times.js';
import { type RecordedEvent, recordedVersion, withNodeAhead } from './recording.test.helpers.js';
import type { Sight } from './sight.js';

const MINUTE = Date.parse('2026-11-26T10:55:00.000Z');
const LATER = 120;
/** Seconds of the recorded minute, as milliseconds since the epoch. */
const at = (seconds: number) => MINUTE + seconds * 1_000;
const inMinute = ({ notBefore, best, notAfter }: Interval) =>
  [notBefore, best, notAfter].map((ms) => (ms - MINUTE) / 1_000);

const holdsAddress = ({ object }: RecordedEvent) => object.status?.podIP !== undefined;
const isFinished = ({ object }: RecordedEvent) => object.status?.phase === 'Failed';
const isMarked = ({ object }: RecordedEvent) => 'deletionTimestamp' in object.metadata;

const running = recordedVersion('web-7f77bb5d89-bs4ln', holdsAddress);
const marked = recordedVersion('web-7f77bb5d89-bs4ln', isMarked);
const finished = recordedVersion('web-7f77bb5d89-bs4ln', isFinished);
const deleted = recordedVersion('web-7f77bb5d89-bs4ln', ({ type }) => type === 'DELETED');
const ended = recordedVersion('broken-wj6js', isFinished);
const evicted = recordedVersion('db-0', isFinished);
const bound = recordedVersion('broken-f8b8q', ({ type }) => type === 'MODIFIED');
const admitted = recordedVersion('web-7f77bb5d89-wb6nn', ({ object }) =>
  JSON.stringify(object).includes('EvictionByEvictionAPI'),
);

const times = (event: RecordedEvent, changes: Partial<PodTimes> = {}) => ({
  ...projectTimes(event.object),
  ...changes,
});
function seen(how: Sight['how'], event: RecordedEvent, more: Partial<Sight> = {}): Sight {
  const observedAt = how === 'live' ? event.arrivedAt : at(LATER);
  return { times: times(event), observedAt, how, serverClock: SAME_CLOCK, ...more };
}
describe('a failure of a pod without an address, in a list,', () => {
  it.each<[string, Partial<Sight>, boolean]>([
    ['is news when it was written after what is known', { after: at(0) }, true],
    ['is none when it was written before', { after: at(100) }, false],
    ['is none when nothing is known: the list is the first', { after: undefined }, false],
    ['is none when nothing says when it was written', { after: at(0), times: projectTimes({}) }, false],
  ])('%s', (_what, more, isNews) => {
    expect(failureInterval(seen('listed', evicted, more)) !== undefined).toBe(isNews);
  });
});

// The sandbox of the pod that runs had its address at 30.023 and was gone at 34.767.
describe('a beginning', () => {
  it.each<[string, Sight, number[]]>([
    ['live: up to the observation', seen('live', running), [29, 30.329, 30.329]],
    [
      'live, but out of a slow watch: most likely not after the second of the write',
      seen('live', running, { observedAt: at(32.5) }),
      [29, 31, 32.5],
    ],
    ['replayed: up to the write', seen('replayed', running), [29, 30.5, 31]],
    ['listed: up to the start of its container', seen('listed', running), [29, 30.5, 32]],
    [
      'of a pod that waited for a node: from its acceptance by the kubelet on',
      seen('replayed', running, {
        times: times(running, { createdAt: at(-600) / 1_000, scheduledAt: at(29) / 1_000 }),
      }),
      [28, 30.5, 31],
    ],
    [
      'of a node whose clock is an hour ahead: the same',
      seen('replayed', running, { times: withNodeAhead(times(running), 3_600) }),
      [29, 30.5, 31],
    ],
    [
      'of a node whose clock is an hour behind: the same',
      seen('replayed', running, { times: withNodeAhead(times(running), -3_600) }),
      [29, 30.5, 31],
    ],
    [
      'of a kubelet that says nothing of the sandbox: the start of its container',
      seen('replayed', running, { times: times(running, { sandboxReady: undefined }) }),
      [29, 30.5, 31],
    ],
  ])('%s', (_, sight, expected) => {
    expect(inMinute(startInterval(sight))).toEqual(expected);
  });

  it('of a further address of a pod: after the kubelet last showed the one before', () => {
    const previous = { ...keepTimes(times(running)), kubeletWroteAt: (MINUTE + 30_000) / 1_000 };
    const sight = seen('live', finished, { previous });
    expect(inMinute(startInterval(sight, true))).toEqual([28, 35.073, 35.073]);
  });
});

describe('an end', () => {
  const previous = keepTimes(times(marked));
  it.each<[string, EndOfLease, Sight, number[]]>([
    [
      'live: after the last container',
      'finished',
      seen('live', finished, { previous }),
      [33, 35.073, 35.073],
    ],
    [
      'replayed: the same, up to the write',
      'finished',
      seen('replayed', finished, { previous }),
      [33, 34.5, 36],
    ],
    ['of a Job, replayed', 'finished', seen('replayed', ended), [30, 31.5, 33]],
    [
      'of a pod that its kubelet evicts: the sandbox is left for its grace period',
      'finished',
      seen('live', evicted),
      [40, 41.126, 48.126],
    ],
    [
      'of a pod whose sandbox was left when its containers had ended',
      'finished',
      seen('live', finished, { times: times(finished, { sandboxReady: true }) }),
      [33, 35.073, 37.073],
    ],
    [
      'of a pod that is deleted by force while it runs: the sandbox is left for its grace period',
      'deleted',
      seen('live', running, {
        times: times(running, { deletionAskedAt: at(34) / 1_000, deletionGraceSeconds: 0 }),
        observedAt: at(34.5),
      }),
      [32, 34.5, 41.5],
    ],
    [
      'of a pod that was deleted after its end',
      'deleted',
      seen('replayed', deleted, { previous }),
      [33, 34.5, 36],
    ],
    [
      'of a pod that a list lacks',
      'missing',
      seen('listed', marked, { previous, after: at(40) }),
      [38, 79, 127],
    ],
    [
      'of an address that was replaced',
      'changed',
      seen('live', finished, { previous }),
      [28, 35.073, 35.073],
    ],
  ])('%s', (_, how, sight, expected) => {
    expect(inMinute(endInterval(sight, how))).toEqual(expected);
  });
});

describe('the write of a version', () => {
  it.each<[string, RecordedEvent, number[]]>([
    ['that a managed field records', running, [30, 31]],
    ['that binds a pod: the condition PodScheduled', bound, [51, 52]],
    ['that asks for a deletion: its time less the grace period', marked, [34, 35]],
    ['that admits an eviction: the condition DisruptionTarget', admitted, [29, 30]],
    ['that deletes a pod, right after its grace period was set to 0', deleted, [35, 36]],
  ])('%s', (_, event, expected) => {
    const [from, , to] = inMinute(writeInterval(seen('replayed', event), event.type === 'DELETED'));
    expect([from, to]).toEqual(expected);
  });

  it('that deletes a pod with a finalizer may be any time before it was seen', () => {
    const sight = seen('replayed', deleted, { times: times(deleted, { hasFinalizers: true }) });
    expect(inMinute(writeInterval(sight, true))).toEqual([35, 35, LATER]);
  });

  it('is not before that of the event before it', () => {
    expect(inMinute(writeInterval(seen('replayed', running, { after: at(30.5) })))).toEqual([
      30.5, 30.75, 31,
    ]);
  });

  it.each([
    ['behind: before the event that came before it', { after: at(40) }, [30, 30, LATER]],
    ['ahead: after it was seen', { after: at(20), observedAt: at(25) }, [20, 20, 25]],
  ])('is bounded by the stream alone where the clock of the server is %s', (_, more, expected) => {
    const sight = seen('replayed', running, more);
    expect(inMinute(writeInterval(sight))).toEqual(expected);
    expect(startInterval(sight)).toMatchObject({
      notBefore: Number.NEGATIVE_INFINITY,
      notAfter: at(expected[2] ?? 0),
    });
  });
});

describe('a hand-over of an address', () => {
  const interval = (notBefore: number, best: number, notAfter: number): Interval => ({
    notBefore,
    best,
    notAfter,
  });
  it('bounds the end by the next beginning, and the beginning by the end before it', () => {
    const { end, start, contradicts } = handOver(interval(10, 30, 40), interval(5, 20, 25));
    expect([end, start, contradicts]).toEqual([interval(10, 25, 25), interval(10, 25, 25), false]);
  });

  it('is a contradiction where the end is surely after the beginning', () => {
    expect(handOver(interval(10, 20, 30), interval(5, 6, 9)).contradicts).toBe(true);
  });
});

it.each([
  ['is surely ahead', 2_900, 3_100, [10_000, 10_200, 13_600]],
  ['is surely behind', -3_100, -2_900, [6_900, 10_200, 10_500]],
  ['may agree', -100, 900, [10_000, 10_200, 10_500]],
  ['is not known', Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, [10_000, 10_200, 10_500]],
] as const)('contains the time by the API server’s clock where that %s', (_, leastMs, mostMs, bounds) => {
  const { notBefore, best, notAfter } = byEitherClock(
    { notBefore: 10_000, best: 10_200, notAfter: 10_500 },
    { leastMs, mostMs },
  );
  expect([notBefore, best, notAfter]).toEqual(bounds);
});

it('says how far the best time may be from the truth', () => {
  expect(uncertaintyMs({ notBefore: 10, best: 30, notAfter: 35 })).toBe(20);
});

it('takes from an object that is no pod what it has', () => {
  const nothing = {
    writtenAt: undefined,
    acceptedAt: undefined,
    terminationGraceSeconds: 30,
    sandboxReady: undefined,
  };
  for (const object of [
    null,
    'pod',
    {},
    { metadata: { managedFields: 7, creationTimestamp: 'never' }, status: [] },
  ])
    expect(projectTimes(object)).toMatchObject(nothing);
});
