import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHistogram } from 'node:perf_hooks';
import { pause } from '@podips/shared';
import { readMetrics, type ServiceName, startPostgres, startServices, startSink } from '@podips/simulation';
import { ChangeLatencies } from './change-latencies.js';
import type { BenchRun, Figure } from './measurement.js';
import { BYTES_PER_MB } from './memory.js';
import { type PodServerProcess, startPodServer } from './pod-server-process.js';
import { cpuSeconds, residentBytes } from './process-usage.js';
import { until } from './until.js';

const MEASURED = ['reader', 'writer', 'monitor'] as const;
const ARRIVAL_DEADLINE_MS = 400_000;
const US_PER_MS = 1_000;
const FAST = 1_000;

type PerService = Readonly<Record<(typeof MEASURED)[number], number>>;

/** All services between a large cluster and a sink. */
interface Chain {
  readonly run: BenchRun;
  readonly server: PodServerProcess;
  readonly latencies: ChangeLatencies;
  usage(measure: 'cpu' | 'memory'): Promise<PerService>;
}

/** What changes at one pace took. */
interface Pace {
  readonly name: string;
  /** In milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** From the last change until all had arrived. */
  readonly leftMs: number;
  /** For 1,000 changes, in milliseconds of a processor. */
  readonly cpuMs: PerService;
  /** How much more memory was in use at the end. */
  readonly grownMb: PerService;
}

/** Changes of a large cluster at several paces, from each change to the acknowledged record of it, through all services. */
export async function measureChurn(run: BenchRun): Promise<Figure[]> {
  const { pods, slow, fast, bursts, burst } = run.scale.churn;
  await using resources = new AsyncDisposableStack();
  const chain = await startChain(run, pods, resources);
  const paces = [
    await measurePace(chain, `${slow.perSecond} a second`, slow.perSecond * slow.seconds, slow.perSecond),
    await measurePace(chain, `${FAST.toLocaleString('en-US')} a second`, FAST * fast.seconds, FAST),
  ];
  for (let n = 1; n <= bursts; n += 1) {
    const name = `burst ${n} of ${burst.toLocaleString('en-US')}`;
    paces.push(await measurePace(chain, name, burst, Number.POSITIVE_INFINITY));
  }
  return paces.flatMap((pace) => toFigures(pace, pods));
}

async function startChain(run: BenchRun, pods: number, resources: AsyncDisposableStack): Promise<Chain> {
  const dir = await mkdtemp(join(tmpdir(), 'podips-bench-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  const postgres = await startPostgres();
  resources.defer(() => postgres.destroy());
  const latencies = new ChangeLatencies();
  const sink = await startSink({ onRecord: ({ record }) => latencies.arrived(record) });
  resources.defer(() => sink.stop());
  const server = await startPodServer(pods, (changes) => latencies.made(changes));
  resources.defer(() => server.stop());
  const services = await startServices({
    clusterUrl: server.url,
    queueHost: '127.0.0.1',
    queuePort: run.brokerPort,
    database: postgres.settings,
    logPort: sink.port,
    dir,
    env: { reader: { LEADER_ELECTION: 'false' } },
  });
  resources.defer(() => services.stop());
  const patience = { deadlineMs: ARRIVAL_DEADLINE_MS, signal: run.signal };
  await until('all pods arrived', patience, () => sink.distinct >= pods);
  const metricsUrl = `http://127.0.0.1:${services.httpPorts.reader}/metrics`;
  await until('all pods are recorded', patience, async () => {
    const metrics = await readMetrics(metricsUrl);
    await pause(run.scale.churn.restMs / 5, run.signal);
    return metrics.get('podips_reader_pending_leases') === 0;
  });
  const of = (name: ServiceName) => services.process(name);
  const usage = async (measure: 'cpu' | 'memory'): Promise<PerService> => {
    const values = MEASURED.map(async (name) => [
      name,
      measure === 'cpu'
        ? await cpuSeconds(of(name))
        : (await residentBytes(of(name), 'VmRSS')) / BYTES_PER_MB,
    ]);
    return Object.fromEntries(await Promise.all(values)) as PerService; // of all that are measured
  };
  return { run, server, latencies, usage };
}

async function measurePace(chain: Chain, name: string, count: number, perSecond: number): Promise<Pace> {
  const { run, server, latencies, usage } = chain;
  await pause(run.scale.churn.restMs, run.signal);
  latencies.reset(count);
  const before = { cpu: await usage('cpu'), memory: await usage('memory') };
  server.change(count, perSecond);
  const deadlineMs = ARRIVAL_DEADLINE_MS + (count / perSecond) * 1_000;
  await until(`all changes of ${name} arrived`, { deadlineMs, signal: run.signal }, () => latencies.complete);
  const { values, leftMs } = latencies;
  // What is recorded a second later counts as well.
  await pause(run.scale.churn.restMs, run.signal);
  const [cpu, memory] = [await usage('cpu'), await usage('memory')];
  const histogram = createHistogram();
  for (const ms of values) histogram.record(Math.max(1, Math.round(ms * US_PER_MS)));
  const per = (of: (service: keyof PerService) => number) =>
    Object.fromEntries(MEASURED.map((service) => [service, of(service)])) as PerService; // of all that are measured
  const pace: Pace = {
    name,
    p50: histogram.percentile(50) / US_PER_MS,
    p99: histogram.percentile(99) / US_PER_MS,
    max: histogram.max / US_PER_MS,
    leftMs,
    cpuMs: per((service) => ((cpu[service] - before.cpu[service]) * 1e6) / count),
    grownMb: per((service) => memory[service] - before.memory[service]),
  };
  run.print(
    `  churn: ${name}: p50 ${pace.p50.toFixed(0)} ms, p99 ${pace.p99.toFixed(0)} ms, max ${pace.max.toFixed(0)} ms, all arrived ${leftMs.toFixed(0)} ms after the last; reader ${memory.reader.toFixed(0)} MB`,
  );
  return pace;
}

function toFigures({ name, p50, p99, max, leftMs, cpuMs, grownMb }: Pace, pods: number): Figure[] {
  const isFast = name.startsWith(FAST.toLocaleString('en-US'));
  const isBurst = name.startsWith('burst');
  const meaning = `of the changes of a cluster with ${pods.toLocaleString('en-US')} pods, from the change to the record in the sink`;
  const figure = (
    what: string,
    value: number,
    unit: Figure['unit'],
    text: string,
    below?: number,
  ): Figure => ({
    name: `churn: ${name}, ${what}`,
    value,
    unit,
    ...(below !== undefined && { expectation: { below } }),
    meaning: text,
  });
  return [
    figure('p50', p50, 'ms', `half ${meaning}`),
    figure('p99', p99, 'ms', `99 % ${meaning}`, isFast ? 100 : undefined),
    figure('max', max, 'ms', `the longest ${meaning}`),
    figure(
      'backlog',
      leftMs,
      'ms',
      'from the last change until all had arrived',
      isBurst ? undefined : 1_000,
    ),
    ...MEASURED.map((service) =>
      figure(
        `CPU of the ${service}`,
        cpuMs[service],
        'ms',
        'of a processor, for 1,000 changes',
        isFast && service === 'reader' ? 100 : undefined,
      ),
    ),
    ...MEASURED.map((service) =>
      figure(`growth of the ${service}`, grownMb[service], 'MB', 'of its resident set meanwhile'),
    ),
  ];
}
