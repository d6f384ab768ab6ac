import { openLookup } from '@podips/monitor/lookup';
import { createLogger } from '@podips/shared';
import {
  createRandom,
  drawLine,
  Holds,
  type LineTally,
  newTally,
  startChurn,
  tallyLine,
  untilWatched,
} from '@podips/simulation';
import { expect, onTestFinished, vi } from 'vitest';
import { readPosition } from '../support/ledger.js';
import { it, LONG_HISTORY, PATIENCE, type ReaderCase, untilRecorded } from '../support/reader-case.js';
import { type ReaderProcess, startReaderProcess } from '../support/reader-process.js';

const LINES = 30_000;
const LINES_AT_ONCE = 1_000;
const SKEW_MS = 1_000;
/** Kubelets report that late: the ledger is complete up to that long before its watermark. */
const LAG_MS = 2_000;

/** Waits until the cluster has changed so much more. */
function changed({ cluster: { truth } }: ReaderCase, count: number): Promise<void> {
  const goal = truth.changeCount + count;
  return vi.waitFor(() => expect(truth.changeCount).toBeGreaterThanOrEqual(goal), PATIENCE);
}

/** Asks for lines of a log as a file of them is asked for. */
async function askLines(test: ReaderCase, fromMs: number, toMs: number): Promise<LineTally> {
  const log = createLogger('test', 'silent');
  const lookup = openLookup({ database: test.database, cluster: 'default', now: Date.now, log });
  onTestFinished(() => lookup.stop());
  const truth = new Holds(test.cluster.truth.changes);
  const options = { truth, random: createRandom(1), skewMs: SKEW_MS, fromMs, toMs };
  const known = { ...options, unknown: [] };
  const tally = newTally();
  for (let asked = 0; asked < LINES; asked += LINES_AT_ONCE) {
    const lines = Array.from({ length: LINES_AT_ONCE }, () => drawLine(options));
    const answers = await lookup.answerAll(
      lines.map(({ ip, atMs: ms }) => ({
        ip,
        at: { ms, precisionMs: 1 },
        skewMs: SKEW_MS,
        cluster: undefined,
      })),
    );
    for (const [n, line] of lines.entries()) {
      const answer = answers[n]?.answer;
      if (answer) tallyLine(tally, line, answer, known);
    }
  }
  return tally;
}

it('of tens of thousands of lines, by a clock that is off by a second, none is answered wrong', async ({
  openCase,
}) => {
  const test = await openCase({ ...LONG_HISTORY, ipPoolSize: 300 });
  const churn = startChurn(test.cluster, { changesPerSecond: 10, pods: 200 });
  onTestFinished(() => churn.stop());
  await using owner = new AsyncDisposableStack();
  const env = { ...test.withDatabase, LEDGER_INTERVAL_MS: '100' };
  const start = (name: string) => startReaderProcess(test, owner, name, env);
  const replace = async (reader: ReaderProcess, name: string) => {
    reader.child.kill('SIGKILL');
    if (name === 'reader-3') test.cluster.faults.expireNextWatch();
    await changed(test, 20);
    const next = await start(name);
    await untilWatched(test.cluster);
    return next;
  };
  const first = await start('reader-1');
  await untilRecorded(test);
  const fromMs = Date.now();
  await changed(test, 80);
  const second = await replace(first, 'reader-2');
  await changed(test, 80);
  await replace(second, 'reader-3');
  await changed(test, 120);
  churn.stop();
  const toMs = Date.now();
  await vi.waitFor(
    async () => expect((await readPosition(test.pool))?.knownAt.getTime()).toBeGreaterThan(toMs + LAG_MS),
    PATIENCE,
  );
  const { right, unsure, wrong } = await askLines(test, fromMs, toMs);
  expect(wrong).toEqual([]);
  expect(right + unsure).toBe(LINES);
  // Pods do not live long here, and much of the time is without a reader: the bench has how many of the others are answered.
  expect(right).toBeGreaterThan(LINES / 2);
});
