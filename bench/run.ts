import { startActiveMq } from '@podips/simulation';
import { measureChurn } from './churn.js';
import { measureLatency } from './latency.js';
import { measureLedger } from './ledger.js';
import { measureLookup } from './lookup.js';
import { describeMachine } from './machine.js';
import { type Figure, isMet, type Measurement } from './measurement.js';
import { measureMemory } from './memory.js';
import { measureMonitor } from './monitor.js';
import { measurePublish } from './publish.js';
import { measureQuestions } from './questions.js';
import { formatFigures } from './report.js';
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

/** Measures and prints. @returns whether all expectations are met, or the run is not judged */
export async function runBench(
  { measurements, scale, judged, database }: BenchSettings,
  signal: AbortSignal,
  print: (text: string) => void,
): Promise<boolean> {
  await using resources = new AsyncDisposableStack();
  const broker = await startActiveMq();
  resources.defer(() => broker.destroy());
  const machine = await describeMachine(broker.port, signal);
  const figures: Figure[] = [];
  for (const name of measurements) {
    signal.throwIfAborted();
    figures.push(...(await MEASURE[name]({ scale, brokerPort: broker.port, database, signal, print })));
  }
  print(`\n${machine}\n\n${formatFigures(figures, judged)}`);
  if (!judged) print('\nA quick run is too short to be judged.');
  return !judged || figures.every((figure) => isMet(figure) !== false);
}
