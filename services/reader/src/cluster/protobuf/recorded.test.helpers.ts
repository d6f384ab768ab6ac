import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { readFrames, readLines } from '../frames.js';

/** What one API server says in both encodings: see packages/simulation/recordings/README.md. */
const RECORDED = new URL('../../../../../packages/simulation/recordings/protobuf/', import.meta.url);

const MAX_BYTES = 1_048_576;

export function recorded(file: string): Buffer {
  const bytes = readFileSync(new URL(file, RECORDED));
  return file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

/** The events of a recorded watch. */
export async function recordedWatch(as: 'JSON' | 'protobuf'): Promise<Buffer[]> {
  const [file, read] =
    as === 'JSON' ? (['watch.ndjson.gz', readLines] as const) : (['watch.pb.gz', readFrames] as const);
  const frames: Buffer[] = [];
  for await (const frame of read(inChunks(recorded(file)), MAX_BYTES)) frames.push(frame);
  return frames;
}

async function* inChunks(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}
