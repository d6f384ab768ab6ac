import { describe, expect, it } from 'vitest';
import { SAME_CLOCK } from './clock-bounds.js';
import { endInterval, type Interval, keepTimes, startInterval, writeInterval } from './event-times.js';
import { newest, projectTimes } from './pod-times.js';
import { recordedEvents, recordedLeases, recordedList } from './recording.test.helpers.js';
import type { KnownTimes } from './sight.js';

const PAUSE_MS = 60_000;
const LEASES = recordedLeases();

interface Finding {
  readonly what: string;
  readonly interval: Interval;
  readonly truth: number;
}

/** Derives the beginnings and ends of all recorded leases, as a reader does that sees every event. */
function followRecording(how: 'live' | 'replayed', resumedAt = 0): Finding[] {
  const known = new Map<string, KnownTimes>();
  const holding = new Set<string>();
  const findings: Finding[] = [];
  let after = Number.NEGATIVE_INFINITY;
  for (const { type, object, arrivedAt } of recordedEvents()) {
    const { uid, name } = object.metadata;
    const times = projectTimes(object);
    const observedAt = Math.max(arrivedAt, resumedAt);
    const sight = { times, previous: known.get(uid), observedAt, how, after, serverClock: SAME_CLOCK };
    const { phase, podIP } = object.status ?? {};
    const isFinished = phase === 'Succeeded' || phase === 'Failed';
    const truth = LEASES.get(uid);
    if (!isFinished && podIP !== undefined && !holding.has(uid)) {
      holding.add(uid);
      findings.push({
        what: `start of ${name}`,
        interval: startInterval(sight),
        truth: truth?.startedAt ?? 0,
      });
    } else if ((isFinished || type === 'DELETED') && holding.delete(uid)) {
      const interval = endInterval(sight, isFinished ? 'finished' : 'deleted');
      findings.push({ what: `end of ${name}`, interval, truth: truth?.endedAt ?? 0 });
    }
    after = writeInterval(sight, type === 'DELETED').notBefore;
    known.set(uid, keepTimes(times));
  }
  return findings;
}

const widthOf = ({ interval }: Finding) => interval.notAfter - interval.notBefore;
const isOutside = ({ interval, truth }: Finding) => truth < interval.notBefore || truth > interval.notAfter;
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

describe('a real API server', () => {
  it('records the second of a write in the newest managed field in 100 of 105 events', () => {
    const events = recordedEvents();
    const others = events.filter(({ object, arrivedAt }) => {
      const second = projectTimes(object).writtenAt ?? 0;
      return arrivedAt - second * 1_000 > 1_100;
    });
    expect(events).toHaveLength(105);
    expect(others.map(({ type, object }) => `${type} ${object.metadata.resourceVersion}`)).toHaveLength(5);
    // These five have times of their own: of the deletion, or of the disruption.
    for (const { object, arrivedAt } of others) {
      const { deletionAskedAt, disruptedAt } = projectTimes(object);
      expect(arrivedAt - (newest([deletionAskedAt, disruptedAt]) ?? 0) * 1_000).toBeLessThan(1_100);
    }
  });
});

describe('the write of each of the 105 recorded events', () => {
  it.each(['live', 'replayed'] as const)('lies in its interval when %s', (how) => {
    let after = Number.NEGATIVE_INFINITY;
    const last = recordedEvents().at(-1)?.arrivedAt ?? 0;
    for (const { type, object, arrivedAt } of recordedEvents()) {
      const observedAt = how === 'live' ? arrivedAt : last + PAUSE_MS;
      const written = writeInterval(
        { times: projectTimes(object), observedAt, how, after, serverClock: SAME_CLOCK },
        type === 'DELETED',
      );
      // An event arrives within milliseconds.
      expect(written.notBefore).toBeLessThanOrEqual(arrivedAt);
      expect(written.notAfter).toBeGreaterThanOrEqual(arrivedAt - 10);
      after = written.notBefore;
    }
  });
});

describe('every beginning and end of the recording', () => {
  it('lies in its interval in live operation, whose best time is the observation', () => {
    const findings = followRecording('live');
    expect(findings).toHaveLength(27);
    expect(findings.filter(isOutside)).toEqual([]);
    expect(median(findings.map(widthOf))).toBeLessThan(2_500);
  });

  it('lies in its interval when replayed a minute later, with a best time within two seconds', () => {
    const last = recordedEvents().at(-1)?.arrivedAt ?? 0;
    const findings = followRecording('replayed', last + PAUSE_MS);
    expect(findings).toHaveLength(27);
    expect(findings.filter(isOutside)).toEqual([]);
    expect(findings.filter(({ interval, truth }) => Math.abs(interval.best - truth) > 2_000)).toEqual([]);
    expect(median(findings.map(widthOf))).toBe(2_000);
  });

  it('lies in its interval when a list shows it after a gap', () => {
    const listedAt = Date.parse('2026-11-26T10:55:51.500Z');
    const findings = recordedList().flatMap((object): Finding[] => {
      const sight = {
        times: projectTimes(object),
        observedAt: listedAt,
        how: 'listed' as const,
        serverClock: SAME_CLOCK,
      };
      const { podIP, phase } = object.status ?? {};
      const truth = LEASES.get(object.metadata.uid);
      if (podIP === undefined || truth === undefined) return [];
      const what = `${phase} ${object.metadata.name}`;
      if (phase === 'Running') return [{ what, interval: startInterval(sight), truth: truth.startedAt }];
      return [{ what, interval: endInterval(sight, 'finished'), truth: truth.endedAt ?? 0 }];
    });
    expect(findings).toHaveLength(8);
    expect(findings.filter(isOutside)).toEqual([]);
    expect(median(findings.map(widthOf))).toBeLessThan(4_000);
  });
});
