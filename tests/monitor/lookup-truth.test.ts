import { type Lookup, openLookup } from '@podips/monitor/lookup';
import { createLogger } from '@podips/shared';
import {
  createRandom,
  drawLine,
  Holds,
  type LineAnswer,
  type LineTally,
  type LogLine,
  newTally,
  startChurn,
  tallyLine,
  untilWatched,
} from '@podips/simulation';
import { expect, onTestFinished, vi } from 'vitest';
import { createAnnotation, UTC } from '../../packages/annotate/src/index.js';
import { askLookup } from '../../services/monitor/src/annotate/ask-lookup.js';
import { readPosition } from '../support/ledger.js';
import { it, LONG_HISTORY, PATIENCE, type ReaderCase, untilRecorded } from '../support/reader-case.js';
import { type ReaderProcess, startReaderProcess } from '../support/reader-process.js';

const LINES = 30_000;
const LINES_AT_ONCE = 1_000;
/** As many of them are a file as well. */
const LINES_OF_FILE = 5_000;
const SKEW_MS = 1_000;
/** Kubelets report that late: the ledger is complete up to that long before its watermark. */
const LAG_MS = 2_000;

/** Waits until the cluster has changed so much more. */
function changed({ cluster: { truth } }: ReaderCase, count: number): Promise<void> {
  const goal = truth.changeCount + count;
  return vi.waitFor(() => expect(truth.changeCount).toBeGreaterThanOrEqual(goal), PATIENCE);
}

/** Answers to lines, as those of a file have them; it names pods, and no UIDs. */
async function annotate(lookup: Lookup, lines: readonly LogLine[], truth: Holds): Promise<LineAnswer[]> {
  const rows = lines.map(({ atMs, ip }) => `${new Date(atMs).toISOString()},${ip}\n`);
  const ask = askLookup(lookup, { skewMs: SKEW_MS, cluster: undefined });
  const annotation = createAnnotation({ ask, zone: UTC, at: undefined, nowMs: Date.now() });
  const file = (async function* () {
    yield Buffer.from(`time,src\n${rows.join('')}`);
  })();
  const parts: Buffer[] = [];
  for await (const part of annotation.run(file)) parts.push(part);
  const [, ...annotated] = Buffer.concat(parts).toString().trimEnd().split('\n');
  expect(annotated.map((row, n) => `${row}\n`.startsWith(rows[n]?.trimEnd() ?? '?'))).toEqual(
    rows.map(() => true),
  );
  return annotated.map((row, n) => {
    const [, ip = '', pod = '', , , node = '', verdict] = row.split(',');
    const named = (holds: ReturnType<Holds['at']>) => holds.find((hold) => hold.pod === pod);
    const hold = named(truth.at({ ip, atMs: lines[n]?.wasMs ?? 0 })) ?? named(truth.of(ip));
    // The file has one of the verdicts; another text is wrong.
    return { verdict: verdict as LineAnswer['verdict'], pod_uid: hold?.podUid ?? '', node };
  });
}

/** Asks for lines of a log, some of them as a file. */
async function askLines(
  test: ReaderCase,
  fromMs: number,
  toMs: number,
): Promise<{ readonly direct: LineTally; readonly file: LineTally }> {
  const log = createLogger('test', 'silent');
  const lookup = openLookup({ database: test.database, cluster: 'default', now: Date.now, log });
  onTestFinished(() => lookup.stop());
  const truth = new Holds(test.cluster.truth.changes);
  const options = { truth, random: createRandom(1), skewMs: SKEW_MS, fromMs, toMs };
  const known = { ...options, unknown: [] };
  const tallies = { direct: newTally(), file: newTally() };
  const count = (
    tally: LineTally,
    lines: readonly LogLine[],
    answers: readonly (LineAnswer | undefined)[],
  ) => {
    for (const [n, line] of lines.entries()) {
      const answer = answers[n];
      if (answer) tallyLine(tally, line, answer, known);
    }
  };
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
    count(
      tallies.direct,
      lines,
      answers.map(({ answer }) => answer),
    );
    if (asked < LINES_OF_FILE) count(tallies.file, lines, await annotate(lookup, lines, truth));
  }
  return tallies;
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
  const { direct, file } = await askLines(test, fromMs, toMs);
  expect([direct.wrong, file.wrong]).toEqual([[], []]);
  expect([direct.right + direct.unsure, file.right + file.unsure]).toEqual([LINES, LINES_OF_FILE]);
  // Pods do not live long here, and much of the time is without a reader: the bench has how many of the others are answered.
  expect(direct.right).toBeGreaterThan(LINES / 2);
  expect(file.right).toBeGreaterThan(LINES_OF_FILE / 2);
});
