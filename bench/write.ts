import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChildProgram } from '@podips/simulation';
import type { BenchRun, Figure } from './measurement.js';
import { fillQueue, makeBodies } from './messages.js';
import { startMonitorProcess } from './monitor-process.js';
import { type Contender, medianRates } from './rate.js';
import { type SinkWorker, startSinkWorker } from './sink-worker.js';
import { writeOneByOne } from './write-original.js';

const WRITER = 'write: writer';
const ORIGINAL = 'write: as podips 1.1';
const BARE = 'write: connection per message';
const EXPECTED_TIMES = 10;

/** Messages per second from a full queue to an acknowledging sink, two ways. */
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
    { name: WRITER, run: () => timeWriter(run, sink, monitor.url, dir) },
    { name: ORIGINAL, run: () => timeOneByOne(run, sink, monitor.url) },
    { name: BARE, run: () => timeOneByOne(run, sink, undefined) },
  ];
  run.print(`write: ${write.messages} messages, after ${write.warmUpMessages} to warm up`);
  const rates = await medianRates(contenders, rounds, run.print);
  const rate = (name: string) => rates.get(name) ?? Number.NaN;
  return toFigures(rate(WRITER), rate(ORIGINAL), rate(BARE));
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
  run: BenchRun,
  sink: SinkWorker,
  monitorUrl: string | undefined,
): Promise<number> {
  const { singleMessages } = run.scale.write;
  const warmUp = Math.ceil(singleMessages / 4);
  await fillQueue(run.brokerPort, makeBodies(warmUp + singleMessages), run.signal);
  const [rate] = await Promise.all([
    sink.rate(warmUp, singleMessages),
    writeOneByOne(run.brokerPort, sink.port, warmUp + singleMessages, monitorUrl, run.signal),
  ]);
  return rate;
}

function toFigures(writer: number, original: number, bare: number): Figure[] {
  return [
    {
      name: WRITER,
      value: writer,
      unit: '/s',
      meaning:
        'messages per second from a full queue to acknowledged records, by the writer as a process of its own, with a monitor',
    },
    {
      name: ORIGINAL,
      value: original,
      unit: '/s',
      meaning:
        'one message after the other as podips 1.1 did: report the read, connect, send, ack, close, report the write',
    },
    {
      name: BARE,
      value: bare,
      unit: '/s',
      meaning: 'the same without the two reports: only a connection to Fluentd per message',
    },
    {
      name: 'write: writer / as podips 1.1',
      value: writer / original,
      unit: 'times',
      expectation: { atLeast: EXPECTED_TIMES },
      meaning: 'the gain of one lasting connection, many records in a chunk and reports beside the pipeline',
    },
    {
      name: 'write: writer / connection per message',
      value: writer / bare,
      unit: 'times',
      meaning: 'the gain of the lasting connection and the chunks alone; the broker is the limit then',
    },
  ];
}
