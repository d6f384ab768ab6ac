import { describe, expect, it } from 'vitest';
import { narrow, nodeClock, serverClock, UNKNOWN_CLOCK } from './clock-bounds.js';
import { projectTimes } from './pod-times.js';
import { recordedVersion, withNodeAhead } from './recording.test.helpers.js';

const running = recordedVersion('web-7f77bb5d89-bs4ln', ({ object }) => object.status?.podIP !== undefined);
const bound = recordedVersion('broken-f8b8q', ({ type }) => type === 'MODIFIED');
const times = projectTimes(running.object);
const ASKED = Date.parse('2026-11-26T10:55:30.200Z');

describe('the clock of a node', () => {
  it('is known to the second by each of its pods', () => {
    expect(nodeClock(times)).toEqual({ leastMs: -1_000, mostMs: 1_000 });
    expect(nodeClock(withNodeAhead(times, 3_600))).toEqual({ leastMs: 3_599_000, mostMs: 3_601_000 });
  });

  it('is not known by a static pod, which runs before the API server knows of it, nor by one that was never reported', () => {
    const object = {
      ...running.object,
      metadata: { ...running.object.metadata, ownerReferences: [{ kind: 'Node' }] },
    };
    expect(nodeClock(projectTimes(object)).mostMs).toBe(Number.POSITIVE_INFINITY);
    expect(nodeClock(projectTimes(bound.object))).toEqual(UNKNOWN_CLOCK);
  });

  it('is not known where it contradicts itself, because it was set', () => {
    expect(nodeClock({ ...times, acceptedAt: 0 })).toEqual(UNKNOWN_CLOCK);
  });

  it('is narrowed by every further finding, and begins with the newest when they contradict each other', () => {
    const wide = { leastMs: -1_000, mostMs: 1_000 };
    expect(narrow(wide, { leastMs: -200, mostMs: 3_000 })).toEqual({ leastMs: -200, mostMs: 1_000 });
    expect(narrow(wide, { leastMs: 5_000, mostMs: 6_000 })).toEqual({ leastMs: 5_000, mostMs: 6_000 });
  });
});

describe('the clock of the API server', () => {
  it('is known by the Date of an answer, to the second and the time of the request', () => {
    const date = 'Thu, 26 Nov 2026 10:55:30 GMT';
    expect(serverClock(date, ASKED, ASKED + 100)).toEqual({ leastMs: -300, mostMs: 800 });
    expect(serverClock('yesterday', ASKED, ASKED + 100)).toEqual(UNKNOWN_CLOCK);
  });
});
