import { loadavg } from 'node:os';
import { startActiveMq } from '@podips/simulation';
import { measureChurn } from './churn.js';
import { measureIdle } from './idle.js';
import { measureLatency } from './latency.js';
import { measureLedger } from './ledger.js';
import { measureLookup } from './lookup.js';
import { describeCommit, describeMachine } from './machine.js';
import { type BenchRun, type Figure, isMet, type Measurement } from './measurement.js';
import { measureMemory } from './memory.js';
import { measureMonitor } from './monitor.js';
import { benchAbout, MEASUREMENTS } from './options.mjs';
import { measurePublish } from './publish.js';
import { measureQuestions } from './questions.js';
import { formatFigures } from './report.js';
import { type MeasuredSection, recordSection } from './results.js';
import { measureScale } from './scale.js';
import type { BenchSettings, MeasurementName, Scale } from './settings.js';
import { measureTakeover } from './takeover.js';
import { measureWorkloads } from './workloads.js';
import { measureWrite } from './write.js';

const MEASURE: Readonly<Record<MeasurementName, Measurement>> = {
  publish: measurePublish,
  write: measureWrite,
  latency: measureLatency,
  memory: measureMemory,
  idle: measureIdle,
  ledger: measureLedger,
  lookup: measureLookup,
  monitor: measureMonitor,
  takeover: measureTakeover,
  questions: measureQuestions,
  workloads: measureWorkloads,
  scale: measureScale,
  churn: measureChurn,
};
const MS_PER_MINUTE = 60_000;

/** Measures, prints, and records what is judged. @returns whether all expectations are met, or the run is not judged */
export async function runBench(
  { measurements, scale, judged, database }: BenchSettings,
  signal: AbortSignal,
  print: (text: string) => void,
): Promise<boolean> {
  await using resources = new AsyncDisposableStack();
  const broker = await startActiveMq();
  resources.defer(() => broker.destroy());
  const machine = await describeMachine(broker.port, signal);
  const commit = await describeCommit();
  const run = { scale, brokerPort: broker.port, database, signal, print };
  const minutes = measurements.reduce((sum, name) => sum + minutesOf(name, scale), 0);
  if (judged) print(`${measurements.join(', ')}: at most ${minutes} minutes in all`);
  const figures: Figure[] = [];
  for (const name of measurements) {
    signal.throwIfAborted();
    const measured = await measure(name, run);
    if (judged) await recordSection({ ...measured, commit, machine });
    print(`${name}: took ${measured.seconds.toFixed(0)} s`);
    figures.push(...measured.figures);
  }
  print(`\n${machine}\n\n${formatFigures(figures, judged)}`);
  print(judged ? '\nRecorded in bench/RESULTS.md.' : '\nA quick run, or one of another size, is not judged.');
  return !judged || figures.every((figure) => isMet(figure) !== false);
}

async function measure(
  name: MeasurementName,
  run: BenchRun,
): Promise<Omit<MeasuredSection, 'commit' | 'machine'>> {
  const limit = AbortSignal.timeout(minutesOf(name, run.scale) * MS_PER_MINUTE);
  const startedAt = new Date();
  const startedMs = performance.now();
  const before = loadOfAMinute();
  const figures = await MEASURE[name]({ ...run, signal: AbortSignal.any([run.signal, limit]) });
  const seconds = (performance.now() - startedMs) / 1_000;
  return { name, figures, startedAt, seconds, load: [before, loadOfAMinute()] };
}

/** A larger ledger takes as much longer to fill. */
function minutesOf(name: MeasurementName, { ledger }: Scale): number {
  return MEASUREMENTS[name] * Math.max(1, ledger.leases / benchAbout.flags.leases.default);
}

function loadOfAMinute(): number {
  return loadavg()[0] ?? 0;
}
