import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { request } from 'undici';
import { FLEET, type LogOfLines } from './lookup-lines.js';

/** Asks a monitor about the lines of a log, as a program of its own, and prints how they were answered as JSON. */
const [url = '', log = '{}'] = process.argv.slice(2);
// What the bench wrote.
const { lines, addresses, fromMs, toMs } = JSON.parse(log) as LogOfLines;
const LINES_PER_CHUNK = 1_000;

const startedMs = performance.now();
const { statusCode, body } = await request(`${url}/api/v1/lookup`, {
  method: 'POST',
  headers: { 'content-type': 'application/x-ndjson' },
  body: Readable.from(chunks(), { objectMode: false, highWaterMark: 1 }),
});
if (statusCode !== 200) throw new Error(`the monitor answered ${statusCode}: ${await body.text()}`);
const verdicts: Record<string, number> = {};
let isWhole = false;
for await (const line of createInterface({ input: body })) {
  const answer: { verdict?: string; end?: boolean; answers?: number } = JSON.parse(line);
  if (answer.verdict !== undefined) verdicts[answer.verdict] = (verdicts[answer.verdict] ?? 0) + 1;
  else isWhole = answer.end === true && answer.answers === lines;
}
const peakBytes = process.resourceUsage().maxRSS * 1_024;
console.log(JSON.stringify({ tookMs: performance.now() - startedMs, verdicts, isWhole, peakBytes }));

function* chunks(): Generator<string> {
  for (let first = 0; first < lines; first += LINES_PER_CHUNK) {
    let text = '';
    for (let n = first; n < Math.min(lines, first + LINES_PER_CHUNK); n += 1)
      text += `{"ip":"${addressOf(n)}","at":"${timeOf(n)}"}\n`;
    yield text;
  }
}

/** Mostly of pods; one in a hundred of a node, and one in twenty from elsewhere. */
function addressOf(n: number): string {
  if (n % 100 === 7) return `192.168.0.${Math.floor(n / 100) % FLEET.nodes}`;
  if (n % 20 === 3) return `203.0.${(n >> 8) & 255}.${n & 255}`;
  const offset = (n * FLEET.step) % addresses;
  return `10.${64 + (offset >> 16)}.${(offset >> 8) & 255}.${offset & 255}`;
}

function timeOf(n: number): string {
  return new Date(fromMs + Math.floor((n * (toMs - fromMs)) / lines)).toISOString();
}
