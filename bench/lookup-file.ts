import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pause } from '@podips/shared';
import { type ChildProgram, startChildProgram } from '@podips/simulation';
import { type LogOfLines, textOf } from './lookup-lines.js';

const SAMPLE_MS = 100;

export interface AnnotatedFile {
  readonly tookMs: number;
  readonly peakBytes: number;
}

/** Has `podips annotate` annotate the log as a CSV file, as a program of its own. */
export async function annotateFile(url: string, log: LogOfLines, dir: string): Promise<AnnotatedFile> {
  const file = join(dir, 'log.csv');
  await pipeline(Readable.from(csvOf(log)), createWriteStream(file));
  const startedMs = performance.now();
  const podips = startChildProgram({
    name: 'podips',
    program: 'packages/cli/dist/main.js',
    args: ['annotate', file, '--url', url, '--output', join(dir, 'annotated.csv'), '--json'],
    env: {},
  });
  const peak = followPeak(podips);
  const code = await podips.exited;
  const tookMs = performance.now() - startedMs;
  const peakBytes = await peak;
  const summary: { addresses?: number; unreadable?: number } = JSON.parse(podips.output());
  if (code !== 0 || summary.addresses !== log.lines || summary.unreadable !== 0)
    throw new Error(`the file was not annotated: ${podips.output()}`);
  return { tookMs, peakBytes };
}

function* csvOf(log: LogOfLines): Generator<string> {
  yield 'time,src_ip,src_port,dst_port,proto,action,bytes\n';
  yield* textOf(
    log,
    (ip, at, n) => `${at},${ip},${1_024 + (n % 60_000)},443,tcp,accept,${(n * 37) % 100_000}`,
  );
}

/** The peak as it was when it was last looked at. */
async function followPeak(program: ChildProgram): Promise<number> {
  let bytes = 0;
  while (program.running) {
    // It may end meanwhile.
    bytes = await program.peakBytes().catch(() => bytes);
    await pause(SAMPLE_MS);
  }
  return bytes;
}
