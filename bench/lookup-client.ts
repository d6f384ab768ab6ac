import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { request } from 'undici';
import { type LogOfLines, textOf } from './lookup-lines.js';
import { residentBytes } from './process-usage.js';

/** Asks a monitor about the lines of a log, as a program of its own, and prints how they were answered as JSON. */
const [url = '', log = '{}'] = process.argv.slice(2);
// What the bench wrote.
const asked = JSON.parse(log) as LogOfLines;
const questions = textOf(asked, (ip, at) => `{"ip":"${ip}","at":"${at}"}`);

const startedMs = performance.now();
const { statusCode, body } = await request(`${url}/api/v1/lookup`, {
  method: 'POST',
  headers: { 'content-type': 'application/x-ndjson' },
  body: Readable.from(questions, { objectMode: false, highWaterMark: 1 }),
});
if (statusCode !== 200) throw new Error(`the monitor answered ${statusCode}: ${await body.text()}`);
const verdicts: Record<string, number> = {};
let isWhole = false;
for await (const line of createInterface({ input: body })) {
  const answer: { verdict?: string; end?: boolean; answers?: number } = JSON.parse(line);
  if (answer.verdict !== undefined) verdicts[answer.verdict] = (verdicts[answer.verdict] ?? 0) + 1;
  else isWhole = answer.end === true && answer.answers === asked.lines;
}
// The usage of resources counts from before this program was loaded, when it still had the memory of its parent.
const peakBytes = await residentBytes(process, 'VmHWM');
console.log(JSON.stringify({ tookMs: performance.now() - startedMs, verdicts, isWhole, peakBytes }));
