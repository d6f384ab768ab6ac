import { loadavg } from 'node:os';
import { startActiveMq } from '@podips/simulation';
import { measureChurn } from './churn.js';
import { measureLatency } from './latency.js';
import { measureLedger } from './ledger.js';
import { measureLookup } from './lookup.js';
import { describeCommit, describeMachine } from './machine.js';
import { type Figure, isMet, type Measurement } from './measurement.js';
import { measureMemory } from './memory.js';
import { measureMonitor } from './monitor.js';
import { measurePublish } from './publish.js';
import { measureQuestions } from './questions.js';
import { formatFigures } from './report.js';
import { recordSection } from './results.js';
import { measureScale } from './scale.js';
import type { BenchSettings, MeasurementName } from './settings.js';
import { measureTakeover } from './takeover.js';
import { measureWorkloads } from './workloads.js';
import { measureWrite } from './write.js';

const MEASURE: Readonly<Record<MeasurementName, Measurement>> = {
  publish: measurePublish,
  write: measureWrite,
  latency: measureLatency,
  memory: measureMemory,
  ledger: measureLedger,
  lookup: measureLookup,
  monitor: measureMonitor,
  takeover: measureTakeover,
  questions: measureQuestions,
  workloads: measureWorkloads,
  scale: measureScale,
  churn: measureChurn,
};

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
  const figures: Figure[] = [];
  for (const name of measurements) {
    signal.throwIfAborted();
    const startedAt = new Date();
    const startedMs = performance.now();
    const before = loadOfAMinute();
    const measured = await MEASURE[name]({ scale, brokerPort: broker.port, database, signal, print });
    const seconds = (performance.now() - startedMs) / 1_000;
    const load = [before, loadOfAMinute()] as const;
    if (judged) await recordSection({ name, figures: measured, startedAt, seconds, commit, machine, load });
    print(`${name}: took ${seconds.toFixed(0)} s`);
    figures.push(...measured);
  }
  print(`\n${machine}\n\n${formatFigures(figures, judged)}`);
  print(judged ? '\nRecorded in bench/RESULTS.md.' : '\nA quick run is too short to be judged.');
  return !judged || figures.every((figure) => isMet(figure) !== false);
}

function loadOfAMinute(): number {
  return loadavg()[0] ?? 0;
}
