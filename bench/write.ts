import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChildProgram } from '@podips/simulation';
import type { BenchRun, Figure } from './measurement.js';
import { fillQueue, makeBodies } from './messages.js';
import { startMonitorProcess } from './monitor-process.js';
import { type Contender, measureRates, type Rates } from './rate.js';
import { type SinkWorker, startSinkWorker } from './sink-worker.js';
import { type AckPlan, acknowledgeOnly, CUMULATIVE_PLAN, EACH_PLANS } from './write-bare.js';
import { writeOneByOne } from './write-original.js';

const WRITER = 'write: writer';
const ORIGINAL = 'write: as podips 1.1';
const BARE = 'write: connection per message';
const AT_ONCE = 8;
const BARE_AT_ONCE = `${BARE}, eight at once`;
const ACK_PLANS = [...EACH_PLANS, CUMULATIVE_PLAN];
const CUMULATIVE = ackName(CUMULATIVE_PLAN);
const EXPECTED_TIMES = 10;
const EXPECTED_PERCENT = 90;

/** Messages per second from a full queue to an acknowledging sink, several ways, and to a consumer that only acknowledges. */
export async function measureWrite(run: BenchRun): Promise<Figure[]> {
  const { rounds, write } = run.scale;
  await using resources = new AsyncDisposableStack();
  const sink = await startSinkWorker(run.signal);
  resources.defer(() => sink.stop());
  const dir = await mkdtemp(join(tmpdir(), 'podips-bench-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  // Reports to the monitor are part of the work.
  const monitor = await startMonitorProcess(dir);
  resources.defer(() => monitor.process.stop());
  const contenders: Contender[] = [
    { name: ORIGINAL, run: () => timeOneByOne(run, sink, 1, monitor.url) },
    { name: BARE, run: () => timeOneByOne(run, sink, 1, undefined) },
    { name: BARE_AT_ONCE, run: () => timeOneByOne(run, sink, AT_ONCE, undefined) },
    { name: WRITER, run: () => timeWriter(run, sink, monitor.url, dir) },
    ...ACK_PLANS.map((plan) => ({ name: ackName(plan), run: () => timeAcks(run, plan) })),
  ];
  run.print(`write: ${write.messages} messages, after ${write.warmUpMessages} to warm up`);
  // Neither side may meet a cold broker.
  for (const plan of ACK_PLANS) await timeAcks(run, plan);
  return toFigures(await measureRates(contenders, rounds, run.print));
}

async function timeAcks({ scale, brokerPort, signal }: BenchRun, plan: AckPlan): Promise<number> {
  const { warmUpMessages, messages } = scale.write;
  await fillQueue(brokerPort, makeBodies(warmUpMessages + messages), signal);
  return acknowledgeOnly(brokerPort, plan, { skip: warmUpMessages, count: messages }, signal);
}

function ackName({ mode, together }: AckPlan): string {
  return `write: bare stompit, ${mode}${together ? ', ACKs together' : ''}`;
}

/** The writer as a process of its own, started for each round; its warm-up does not count. */
async function timeWriter(run: BenchRun, sink: SinkWorker, monitorUrl: string, dir: string): Promise<number> {
  const { warmUpMessages, messages } = run.scale.write;
  await fillQueue(run.brokerPort, makeBodies(warmUpMessages + messages), run.signal);
  const rate = sink.rate(warmUpMessages, messages);
  const writer = startChildProgram({
    name: 'writer',
    program: 'services/writer/dist/main.js',
    env: {
      LOG_LEVEL: 'warn',
      CONFIG_DIR: dir,
      STATUS_DIR: dir,
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: '0',
      QUEUE_HOST: '127.0.0.1',
      QUEUE_PORT: String(run.brokerPort),
      PODIPS_HOST: monitorUrl,
      LOG_SERVER: '127.0.0.1',
      LOG_SERVER_PORT: String(sink.port),
    },
  });
  const ended = writer.exited.then((how) => {
    throw new Error(`the writer ended (${how}):\n${writer.output()}`);
  });
  try {
    return await Promise.race([rate, ended]);
  } finally {
    ended.catch(() => undefined);
    await writer.stop();
  }
}

async function timeOneByOne(
  { scale, brokerPort, signal }: BenchRun,
  sink: SinkWorker,
  atOnce: number,
  monitorUrl: string | undefined,
): Promise<number> {
  const { singleMessages } = scale.write;
  const warmUp = Math.ceil(singleMessages / 4);
  const count = warmUp + singleMessages;
  await fillQueue(brokerPort, makeBodies(count), signal);
  const [rate] = await Promise.all([
    sink.rate(warmUp, singleMessages),
    writeOneByOne({ brokerPort, sinkPort: sink.port, count, atOnce, monitorUrl }, signal),
  ]);
  return rate;
}

function toFigures(rates: Rates): Figure[] {
  const best = rates.best(EACH_PLANS.map(ackName));
  return [
    {
      name: WRITER,
      ...rates.of(WRITER),
      unit: '/s',
      meaning:
        'messages per second from a full queue to acknowledged records, by the writer as a process of its own, with a monitor',
    },
    {
      name: ORIGINAL,
      ...rates.of(ORIGINAL),
      unit: '/s',
      meaning:
        'one message after the other as podips 1.1 did: report the read, connect, send, close, report the write; no acks',
    },
    {
      name: BARE,
      ...rates.of(BARE),
      unit: '/s',
      meaning: 'the same without the two reports: only a connection to Fluentd per message',
    },
    {
      name: BARE_AT_ONCE,
      ...rates.of(BARE_AT_ONCE),
      unit: '/s',
      meaning: `the same with ${AT_ONCE} connections at a time, which podips 1.1 did not do`,
    },
    {
      name: 'write: best of a consumer that only acknowledges',
      ...rates.of(best),
      unit: '/s',
      meaning: `the same messages received by the library alone, in the benchmark's own process, and forwarded nowhere; best of ${EACH_PLANS.length} ways with an ACK for each message: ${best}`,
    },
    {
      name: 'write: consumer with cumulative ACKs',
      ...rates.of(CUMULATIVE),
      unit: '/s',
      meaning:
        'the same with an ACK for 25 messages, which the writer cannot use: a message that is held would hold up all that follow',
    },
    {
      name: 'write: writer / as podips 1.1',
      ...rates.ratio(WRITER, ORIGINAL),
      unit: 'times',
      expectation: { atLeast: EXPECTED_TIMES },
      meaning: 'the gain of one lasting connection, many records in a chunk and reports beside the pipeline',
    },
    {
      name: 'write: writer / connection per message',
      ...rates.ratio(WRITER, BARE),
      unit: 'times',
      meaning:
        'what is left of the gain without the reports; those records may be lost, the writer awaits acks',
    },
    {
      name: 'write: writer / consumer that only acknowledges',
      ...rates.share(WRITER, best),
      unit: '%',
      expectation: { atLeast: EXPECTED_PERCENT },
      meaning:
        'the share of the rate at which the broker delivers with the same guarantee, in the same round',
    },
  ];
}
