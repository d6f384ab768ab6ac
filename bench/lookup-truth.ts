import { openLookup } from '@podips/monitor/lookup';
import { createLogger, openPool } from '@podips/shared';
import {
  createRandom,
  drawLine,
  type Holds,
  type LineTally,
  newTally,
  tallyLine,
  type UnknownTime,
} from '@podips/simulation';
import type { BenchRun, Figure } from './measurement.js';
import type { EndedRun } from './questions-run.js';

const SKEW_MS = 1_000;
const LINES_AT_ONCE = 1_000;
const SHOWN_WRONG = 10;
const EXPECTED_ANSWERED_PERCENT = 99;
/** Kubelets report that late, which is why what is unknown reaches that much further. */
const LAG_MS = 2_000;

/** Asks for the lines of a log, by a clock that is off by up to a second, and compares the answers with what happened. */
export async function measureLookupTruth(run: BenchRun, ended: EndedRun, truth: Holds): Promise<Figure[]> {
  const { lines } = run.scale.questions;
  run.print(`questions: ${lines} lines of a log`);
  const { right, unsure, wrong, knowable, knowableAnswered } = await askLines(run, ended, truth);
  for (const text of wrong.slice(0, SHOWN_WRONG)) run.print(`questions: WRONG: ${text}`);
  return [
    {
      name: 'questions: lines answered wrong',
      value: wrong.length,
      unit: 'times',
      expectation: { below: 1 },
      meaning: `of ${lines} lines with a clock that is off by up to ${SKEW_MS} ms; ${right} are answered right, ${unsure} not sure`,
    },
    {
      name: 'questions: lines answered, of those that can be',
      // A quick run on a busy machine may have none.
      value: knowable === 0 ? 0 : (100 * knowableAnswered) / knowable,
      unit: '%',
      expectation: { atLeast: EXPECTED_ANSWERED_PERCENT },
      meaning:
        `of ${knowable} lines about a time outside of gaps and failures, with no change of the address closer than four ` +
        'seconds: one for the clock, and three because kubelets report up to two seconds late, in whole seconds',
    },
  ];
}

async function askLines(run: BenchRun, ended: EndedRun, truth: Holds): Promise<LineTally> {
  const log = createLogger('bench', 'silent');
  await using resources = new AsyncDisposableStack();
  const lookup = openLookup({ database: ended.database, cluster: 'default', now: Date.now, log });
  resources.defer(() => lookup.stop());
  const { fromMs, toMs } = ended;
  const options = { truth, random: createRandom(2), skewMs: SKEW_MS, fromMs, toMs };
  const unknown = [...(await readGaps(ended)), ...ended.outages].map((time) => ({
    fromMs: time.fromMs - LAG_MS,
    toMs: time.toMs + LAG_MS,
  }));
  const known = { ...options, fromMs: fromMs + LAG_MS, toMs: toMs - LAG_MS, unknown };
  const tally = newTally();
  for (let asked = 0; asked < run.scale.questions.lines; asked += LINES_AT_ONCE) {
    run.signal.throwIfAborted();
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
      if (answer === undefined) throw new Error('a line has no answer');
      tallyLine(tally, line, answer, known);
    }
  }
  return tally;
}

async function readGaps({ database }: EndedRun): Promise<UnknownTime[]> {
  await using resources = new AsyncDisposableStack();
  const pool = openPool(database, createLogger('bench', 'silent'));
  resources.defer(() => pool.end());
  const { rows } = await pool.query<{ startedAt: Date | null; endedAt: Date }>(
    'SELECT started_at AS "startedAt", ended_at AS "endedAt" FROM gaps',
  );
  return rows.map(({ startedAt, endedAt }) => ({
    fromMs: startedAt?.getTime() ?? Number.NEGATIVE_INFINITY,
    toMs: endedAt.getTime(),
  }));
}
