import type { DatabasePool, Environment } from '@podips/shared';
import { type IpChange, untilWatched } from '@podips/simulation';
import { describe, expect, vi } from 'vitest';
import { readGaps } from '../support/ledger.js';
import {
  COMPLETE,
  it,
  type OpenCase,
  PATIENCE,
  type ReaderCase,
  untilLedgerIsTrue,
} from '../support/reader-case.js';
import { startReaderProcess } from '../support/reader-process.js';

/** How long a Job's pod holds its address. */
const JOB_MS = 1_500;
const PAUSE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Some nodes' clocks are wrong: fast, slow by an hour. */
const CLOCKS_AHEAD_MS = [0, 20_000, -HOUR_MS, 0];
const HONEST_NODES = ['node-0', 'node-3'];
const NEAR_MS = 2_000;

/** Milliseconds since the epoch; infinite where nothing is known. */
interface Bounds {
  readonly notBefore: number;
  readonly best: number;
  readonly notAfter: number;
}

const BOUNDS = `
  SELECT pod_uid AS uid, host(ip) AS ip, epoch(started_not_before) AS "startFrom", epoch(started_at) AS "startBest",
    epoch(started_not_after) AS "startTo", epoch(ended_not_before) AS "endFrom", epoch(ended_at) AS "endBest",
    epoch(ended_not_after) AS "endTo" FROM leases`.replaceAll(
  /epoch\((\w+)\)/g,
  '(extract(epoch FROM $1) * 1000)::float8',
);

/** The bounds of each start and each end, by {@link keyOf}. */
async function readBounds(database: DatabasePool): Promise<ReadonlyMap<string, Bounds>> {
  const { rows } = await database.query<{ uid: string; ip: string } & Record<string, number>>(BOUNDS);
  return new Map(
    rows.flatMap(({ uid, ip, ...at }) =>
      (['start', 'end'] as const).map((edge): [string, Bounds] => [
        `${uid} ${ip} ${edge}`,
        {
          notBefore: at[`${edge}From`] ?? NaN,
          best: at[`${edge}Best`] ?? NaN,
          notAfter: at[`${edge}To`] ?? NaN,
        },
      ]),
    ),
  );
}

const keyOf = ({ podUid, ip, kind }: IpChange) => `${podUid} ${ip} ${kind === 'assigned' ? 'start' : 'end'}`;

/** A cluster whose time can be moved on, and a reader in front of it that can be killed. */
async function openTimedCase(openCase: OpenCase) {
  const time = { aheadMs: 0 };
  const test = await openCase({
    now: () => new Date(Date.now() + time.aheadMs),
    nodeClocksAheadMs: CLOCKS_AHEAD_MS,
  });
  const pass = (ms: number) => {
    time.aheadMs += ms;
  };
  return { test, pass };
}

async function startReader(test: ReaderCase, owner: AsyncDisposableStack, name: string) {
  const env: Environment = { ...test.withDatabase, LEDGER_INTERVAL_MS: '20' };
  const reader = await startReaderProcess(test, owner, name, env);
  await untilWatched(test.cluster);
  return reader;
}

/** A Job's pod comes, holds an address for a moment, and goes; each step is reported when it has happened. */
function runJob({ cluster: { pods } }: ReaderCase, name: string, pass: (ms: number) => void): void {
  const owner = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    name,
    uid: name,
    controller: true as const,
    blockOwnerDeletion: true as const,
  };
  const pod = pods.schedule(pods.create({ name, owner, finalizers: ['batch.kubernetes.io/job-tracking'] }));
  pass(700);
  pods.run(pod);
  pass(JOB_MS);
  pods.finish(pod);
  pass(200);
  pods.untrack(pod);
  pods.remove(pod);
}

/** Changes whose true time is not within the bounds, and of the nodes whose clocks are right those whose best time is not near. */
function findWrong(changes: readonly IpChange[], bounds: (change: IpChange) => Bounds | undefined): string[] {
  return changes.flatMap((change) => {
    const { notBefore, best, notAfter } = bounds(change) ?? { notBefore: NaN, best: NaN, notAfter: NaN };
    const happenedAt = change.happenedAt.getTime();
    const isWithin = notBefore <= happenedAt && happenedAt <= notAfter;
    const isNear = !HONEST_NODES.includes(change.node) || Math.abs(best - happenedAt) <= NEAR_MS;
    const found = [notBefore, best, notAfter].map((at) => at - happenedAt);
    return isWithin && isNear ? [] : [`${change.kind} ${change.pod} on ${change.node}: ${found}`];
  });
}

