import { expect, it } from 'vitest';
import { encodingOf } from '../cluster/encoding.js';
import { readEvent } from '../cluster/pod-stream.js';
import type { LeaseRecord } from './entry.js';
import { createChanges } from './pod-changes.test.helpers.js';
import { recordedEvents, recordedLeases } from './recording.test.helpers.js';

const PAUSE_MS = 60_000;
const NEAR_MS = 2_000;

/** Reads all that was recorded of a real cluster: as it happened, or all of it a minute after the last event. */
function readRecording(how: 'live' | 'replayed') {
  const events = recordedEvents();
  const { changes, time, published, recorded, onContradiction } = createChanges();
  const last = events.at(-1)?.arrivedAt ?? 0;
  for (const { type, object, arrivedAt } of events) {
    time.now = new Date(how === 'live' ? arrivedAt : last + PAUSE_MS);
    changes.apply(readEvent(Buffer.from(JSON.stringify({ type, object })), encodingOf('application/json')));
  }
  changes.apply({ type: 'bookmark', resourceVersion: '9' });
  return { published: published(), leases: recorded().leases, onContradiction };
}

/** The starts and ends of leases that did not happen within their bounds, or far from their time. */
function findWrong(leases: readonly LeaseRecord[]): string[] {
  return leases.flatMap(({ pod, startedAt, startBounds, end }) => {
    const truth = recordedLeases().get(pod.uid);
    const [happenedAt = 0, at, bounds] = end
      ? [truth?.endedAt, end.at, end.bounds]
      : [truth?.startedAt, startedAt, startBounds];
    const isWithin = bounds && bounds.notBefore <= happenedAt && happenedAt <= bounds.notAfter;
    const isNear = Math.abs(at.getTime() - happenedAt) <= NEAR_MS;
    return isWithin && isNear ? [] : [`${end ? 'end' : 'start'} of ${pod.name}`];
  });
}

it.each(['live', 'replayed'] as const)('what a real cluster did has its own times when %s', (how) => {
  const { published, leases, onContradiction } = readRecording(how);
  expect(leases).toHaveLength(35);
  expect(findWrong(leases)).toEqual([]);
  expect(onContradiction).not.toHaveBeenCalled();
  const times = published.map(({ timestamp }) => timestamp);
  expect(times).toEqual([...new Set(times)].sort());
  // What is seen in one millisecond has one after the other.
  const behindMs = published.map(
    (message) => Date.parse(message.timestamp) - Date.parse(message.observed_at),
  );
  if (how === 'live') expect(behindMs.every((ms) => ms >= 0 && ms < 5)).toBe(true);
  else expect(Math.max(...behindMs)).toBeLessThan(-PAUSE_MS);
});
