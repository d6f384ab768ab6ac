import { eventId } from '@podips/shared';
import type { IpChange, SinkRecord } from '@podips/simulation';
import { describe, expect, it } from 'vitest';
import { judge } from './truth.js';

const BEGIN_MS = Date.parse('2026-01-01T00:00:00Z');
const change = (podUid: string, kind: IpChange['kind'], seconds: number): IpChange => ({
  at: new Date(BEGIN_MS + seconds * 1_000),
  happenedAt: new Date(BEGIN_MS + seconds * 1_000),
  kind,
  podUid,
  namespace: 'shop',
  pod: `web-${podUid}`,
  ip: '10.64.0.7',
  hostNetwork: false,
  ownerKind: 'ReplicaSet',
  ownerName: 'web',
  node: 'node-1',
  resourceVersion: seconds,
});

/** The record of a change, seen at its time or later. */
function published(what: IpChange, seconds?: number): SinkRecord {
  const status = what.kind === 'assigned' ? 'allocated' : 'deallocated';
  const time = new Date(seconds === undefined ? what.at : BEGIN_MS + seconds * 1_000).toISOString();
  const record = {
    pod_ip_status: status,
    pod_ip: what.ip,
    pod_namespace: what.namespace,
    pod: what.pod,
    pod_uid: what.podUid,
    pod_kind: what.ownerKind,
    pod_owner: what.ownerName,
    host_network: what.hostNetwork,
    timestamp: time,
    event_id: eventId(what.podUid, what.ip, status, 0),
  };
  return { tag: 'audit.pod_ip', time, record };
}

const started = change('a', 'assigned', 0);
const ended = change('a', 'released', 10);
const startedNext = change('b', 'assigned', 11);
const CHANGES = [started, ended, startedNext];
const RIGHT = CHANGES.map((what) => published(what));
const NOTHING_WRONG = { missing: [], untrue: [], contradicting: [], overlapping: [] };

describe('the judge', () => {
  it('finds nothing wrong where everything was published', () => {
    expect(judge(CHANGES, RIGHT)).toMatchObject({ ...NOTHING_WRONG, duplicates: 0 });
  });

  it('finds what was not published, and what never happened', () => {
    expect(judge(CHANGES, RIGHT.slice(1)).missing).toHaveLength(1);
    expect(judge(CHANGES.slice(0, 2), RIGHT).untrue).toHaveLength(1);
  });

  it('finds copies that say different things', () => {
    const other = { ...published(ended), record: { ...published(ended).record, pod: 'web-c' } };
    expect(judge(CHANGES, [...RIGHT, other]).contradicting).toHaveLength(1);
  });

  it('finds two holders of an address', () => {
    const verdict = judge(CHANGES, [published(started), published(startedNext), published(ended, 20)]);
    expect(verdict.overlapping).toEqual([expect.stringMatching(/^10\.64\.0\.7 of a until .+:20/)]);
  });

  it('counts the earliest of several copies', () => {
    const late = [published(ended, 20), published(startedNext, 21)];
    const overtaken = [published(started), published(startedNext), ...late, published(ended)];
    expect(judge(CHANGES, [...RIGHT, ...late])).toMatchObject({ ...NOTHING_WRONG, duplicates: 2 });
    expect(judge(CHANGES, overtaken)).toMatchObject({ ...NOTHING_WRONG, duplicates: 2 });
    const neverInTime = overtaken.slice(0, -1);
    expect(judge(CHANGES, neverInTime).overlapping).toHaveLength(1);
  });

  it('excuses what lies in a gap', () => {
    const gap = {
      started_at: new Date(BEGIN_MS + 5_000),
      ended_at: new Date(BEGIN_MS + 30_000),
      reason: 'late',
    };
    const verdict = judge(CHANGES, [published(started), published(startedNext), published(ended, 20)], [gap]);
    expect(verdict).toMatchObject({ ...NOTHING_WRONG, excusedOverlaps: 1 });
    expect(judge(CHANGES, [published(started)], [gap])).toMatchObject({ ...NOTHING_WRONG, excused: 2 });
  });
});