/** As the messages say it, which are rounded to the greater of both distances. */
function boundsOfRecords({ records }: ReaderCase): ReadonlyMap<string, Bounds> {
  return new Map(
    records.map(({ record }): [string, Bounds] => {
      const edge = record.pod_ip_status === 'deallocated' ? 'end' : 'start';
      const best = Date.parse(String(record.timestamp));
      const margin =
        record.uncertainty_ms === null ? Number.POSITIVE_INFINITY : Number(record.uncertainty_ms);
      return [
        `${record.pod_uid} ${record.pod_ip} ${edge}`,
        { notBefore: best - margin, best, notAfter: best + margin },
      ];
    }),
  );
}

/** Waits until all was published and recorded, and judges the times in the ledger and in the messages. */
async function untilTimesAreTrue(test: ReaderCase, since: number): Promise<readonly IpChange[]> {
  await vi.waitFor(() => expect(test.verdict()).toMatchObject(COMPLETE), PATIENCE);
  await untilLedgerIsTrue(test);
  const changes = test.cluster.truth.changes.slice(since);
  const [recorded, published] = [await readBounds(test.pool), boundsOfRecords(test)];
  expect(findWrong(changes, (change) => recorded.get(keyOf(change)))).toEqual([]);
  expect(findWrong(changes, (change) => published.get(keyOf(change)))).toEqual([]);
  return changes;
}

describe('when it really happened', () => {
  it('is known of Jobs of a second and a half while the reader was killed for a minute', async ({
    openCase,
  }) => {
    const { test, pass } = await openTimedCase(openCase);
    await using owner = new AsyncDisposableStack();
    const killed = await startReader(test, owner, 'reader');
    const lasting = test.cluster.workloads.scaleDeployment('web', 8);
    await untilTimesAreTrue(test, 0);
    killed.child.kill('SIGKILL');
    await killed.child.exited;
    const before = test.cluster.truth.changes.length;
    for (let passedMs = 0; passedMs < PAUSE_MS; passedMs += JOB_MS + 900) {
      pass(400);
      runJob(test, `job-${passedMs}`, pass);
      const gone = lasting.pop();
      if (gone) test.cluster.pods.delete(gone);
    }
    await startReader(test, owner, 'successor');
    const changes = await untilTimesAreTrue(test, before);
    expect(changes.length).toBeGreaterThan(50);
    expect(await readGaps(test.pool)).toHaveLength(1);
    expect(new Set(test.records.map(({ record }) => record.inferred))).toEqual(new Set([false]));
  });

  it('is known by the API server’s clock as well where the reader’s is three seconds behind it', async ({
    openCase,
  }) => {
    const { test, pass } = await openTimedCase(openCase);
    pass(3_000);
    await using owner = new AsyncDisposableStack();
    await startReader(test, owner, 'reader');
    test.cluster.workloads.scaleDeployment('web', 8);
    test.cluster.workloads.scaleDeployment('web', 4);
    await vi.waitFor(() => expect(test.verdict()).toMatchObject(COMPLETE), PATIENCE);
    await untilLedgerIsTrue(test);
    // The most likely times are by the reader's clock.
    const changes = test.cluster.truth.changes.map((change) => ({ ...change, node: '' }));
    expect(changes).toHaveLength(12);
    const [recorded, published] = [await readBounds(test.pool), boundsOfRecords(test)];
    expect(findWrong(changes, (change) => recorded.get(keyOf(change)))).toEqual([]);
    expect(findWrong(changes, (change) => published.get(keyOf(change)))).toEqual([]);
  });

  it('is known of starts, and within the gap of ends, when the cluster has forgotten that minute', async ({
    openCase,
  }) => {
    const { test, pass } = await openTimedCase(openCase);
    await using owner = new AsyncDisposableStack();
    const killed = await startReader(test, owner, 'reader');
    const lasting = test.cluster.workloads.scaleDeployment('web', 8);
    await untilTimesAreTrue(test, 0);
    killed.child.kill('SIGKILL');
    await killed.child.exited;
    const before = test.cluster.truth.changes.length;
    for (let minute = 0; minute < 4; minute += 1) {
      pass(PAUSE_MS / 4);
      const { pods } = test.cluster;
      const started = pods.schedule(pods.create({ name: `bare-${minute}` }));
      pass(700);
      pods.run(started);
      const gone = lasting.pop();
      if (gone) pods.delete(gone);
    }
    test.cluster.pods.compact();
    await startReader(test, owner, 'successor');
    await vi.waitFor(() => expect(test.verdict()).toMatchObject(COMPLETE), PATIENCE);
    await untilLedgerIsTrue(test);
    const recorded = await readBounds(test.pool);
    const changes = test.cluster.truth.changes.slice(before);
    const starts = changes.filter(({ kind }) => kind === 'assigned');
    expect(findWrong(starts, (change) => recorded.get(keyOf(change)))).toEqual([]);
    const ends = changes.filter(({ kind }) => kind === 'released').map((change) => ({ ...change, node: '' }));
    expect(ends).toHaveLength(4);
    expect(findWrong(ends, (change) => recorded.get(keyOf(change)))).toEqual([]);
  });
});
