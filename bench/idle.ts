import { setTimeout as wait } from 'node:timers/promises';
import { type ChildProgram, type LocalServices, type ServiceName, startCluster } from '@podips/simulation';
import { startChain } from './chain.js';
import type { BenchRun, Expectation, Figure } from './measurement.js';
import { BYTES_PER_MB } from './memory.js';
import { cpuSeconds, proportionalBytes, residentBytes, voluntarySwitches } from './process-usage.js';
import { median } from './rate.js';
import { until } from './until.js';

const SERVICES = ['reader', 'writer', 'monitor', 'cronjob'] as const;
const EXPECTED_MB = 350;
const EXPECTED_CRONJOB_MB = 60;
const EXPECTED_CPU_PERCENT = 0.5;
const EXPECTED_READY_MS = 1_000;
const DEADLINE_MS = 60_000;
/** As often as a real API server sends them. */
const BOOKMARK_INTERVAL_MS = 60_000;
/** So that the cron job has queried the monitor several times. */
const CRON_SCHEDULE = '*/30 * * * * *';
/** What the cron job logs when it has begun. */
const CRONJOB_BEGAN = 'querying the monitor on schedule';

/** What a service takes. */
interface Idle {
  readonly name: ServiceName;
  readonly mb: number;
  readonly pssMb: number;
  readonly cpuPercent: number;
  readonly wakeups: number;
  readonly readyMs: number;
}

/** What the services take of a machine while nothing happens in the cluster, and how soon each is ready after its start. */
export async function measureIdle(run: BenchRun): Promise<Figure[]> {
  const { pods, settleMs, seconds } = run.scale.idle;
  const { signal, print } = run;
  await using resources = new AsyncDisposableStack();
  const cluster = await startCluster({ bookmarkIntervalMs: BOOKMARK_INTERVAL_MS });
  resources.defer(() => cluster.stop());
  for (let n = 0; n < pods; n += 1) cluster.pods.start({ name: `pod-${n}`, namespace: 'team' });
  const chain = await startChain(run, { cluster, env: { cronjob: { CRON_SCHEDULE } } });
  resources.use(chain);
  const { services, sink } = chain;
  await until('all messages arrived', { deadlineMs: DEADLINE_MS, signal }, () => sink.distinct >= pods);
  print(`idle: ${pods} pods, ${seconds} s without a change`);
  await wait(settleMs, undefined, { signal });
  const usages = await Promise.all(SERVICES.map((name) => measureUsage(services.process(name), run)));
  const idle: Idle[] = [];
  for (const [n, name] of SERVICES.entries()) {
    const usage = usages[n] ?? { mb: 0, pssMb: 0, cpuPercent: 0, wakeups: 0 };
    const readyMs = await measureStarts(name, services, run);
    idle.push({ name, ...usage, readyMs });
    print(
      `  idle: ${name}: ${usage.mb.toFixed(0)} MB (PSS ${usage.pssMb.toFixed(0)}), ${usage.cpuPercent.toFixed(2)} % of a core, ` +
        `${usage.wakeups.toFixed(1)} wakeups a second, ready after ${readyMs.toFixed(0)} ms`,
    );
  }
  return toFigures(idle, `of ${seconds} s of a cluster with ${pods} pods in which nothing changes`);
}

async function measureUsage(child: ChildProgram, { scale, signal }: BenchRun) {
  const { seconds } = scale.idle;
  const before = { cpu: await cpuSeconds(child), switches: await voluntarySwitches(child) };
  await wait(seconds * 1_000, undefined, { signal });
  return {
    mb: (await residentBytes(child, 'VmRSS')) / BYTES_PER_MB,
    pssMb: (await proportionalBytes(child)) / BYTES_PER_MB,
    cpuPercent: (100 * ((await cpuSeconds(child)) - before.cpu)) / seconds,
    wakeups: ((await voluntarySwitches(child)) - before.switches) / seconds,
  };
}

/** Stops a service and starts it again, while the others run. @returns the median time until it is ready */
async function measureStarts(name: ServiceName, services: LocalServices, { scale, signal }: BenchRun) {
  const timesMs: number[] = [];
  for (let round = 0; round < scale.rounds; round += 1) {
    await services.process(name).stop();
    const startedMs = performance.now();
    await services.start(name);
    await until(`${name} is ready`, { deadlineMs: DEADLINE_MS, signal }, () => isReady(name, services));
    timesMs.push(performance.now() - startedMs);
  }
  return median(timesMs);
}

async function isReady(name: ServiceName, services: LocalServices): Promise<boolean> {
  if (name === 'cronjob') return services.process(name).output().includes(CRONJOB_BEGAN);
  const { monitorUrl, httpPorts } = services;
  const response = await fetch(
    `${name === 'monitor' ? monitorUrl : `http://127.0.0.1:${httpPorts[name]}`}/readyz`,
  );
  await response.body?.cancel();
  return response.ok;
}

function toFigures(idle: readonly Idle[], minute: string): Figure[] {
  const each = (title: string, unit: Figure['unit'], meaning: string, of: (one: Idle) => Value): Figure[] =>
    idle.map((one) => ({ name: `idle: ${one.name}, ${title}`, unit, meaning, ...of(one) }));
  const sum = (of: (one: Idle) => number) => idle.reduce((total, one) => total + of(one), 0);
  return [
    ...each('memory', 'MB', `resident set of the process at the end ${minute}`, ({ name, mb }) =>
      name === 'cronjob' ? { value: mb, expectation: { below: EXPECTED_CRONJOB_MB } } : { value: mb },
    ),
    {
      name: 'idle: all, memory',
      value: sum(({ mb }) => mb),
      unit: 'MB',
      expectation: { below: EXPECTED_MB },
      meaning:
        'the sum of these, in which what they share, such as the program Node itself, counts four times',
    },
    ...each(
      'proportional memory',
      'MB',
      `proportional set of the process at the end ${minute}: its part of what it shares with others`,
      ({ pssMb }) => ({ value: pssMb }),
    ),
    {
      name: 'idle: all, proportional memory',
      value: sum(({ pssMb }) => pssMb),
      unit: 'MB',
      meaning:
        'the sum of these, in which what they share with each other and with Node.js programs of the benchmark counts in part',
    },
    ...each('CPU', '%', `of a core, in the course ${minute}`, ({ cpuPercent }) => ({ value: cpuPercent })),
    {
      name: 'idle: all, CPU',
      value: sum(({ cpuPercent }) => cpuPercent),
      unit: '%',
      expectation: { below: EXPECTED_CPU_PERCENT },
      meaning: 'the sum of these',
    },
    ...each(
      'wakeups',
      '/s',
      `voluntary context switches of all its threads, in the course ${minute}`,
      ({ wakeups }) => ({
        value: wakeups,
      }),
    ),
    ...each(
      'ready',
      'ms',
      'from the start of the process until it says that it is ready, beside the others',
      (one) => ({
        value: one.readyMs,
        expectation: { below: EXPECTED_READY_MS },
      }),
    ),
  ];
}

interface Value {
  readonly value: number;
  readonly expectation?: Expectation;
}
