import { startWorkloads, type Workloads } from '@podips/monitor/workloads';
import { createLogger, type DatabaseSettings, migrate, openPool } from '@podips/shared';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { PATIENCE } from '../support/browser.js';
import { createDayCluster } from '../support/day/day-cluster.js';
import { startDayReader } from '../support/day/day-reader.js';
import { DayWatch, type Named } from '../support/day/day-watch.js';
import { DRAINS, LOST_NODE, planHealthyDay, planNoise } from '../support/day/healthy.js';
import { planSick, type Sick } from '../support/day/sick.js';
import { HOUR_MS, MINUTE_MS } from '../support/day/timed-pods.js';
import { createDatabase } from '../support/test-databases.js';

const START_MS = Date.parse('2026-11-16T00:00:00Z');
const DAY_MS = 24 * HOUR_MS;
const DAY_BEGINS_MS = START_MS + 7 * DAY_MS;
const LOOK_EVERY_MS = 10 * MINUTE_MS;
const SEED = 1;
/** A bound for what hangs: it takes some twenty seconds. */
const DAY_TIMEOUT_MS = 300_000;
const log = createLogger('test', 'silent');

const cluster = createDayCluster(SEED, START_MS);
let database: DatabaseSettings;
let workloads: Workloads;
let watch: DayWatch;
let sick: readonly Sick[];
const resources = new AsyncDisposableStack();

/** A quiet week, which shows what is usual, and the day, both recorded by a reader and counted by a monitor. */
beforeAll(async () => {
  const { agenda } = cluster;
  database = await createDatabase();
  const pool = resources.adopt(openPool(database, log), (opened) => opened.end());
  await migrate(pool);
  const reader = await startDayReader(pool, cluster);
  for (const one of cluster.controllers) one.start();
  sick = planSick(cluster, DAY_BEGINS_MS);
  planNoise(cluster, START_MS + HOUR_MS, DAY_BEGINS_MS, HOUR_MS);
  planHealthyDay(cluster, DAY_BEGINS_MS);
  for (let atMs = START_MS + HOUR_MS; atMs <= DAY_BEGINS_MS; atMs += HOUR_MS) {
    agenda.runUntil(atMs);
    await reader.record();
  }
  workloads = startWorkloads({ database, now: () => agenda.nowMs, log, intervalMs: 5 });
  resources.defer(() => workloads.stop());
  watch = new DayWatch(workloads);
  for (let atMs = DAY_BEGINS_MS + LOOK_EVERY_MS; atMs <= DAY_BEGINS_MS + DAY_MS; atMs += LOOK_EVERY_MS) {
    agenda.runUntil(atMs);
    await watch.look((await reader.record()).getTime(), atMs);
  }
}, DAY_TIMEOUT_MS);
afterAll(() => resources.disposeAsync());

/** How long after its beginning a sick workload was first named with the right cause. */
function afterMs(named: readonly Named[], { name, cause, exitCode, beginsMs }: Sick): number {
  const first = named.find(
    (one) => one.atMs >= beginsMs && one.name === name && one.cause === cause && one.exitCode === exitCode,
  );
  return (first?.atMs ?? Number.POSITIVE_INFINITY) - beginsMs;
}

it('a day of 400 workloads is one of rollouts, scaling, runs, drains and a lost node', () => {
  expect(cluster.controllers.length + cluster.cronJobs.length + 1).toBe(400);
  const { nodeEvents } = workloads.rank('24h', {}, 1);
  expect(nodeEvents).toEqual(
    expect.arrayContaining([
      ...DRAINS.nodes.map((node) =>
        expect.objectContaining({ node, what: 'ended', cause: 'EvictionByEvictionAPI' }),
      ),
      ...DRAINS.nodes.map((node) => expect.objectContaining({ node, what: 'restarted' })),
      expect.objectContaining({ node: LOST_NODE, what: 'ended', cause: 'DeletionByPodGC' }),
    ]),
  );
  expect(nodeEvents).toHaveLength(2 * DRAINS.nodes.length + 1);
});

it('each of the sick ones is among the ten worst with its cause within half an hour', () => {
  const named = sick.map((one) => [one.name, afterMs(watch.named, one) <= HOUR_MS / 2]);
  expect(named).toEqual(sick.map(({ name }) => [name, true]));
});

it('there is an alert about each of them, with its cause, as soon as the limits say so', () => {
  // What is counted lags by a look, and alerts wait for each other.
  const lateMs = 2 * LOOK_EVERY_MS;
  const alerted = sick.map((one) => [one.name, afterMs(watch.alerted, one) <= one.alertMs + lateMs]);
  expect(alerted).toEqual(sick.map(({ name }) => [name, true]));
});

it('a monitor that starts now counts in the ledger what this one has counted all the while', async () => {
  await using started = new AsyncDisposableStack();
  const restarted = startWorkloads({ database, now: () => cluster.agenda.nowMs, log });
  started.defer(() => restarted.stop());
  await vi.waitFor(() => expect(restarted.rank('1h', {}, 1).countedUntil).not.toBeNull(), PATIENCE);
  for (const window of ['1h', '24h', '7d'] as const)
    expect(ranked(restarted, window), window).toEqual(ranked(workloads, window));
});

/** All that is said of all workloads; those that are equally bad in the order of their names. */
function ranked(of: Workloads, window: '1h' | '24h' | '7d') {
  const answer = of.rank(window, {}, 1_000);
  return { ...answer, workloads: answer.workloads.toSorted((a, b) => (a.text < b.text ? -1 : 1)) };
}

it('there is no alert about any other workload, nor one before its time', () => {
  const isExpected = ({ name, atMs }: Named) => sick.some((one) => one.name === name && atMs >= one.beginsMs);
  expect(watch.alerted.filter((one) => !isExpected(one))).toEqual([]);
});
