import type { Environment } from '@podips/shared';
import { untilWatched } from '@podips/simulation';
import { expect, vi } from 'vitest';
import { COMPLETE, it, PATIENCE, type ReaderCase, untilLedgerIsTrue } from '../support/reader-case.js';

const OOM = { reason: 'OOMKilled', exitCode: 137 };

interface RestartRow {
  readonly pod: string;
  readonly restarts: number;
  readonly before: number;
  readonly workload: string;
  readonly cause: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

async function restartsOf({ pool }: ReaderCase): Promise<RestartRow[]> {
  const { rows } = await pool.query<RestartRow>(
    `SELECT pod, restarts, restarts_before AS before, workload_kind || ' ' || workload AS workload, cause,
       ended_not_before AS "notBefore", ended_not_after AS "notAfter" FROM restarts ORDER BY pod, restarts`,
  );
  return rows;
}

/** `Deployment web Evicted`, of the leases that have ended. */
async function endsOf({ pool }: ReaderCase): Promise<string[]> {
  const { rows } = await pool.query<{ end: string }>(
    `SELECT concat_ws(' ', workload_kind, workload, end_cause, exit_code) AS end FROM leases
     WHERE ended_at <> 'infinity' ORDER BY ended_at`,
  );
  return rows.map(({ end }) => end);
}

async function startReader(test: ReaderCase, env: Environment = {}) {
  const reader = await test.startReader({ ...test.withDatabase, LEDGER_INTERVAL_MS: '20', ...env });
  await untilWatched(test.cluster);
  return reader;
}

it('the ledger has every restart and why each pod ended, also of the time in which no reader ran', async ({
  openCase,
}) => {
  const test = await openCase();
  const { pods, workloads, restarts } = test.cluster;
  const [web, other] = workloads.scaleDeployment('web', 2);
  if (web === undefined || other === undefined) throw new Error('no pods');
  const first = await startReader(test);
  pods.restart(web, OOM);
  pods.restart(web, OOM);
  workloads.replacePod(pods.evict(other));
  await test.caughtUp();
  await vi.waitFor(async () => expect(await restartsOf(test)).toHaveLength(2), PATIENCE);
  await first.stop();

  pods.restart(web);
  pods.restart(web);
  pods.fail(pods.disrupt(web));
  workloads.runJob('import');
  await startReader(test);
  await vi.waitFor(() => expect(test.verdict()).toMatchObject(COMPLETE), PATIENCE);
  await untilLedgerIsTrue(test);
  const rows = await restartsOf(test);
  expect(rows.map(({ restarts: count, before, cause }) => [before, count, cause])).toEqual([
    [0, 1, 'OOMKilled'],
    [1, 2, 'OOMKilled'],
    [2, 3, 'Error'],
    [3, 4, 'Error'],
  ]);
  for (const [index, { notBefore, notAfter, workload }] of rows.entries()) {
    expect(workload).toBe('Deployment web');
    const happenedMs = restarts[index]?.happenedAt.getTime() ?? Number.NaN;
    expect(notBefore.getTime()).toBeLessThanOrEqual(happenedMs);
    expect(notAfter.getTime()).toBeGreaterThanOrEqual(happenedMs);
  }
  expect(await endsOf(test)).toEqual([
    'Deployment web Evicted',
    'Deployment web EvictionByEvictionAPI',
    'Job import Completed',
  ]);
});

it('a gap hides the times of restarts, not their number', async ({ openCase }) => {
  const test = await openCase();
  const { pods, workloads } = test.cluster;
  const [web] = workloads.scaleDeployment('web', 1);
  if (web === undefined) throw new Error('no pod');
  pods.restart(web);
  pods.restart(web);
  const first = await startReader(test);
  await test.caughtUp();
  await vi.waitFor(
    async () => expect(await restartsOf(test)).toMatchObject([{ before: 1, restarts: 2 }]),
    PATIENCE,
  );
  await first.stop();
  for (let count = 0; count < 3; count += 1) pods.restart(web);
  pods.compact();
  await startReader(test);
  await vi.waitFor(async () => {
    expect(await restartsOf(test)).toMatchObject([
      { before: 1, restarts: 2 },
      { before: 2, restarts: 5 },
    ]);
  }, PATIENCE);
});

it('restarts are published where that is wanted', async ({ openCase }) => {
  const test = await openCase();
  const { pods, workloads } = test.cluster;
  const [web] = workloads.scaleDeployment('web', 1);
  if (web === undefined) throw new Error('no pod');
  await startReader(test, { RESTART_MESSAGES: 'true' });
  pods.restart(web, OOM);
  await vi.waitFor(() => {
    const published = test.records.filter(({ record }) => record.subclass === 'pod_restart');
    expect(published).toMatchObject([
      { record: { container: 'c', restarts: 1, workload: 'web', end_cause: 'OOMKilled, exit code 137' } },
    ]);
  }, PATIENCE);
});

it('pods that fail before they get an address are in the ledger once, also those of a gap', async ({
  openCase,
}) => {
  const test = await openCase();
  const { workloads, pods } = test.cluster;
  const failures = async () => {
    const { rows } = await test.pool.query<{ failure: string }>(
      `SELECT concat_ws(' ', workload_kind, workload, cause) AS failure FROM failed_pods ORDER BY ended_at, pod`,
    );
    return rows.map(({ failure }) => failure);
  };
  const rejectBare = (name: string) => pods.evict(pods.schedule(pods.create({ name, namespace: 'default' })));
  const old = rejectBare('of-before');
  const first = await startReader(test);
  workloads.rejectDaemonSetPod('agent');
  workloads.rejectDaemonSetPod('agent');
  const left = rejectBare('left');
  const seen = ['DaemonSet agent Evicted', 'DaemonSet agent Evicted', 'BarePod left Evicted'];
  await vi.waitFor(async () => expect((await failures()).toSorted()).toEqual(seen.toSorted()), PATIENCE);
  await test.caughtUp();
  pods.remove(old);
  await first.stop();

  rejectBare('of-gap');
  pods.compact();
  await startReader(test);
  const all = [...seen, 'BarePod of-gap Evicted'].toSorted();
  await vi.waitFor(async () => expect((await failures()).toSorted()).toEqual(all), PATIENCE);
  pods.annotate(left, { note: 'seen again' });
  await test.caughtUp();
  expect((await failures()).toSorted()).toEqual(all);
});
