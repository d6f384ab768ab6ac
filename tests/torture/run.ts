import { openLedger } from '@podips/monitor/ledger';
import { createLogger, type Operation, pause } from '@podips/shared';
import { createRandom, type Examined, examine, Holds } from '@podips/simulation';
import { check, type FullVerdict } from '../faults/check.js';
import type { Fault } from '../faults/fault.js';
import { ALL_FAULTS } from '../faults/index.js';
import { type Stage, startStage } from '../faults/stage.js';
import { type PlannedFault, planFaults } from './schedule.js';

export interface TortureOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly print: (line: string) => void;
  readonly signal: AbortSignal;
}

/** The faults that were endured, and what is wrong after them. */
export interface TortureVerdict extends FullVerdict {
  readonly faults: number;
  readonly changes: number;
  /** The lights when all faults had ended and all was well again, or at the deadline. */
  readonly lights: Readonly<Record<Operation, string | undefined>>;
  readonly peakBytes: Readonly<Record<string, number>>;
  /** How the monitor answered who had an address, at any time and around changes. */
  readonly answers: Examined;
}

const CHANGES_PER_SECOND = 20;
const PODS = 120;
const QUESTIONS = 5_000;
/** Of the four nodes: right, fast, slow, and wrong by less than the API's times show. */
const NODE_CLOCKS_AHEAD_MS = [0, 20_000, -3_600_000, 700];
const SETTLE_DEADLINE_MS = 180_000;
const MINUTE_MS = 60_000;
const LOOK_EVERY_MS = 1_000;

/** Every fault that may last beside others. */
const FAULTS: readonly Fault[] = ALL_FAULTS.filter((fault) => !fault.alone);

/** Runs a busy cluster through faults picked at random, then compares what happened with what arrived. */
export async function torture(options: TortureOptions): Promise<TortureVerdict> {
  const { minutes, seed, print } = options;
  await using resources = new AsyncDisposableStack();
  const stage = await startStage({
    seed,
    changesPerSecond: CHANGES_PER_SECOND,
    pods: PODS,
    nodeClocksAheadMs: NODE_CLOCKS_AHEAD_MS,
    // So that lists have several pages.
    env: { reader: { KUBE_PAGE_SIZE: '50' } },
  });
  resources.defer(() => stage.destroy());
  const beganMs = Date.now();
  const random = createRandom(seed);
  const plan = planFaults(FAULTS, minutes * MINUTE_MS, () => random.next());
  print(`${plan.length} faults in ${minutes} minutes, seed ${seed}`);
  const lastOf = new Map<Fault['part'], Promise<void>>();
  for (const planned of plan) {
    // To begin and to end takes time too: of one part only one fault lasts at a time, whatever the plan says.
    const before = lastOf.get(planned.fault.part) ?? Promise.resolve();
    lastOf.set(planned.fault.part, inflict(stage, planned, before, options));
  }
  await Promise.all(lastOf.values());
  const lights = await untilGreen(stage, options);
  stage.churn.stop();
  const verdict = await settle(stage, options);
  const answers = await askAll(stage, beganMs, options);
  const peakBytes = Object.fromEntries(await stage.peakBytes());
  return {
    faults: plan.length,
    changes: stage.cluster.truth.changeCount,
    lights,
    peakBytes,
    answers,
    ...verdict,
  };
}

async function inflict(
  stage: Stage,
  { fault, beginsAtMs, endsAtMs }: PlannedFault,
  before: Promise<void>,
  { print, signal }: TortureOptions,
): Promise<void> {
  const due = await pause(beginsAtMs, signal);
  await before;
  if (!due) return;
  print(`${seconds(beginsAtMs)} s: ${fault.name} for ${seconds(endsAtMs - beginsAtMs)} s`);
  await fault.begin(stage);
  await pause(endsAtMs - beginsAtMs, signal);
  await fault.end(stage);
}

const seconds = (ms: number) => (ms / 1_000).toFixed(1);

async function untilGreen(stage: Stage, { signal }: TortureOptions): Promise<TortureVerdict['lights']> {
  const deadline = AbortSignal.timeout(SETTLE_DEADLINE_MS);
  for (;;) {
    const lights = await stage.lights();
    const green = Object.values(lights).every((light) => light === 'green');
    if (green || deadline.aborted || signal.aborted) return lights;
    await pause(LOOK_EVERY_MS, signal);
  }
}

/** Whether a node's clock is right. */
const isHonest = (node: string) => node === 'node-0';

/** Asks the ledger as the monitor does, and compares the answers with what really happened. */
async function askAll(stage: Stage, beganMs: number, { seed, signal }: TortureOptions): Promise<Examined> {
  const log = createLogger('torture', 'silent');
  await using resources = new AsyncDisposableStack();
  const ledger = openLedger({ database: stage.postgres.settings, cluster: 'default', now: Date.now, log });
  resources.defer(() => ledger.stop());
  const truth = new Holds(stage.cluster.truth.changes);
  const random = createRandom(seed);
  const endedMs = Date.now();
  // Awaited here, because the ledger closes with this function.
  return await examine({
    truth,
    count: QUESTIONS,
    ask: ({ ip, atMs }) => ledger.ask({ ip, at: { ms: atMs, precisionMs: 1 } }),
    draw: () =>
      random.next() < 0.5 ? truth.drawUniform(beganMs, endedMs, random) : truth.drawAroundChange(random),
    signal,
  });
}

/** Waits until all has arrived and is written, for as long as it takes within a deadline. */
async function settle({ cluster, sink, database }: Stage, { signal }: TortureOptions): Promise<FullVerdict> {
  const deadline = AbortSignal.timeout(SETTLE_DEADLINE_MS);
  for (;;) {
    // A requeue and a restart of the reader come together here.
    const verdict = await check(cluster, sink.records, database, { isHonest });
    const settled = verdict.missing.length === 0 && verdict.ledger.length === 0;
    if (settled || deadline.aborted || signal.aborted) return verdict;
    await pause(LOOK_EVERY_MS, signal);
  }
}
