import {
  endInterval,
  type Interval,
  type KnownTimes,
  keepTimes,
  NodeClocks,
  projectTimes,
  SAME_CLOCK,
  type Sight,
  startInterval,
  writeInterval,
} from '@podips/reader';
import { Churn, type IpChange, type PodObject, startCluster } from '@podips/simulation';
import { expect, it } from 'vitest';

const START_MS = Date.parse('2026-11-26T10:00:00.000Z');
const STEPS = 6_000;
/** The clocks of the four nodes: right, fast, slow, and wrong by less than the API's times show. */
const CLOCKS_AHEAD_MS = [0, 20_000, -3_600_000, 700];
const HONEST_NODE = 'node-0';
/** From a write to its arrival in a watch that is caught up. */
const ARRIVAL_MS = 4;
/** More than an event has. */
const MAX_EVENT_CHARS = 10_000;

interface SeenEvent {
  readonly type: string;
  readonly object: PodObject;
}
interface Finding {
  readonly change: IpChange;
  readonly interval: Interval;
}
interface Known {
  readonly times: KnownTimes;
  readonly ips: readonly string[];
}

/** All events after a version, up to the one that is of another. */
async function readWatch(url: string, from: number, to: number): Promise<SeenEvent[]> {
  const response = await fetch(`${url}/api/v1/pods?watch=1&resourceVersion=${from}`);
  const last = `"resourceVersion":"${to}"`;
  const chunks: string[] = [];
  let tail = '';
  // Leaving the loop cancels the watch.
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    chunks.push(chunk);
    tail = (tail + chunk).slice(-MAX_EVENT_CHARS);
    if (tail.endsWith('\n') && tail.includes(last)) break;
  }
  // The simulated server says what a real one says.
  return chunks
    .join('')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as SeenEvent);
}

/** Lets pods come and go, and reads it all from a watch afterwards, as a reader that was disconnected. */
async function recordChurn(seed: number) {
  let nowMs = START_MS;
  const cluster = await startCluster({
    seed,
    now: () => new Date(nowMs),
    nodeClocksAheadMs: CLOCKS_AHEAD_MS,
  });
  try {
    const from = cluster.pods.resourceVersion;
    const churn = new Churn(cluster.pods, { seed, pods: 40 });
    for (let step = 0; step < STEPS; step += 1) {
      nowMs += (step * 37) % 120;
      churn.step();
    }
    const events = await readWatch(cluster.url, from, cluster.pods.resourceVersion);
    return { events, changes: cluster.truth.changes, endMs: nowMs };
  } finally {
    await cluster.stop();
  }
}

/** Follows the events, and finds an interval for each beginning and each end. */
function follow(
  events: readonly SeenEvent[],
  changes: readonly IpChange[],
  sightOf: (writtenAt: number | undefined) => Pick<Sight, 'how' | 'observedAt'>,
): Finding[] {
  const truth = new Map(
    changes.map((change) => [keyOf(change.resourceVersion, change.ip, change.kind), change]),
  );
  const writtenAt = new Map(changes.map(({ resourceVersion, at }) => [resourceVersion, at.getTime()]));
  const known = new Map<string, Known>();
  const findings: Finding[] = [];
  const clocks = new NodeClocks();
  let after = Number.NEGATIVE_INFINITY;
  for (const { type, object } of events) {
    const { uid, resourceVersion } = object.metadata;
    const version = Number(resourceVersion);
    const before = known.get(uid);
    const times = projectTimes(object);
    const received = sightOf(writtenAt.get(version));
    const node = object.spec.nodeName ?? '';
    clocks.learn(node, times, SAME_CLOCK, received.observedAt);
    const sight = {
      times,
      previous: before?.times,
      after,
      serverClock: SAME_CLOCK,
      nodeClock: clocks.of(node, received.observedAt),
      ...received,
    };
    const isFinished = ['Succeeded', 'Failed'].includes(object.status.phase);
    const ips = isFinished || type === 'DELETED' ? [] : (object.status.podIPs ?? []).map(({ ip }) => ip);
    const find = (ip: string, kind: IpChange['kind'], interval: Interval) => {
      const change = truth.get(keyOf(version, ip, kind));
      if (change === undefined) throw new Error(`nothing happened to ${ip} at ${version}`);
      findings.push({ change, interval });
    };
    const how = type === 'DELETED' ? 'deleted' : isFinished ? 'finished' : 'changed';
    const ended = before?.ips.filter((ip) => !ips.includes(ip)) ?? [];
    for (const ip of ended) find(ip, 'released', endInterval(sight, how));
    for (const ip of ips.filter((address) => !before?.ips.includes(address)))
      find(ip, 'assigned', startInterval(sight, ended.length > 0));
    if (type === 'DELETED') known.delete(uid);
    else known.set(uid, { times: keepTimes(times), ips });
    after = writeInterval(sight, type === 'DELETED').notBefore;
  }
  return findings;
}

const keyOf = (version: number, ip: string, kind: string) => `${version} ${ip} ${kind}`;
const widthOf = ({ interval }: Finding) => interval.notAfter - interval.notBefore;
const isOutside = ({ change, interval }: Finding) =>
  change.happenedAt.getTime() < interval.notBefore || change.happenedAt.getTime() > interval.notAfter;
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

it.each([1, 2, 3])(
  'every change of a busy cluster lies in its interval, whatever the clocks of its nodes say (seed %i)',
  async (seed) => {
    const { events, changes, endMs } = await recordChurn(seed);

    const replayed = follow(events, changes, () => ({ how: 'replayed', observedAt: endMs + 60_000 }));
    expect(replayed).toHaveLength(changes.length);
    expect(replayed.filter(isOutside)).toEqual([]);
    expect(median(replayed.map(widthOf))).toBeLessThanOrEqual(3_000);
    const honest = replayed.filter(({ change }) => change.node === HONEST_NODE);
    const far = honest.filter(
      ({ change, interval }) => Math.abs(interval.best - change.happenedAt.getTime()) > 2_000,
    );
    expect(far).toEqual([]);

    const live = follow(events, changes, (writtenAt = endMs) => ({
      how: 'live',
      observedAt: writtenAt + ARRIVAL_MS,
    }));
    expect(live.filter(isOutside)).toEqual([]);
    expect(median(live.map(widthOf))).toBeLessThanOrEqual(2_500);
  },
);
