import { openLedger } from '@podips/monitor/ledger';
import { createLogger } from '@podips/shared';
import { type AddressAt, createRandom, type Examined, examine, Holds } from '@podips/simulation';
import { measureLookupTruth } from './lookup-truth.js';
import type { BenchRun, Figure } from './measurement.js';
import { runWithTroubles } from './questions-run.js';

const EXPECTED_UNSURE_PERCENT = 2;
const SHOWN_WRONG = 10;
const SECOND_MS = 1_000;

/** Asks the ledger of a troubled run who had an address, as the monitor does, and compares the answers with what happened. */
export async function measureQuestions(run: BenchRun): Promise<Figure[]> {
  const { signal, print } = run;
  await using ended = await runWithTroubles(run);
  const { cluster, database, fromMs, toMs, gaps, gapMs } = ended;
  const { changes } = cluster.truth;
  const truth = new Holds(changes);
  const addresses = truth.addresses.length;
  const count = run.scale.questions.questions / 2;
  print(`questions: ${count} at any time and ${count} around changes`);
  const log = createLogger('bench', 'silent');
  await using resources = new AsyncDisposableStack();
  const ledger = openLedger({ database, cluster: 'default', now: Date.now, log });
  resources.defer(() => ledger.stop());
  const ask = ({ ip, atMs }: AddressAt) => ledger.ask({ ip, at: { ms: atMs, precisionMs: 1 } });
  const random = createRandom(1);
  const anyTime = { truth, count, ask, signal, draw: () => truth.drawUniform(fromMs, toMs, random) };
  const uniform = await examine(anyTime);
  const around = await examine({ ...anyTime, draw: () => truth.drawAroundChange(random) });
  const wrong = [...uniform.wrong, ...around.wrong];
  for (const text of wrong.slice(0, SHOWN_WRONG)) print(`questions: WRONG: ${text}`);
  const lines = await measureLookupTruth(run, ended, truth);
  return [
    ...lines,
    {
      name: 'questions: wrong certain answers',
      value: wrong.length,
      unit: 'times',
      expectation: { below: 1 },
      meaning:
        `of ${2 * count}, in ${seconds(toMs - fromMs)} s with ${gaps} gaps of ${seconds(gapMs)} s in all; ` +
        `${addresses} addresses, ${changes.length} changes`,
    },
    {
      name: 'questions: not sure, at any time',
      value: unsurePercent(uniform),
      unit: '%',
      expectation: { below: EXPECTED_UNSURE_PERCENT },
      meaning: `of ${count} questions, addresses and moments drawn uniformly`,
    },
    {
      name: 'questions: not sure, around changes',
      value: unsurePercent(around),
      unit: '%',
      meaning: `of ${count} questions within five seconds of a change of the address`,
    },
  ];
}

function seconds(ms: number): number {
  return Math.round(ms / SECOND_MS);
}

function unsurePercent({ right, unsure, wrong }: Examined): number {
  return (100 * unsure) / (right + unsure + wrong.length);
}
