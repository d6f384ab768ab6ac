import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type AnnotateOptions, createAnnotation } from './annotation.js';
import { annotated, answerOf, NOW_MS, standIn } from './annotation.test.helpers.js';
import { MAX_LINE_CHARS } from './input/lines.js';
import { parseZone, UTC } from './time/zone.js';
import type { Question } from './wire.js';

const HEADER = 'at,src';
const ROW = '2026-11-26T14:05:00Z,10.64.0.1';
const ADDED = ',web-1,shop,Deployment/web,node-3,pod,';
const FILE = `${HEADER}\n${ROW}\n`;
const OUTPUT = `${HEADER},src_pod,src_namespace,src_workload,src_node,src_verdict,src_reason\n${ROW}${ADDED}\n`;
const OPTIONS = { ask: standIn, zone: UTC, nowMs: NOW_MS };
const utf16 = Buffer.from(`\ufeff${FILE}`, 'utf16le');

describe('annotating', () => {
  it.each([
    ['in one piece', [FILE]],
    ['byte by byte', Buffer.from(FILE).toString('latin1').split('')],
    ['compressed', [gzipSync(FILE)]],
    ['compressed in two parts', [Buffer.concat([gzipSync(HEADER), gzipSync(`\n${ROW}\n`)])]],
    ['compressed and padded', [Buffer.concat([gzipSync(FILE), Buffer.alloc(200_000)])]],
    ['with a pause within a line', pausing([FILE.slice(0, 20), FILE.slice(20)])],
  ])('reads a file %s', async (_, chunks) => {
    expect((await annotated(chunks, { limits: { idleMs: 1 } })).text).toBe(OUTPUT);
  });

  it('keeps the order, and asks each question once', async () => {
    const asked: Question[][] = [];
    const rows = Array.from({ length: 1_000 }, (_, n) => `2026-11-26T14:0${n % 10}:00Z,10.64.0.${n % 7}`);
    const { text, summary } = await annotated([`${HEADER}\n`, ...rows.map((row) => `${row}\n`)], {
      async ask(questions, signal) {
        asked.push([...questions]);
        return standIn(questions, signal);
      },
      limits: { questions: 50, idleMs: 10_000 },
    });
    const lines = text.split('\n');
    expect(lines.slice(1, -1).map((line) => line.split(',').slice(0, 2).join(','))).toEqual(rows);
    for (const batch of asked)
      expect(new Set(batch.map(({ ip, fromMs }) => `${ip} ${fromMs}`)).size).toBe(batch.length);
    expect(summary).toMatchObject({ lines: 1_001, addresses: 1_000, unreadable: 0 });
    expect(summary.verdicts).toEqual({ pod: 143, node: 0, nobody: 0, outside: 857, unsure: 0 });
  });

  it('holds and writes little at once, however long the answers to a few questions are', async () => {
    const reason = 'x'.repeat(450);
    let batches = 0;
    const ask: AnnotateOptions['ask'] = async (questions) => {
      batches += 1;
      return questions.map(() => answerOf('unsure', { reason }));
    };
    const line = `${Array.from({ length: 16 }, (_, n) => `10.0.0.${n}`).join(' ')}\n`;
    async function* input() {
      for (let at = 0; at < 50; at += 1) yield Buffer.from(line.repeat(300));
    }
    const at = { ms: NOW_MS, precisionMs: 1 };
    const { run, summary } = createAnnotation({ ...OPTIONS, ask, at });
    let longest = 0;
    for await (const part of run(input())) longest = Math.max(longest, part.length);
    expect([summary.lines, summary.verdicts.unsure]).toEqual([15_000, 240_000]);
    expect(longest).toBeLessThan(1_200_000);
    // At most 20,000 addresses each, and what is left of a chunk.
    expect(batches).toBeGreaterThanOrEqual(10);
  });

  it('answers what has come when the input pauses, before it ends', async () => {
    const answered = Promise.withResolvers<void>();
    async function* input() {
      yield Buffer.from(FILE);
      await answered.promise;
    }
    const { text } = await annotated(input(), {
      async ask(questions, signal) {
        answered.resolve();
        return standIn(questions, signal);
      },
      limits: { idleMs: 1 },
    });
    expect(text).toBe(OUTPUT);
  });

  it('reads no more records than it is told to', async () => {
    const { text, summary } = await annotated([`${FILE}${ROW}\n`.repeat(10_000)], { limits: { records: 2 } });
    expect([text, summary.lines]).toEqual([OUTPUT, 2]);
  });

  it('holds no more lines than two batches while its output is not read', async () => {
    let read = 0;
    async function* input() {
      for (; read < 100_000; read += 1) yield Buffer.from(read === 0 ? FILE : `${ROW}\n`.repeat(100));
    }
    const { run } = createAnnotation({ ...OPTIONS, limits: { questions: 1 } });
    const output = run(input());
    await output.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(read * 100 * ROW.length).toBeLessThan(1_000_000);
    await output.return(undefined);
  });
});

describe('times', () => {
  const oneRow = (at: string, options: Partial<AnnotateOptions> = {}) =>
    annotated([`at,src\n"${at}",10.64.0.1\n`], options);

  it.each<[string, string, Partial<AnnotateOptions>]>([
    ['2026-11-26 15:05:00', 'web-1', { zone: parseZone('Europe/Berlin') ?? UTC }],
    ['2026-11-26 15:05:00', 'web-2', {}],
    ['11/26/2026 02:05:00 PM', 'web-1', { timeFormat: 'MM/dd/yyyy hh:mm:ss a' }],
    ['nothing of use', 'web-2', { at: { ms: Date.parse('2026-11-26T15:00:00Z'), precisionMs: 1 } }],
  ])('%s is read so that %s had the address', async (at, pod, options) => {
    expect((await oneRow(at, options)).text).toContain(`10.64.0.1,${pod},`);
  });

  it.each([
    ['2026-11-26 14:09', '14:09:00.000', '14:09:59.999'],
    ['2026-11-26 14:09:30', '14:09:30.000', '14:09:30.999'],
    ['2026-11-26 14:09:30.123', '14:09:30.123', '14:09:30.123'],
  ])('%s is asked for as all of the time that it may mean', async (at, from, to) => {
    const asked: Question[] = [];
    await oneRow(at, {
      async ask(questions, signal) {
        asked.push(...questions);
        return standIn(questions, signal);
      },
    });
    const ms = (clock: string) => Date.parse(`2026-11-26T${clock}Z`);
    expect(asked).toEqual([{ ip: '10.64.0.1', fromMs: ms(from), toMs: ms(to) }]);
  });
});

describe('a line that cannot be read', () => {
  it.each([
    ['has too few fields', '10.64.0.1', 'it has 1 instead of 2 fields'],
    ['has too many fields', `${ROW},3`, 'it has 3 instead of 2 fields'],
    ['has a quote in the wrong place', '"2026-11-26"T14:05:00Z,10.64.0.1', 'its quotes are wrong'],
    ['has a quote that never ends', '"2026-11-26T14:05:00Z,10.64.0.1', 'a quote in it does not end'],
  ])('%s: it is passed on as it is, and counted', async (_, line, reason) => {
    const { text, summary } = await annotated([`${FILE}${line}\n${ROW}\n`]);
    expect(text).toBe(`${OUTPUT}${line}\n${ROW}${ADDED}\n`);
    expect(summary).toMatchObject({ lines: 4, unreadable: 1, firstUnreadable: [{ line: 3, reason }] });
  });

  it('with a wrong quote takes no other line with it', async () => {
    const wrong = '"2026-11-26T14:05:00Z,10.64.0.1';
    const right = `"2026-11-26T14:05:00Z",10.64.0.1`;
    const { text, summary } = await annotated([`${FILE}${wrong}\n${right}\n${wrong}\n${wrong}\n${ROW}\n`]);
    expect(text).toBe(`${OUTPUT}${wrong}\n${right}${ADDED}\n${wrong}\n${wrong}\n${ROW}${ADDED}\n`);
    expect([summary.lines, summary.firstUnreadable.map(({ line }) => line)]).toEqual([7, [3, 5, 6]]);
  });

  it('is too long: it takes its turn, also behind quotes that do not end', async () => {
    const long = 'x'.repeat(MAX_LINE_CHARS + 1);
    const rest = `1,"abc\nx","abc\n${long}\n`;
    const { text, summary } = await annotated([`${FILE}${rest}${ROW}\n`]);
    expect(text).toBe(`${OUTPUT}${rest}${ROW}${ADDED}\n`);
    expect(summary.firstUnreadable.map(({ line }) => line)).toEqual([3, 4, 5]);
  });

  it('has too many addresses: it is passed on as it is', async () => {
    const line = `2026-11-26T14:05:00Z ${Array.from({ length: 65 }, (_, n) => `10.0.0.${n}`).join(' ')}`;
    const { text, summary } = await annotated([`${line}\n2026-11-26T14:05:00Z 10.64.0.9\n`]);
    expect(text.startsWith(`${line}\n`)).toBe(true);
    expect(summary.firstUnreadable).toEqual([{ line: 1, reason: 'it has more than 64 addresses' }]);
  });

  it.each([
    ['has no time', ',10.64.0.1', 'it has no time'],
    ['has a wrong time', 'x,10.64.0.1', '"x" is no time that can be read'],
    ['has something else for an address', '2026-11-26T14:05:00Z,web', '"web" is no address'],
  ])('%s: it says so in its place, and is counted', async (_, line, reason) => {
    const quoted = reason.includes('"') ? `"${reason.replaceAll('"', '""')}"` : reason;
    const { text, summary } = await annotated([`${FILE}${line}\n`]);
    expect(text).toBe(`${OUTPUT}${line},,,,,,${quoted}\n`);
    expect(summary.firstUnreadable).toEqual([{ line: 3, reason }]);
  });

  it('got an error for an answer: it says so in its place', async () => {
    const { text, summary } = await annotated([FILE], { ask: async () => [{ error: 'line 1: no' }] });
    expect(text).toContain(`${ROW},,,,,,line 1: no\n`);
    expect(summary.unreadable).toBe(1);
  });

  it('is so long that it does not fit in memory: it streams through', async () => {
    const chunk = Buffer.alloc(1_000_000, 'x');
    const count = 500;
    let before = 0;
    async function* input() {
      yield Buffer.from(FILE);
      before = process.memoryUsage().rss;
      for (let at = 0; at < count; at += 1) yield chunk;
      yield Buffer.from(`\r\n${ROW}\n`);
    }
    const { run, summary } = createAnnotation(OPTIONS);
    let bytes = 0;
    let tail = '';
    for await (const part of run(input())) {
      bytes += part.length;
      tail = `${tail}${part.toString()}`.slice(-200);
    }
    expect(bytes).toBe(OUTPUT.length + count * chunk.length + 2 + ROW.length + ADDED.length + 1);
    expect(tail.endsWith(`x\r\n${ROW}${ADDED}\n`)).toBe(true);
    expect(summary).toMatchObject({ lines: 4, unreadable: 1 });
    expect(summary.firstUnreadable[0]?.reason).toBe(`it is longer than ${MAX_LINE_CHARS / 1_024} KiB`);
    expect(process.memoryUsage().rss - before).toBeLessThan(300_000_000);
  });
});

describe('a file that cannot be annotated', () => {
  it.each<[string, string | Buffer, string | RegExp, Partial<AnnotateOptions>?]>([
    ['a workbook', Buffer.from('PK\x03\x04\0\0'), /save the sheet as CSV/],
    ['a packet capture', Buffer.from([0xd4, 0xc3, 0xb2, 0xa1, 2, 0]), /packet capture/],
    ['UTF-16', utf16, /it is UTF-16/],
    ['binary', Buffer.from('a\0b\n'), /NUL bytes/],
    ['compressed binary', gzipSync('a\0b\n'), /NUL bytes/],
    ['cut off', gzipSync(FILE).subarray(0, -6), 'the gzip data is damaged or cut off'],
    ['compressed in two parts with padding between', behindPadding(512), /there is more after its end/],
    ['compressed in two parts with much padding between', behindPadding(300_000), /more after its end/],
    ['a text', 'Dear all,\nnothing here.\n', 'no line has an IP address; is it the right file?'],
    ['a JSON array', '[{"ip":"10.64.0.1"}]', /this is a JSON array/],
    ['JSON over several lines', '{\n"ip": "10.64.0.1"\n}\n', /not an object a line/],
    [
      'without times',
      'src,bytes\n10.64.0.1,5\n',
      /^no column has times that can be read; there are src, bytes; .*--at$/,
    ],
    ['addresses alone', '10.64.0.1\n10.64.0.9\n', /--at$/],
    [
      'times that are ambiguous',
      'when,src\n10/11/26 14:05,10.64.0.1\n',
      /^the times of column when, such as "10\/11\/26 14:05", can be read in more than one way; .*--time-format/,
    ],
    [
      'a column that is not there',
      FILE,
      '--ip: there is no column "dst"; there are at, src',
      { ip: ['dst'] },
    ],
    [
      'a column without addresses',
      FILE,
      'column at has no addresses, but "2026-11-26T14:05:00Z"',
      { ip: ['at'] },
    ],
    [
      'a column without times',
      FILE,
      /^column src has no times that can be read, but "10.64.0.1"/,
      { time: ['src'] },
    ],
    ['annotated before', OUTPUT, 'there is a column "src_pod" already: the file is annotated'],
    [
      'another format than is said',
      FILE,
      'this does not look like vpc; without --format it is detected',
      { format: 'vpc' },
    ],
  ])('%s: the error says what is wrong', async (_, file, message, options = {}) => {
    await expect(annotated([file], options)).rejects.toThrow(message);
  });

  it('is empty: so is the output', async () => {
    expect((await annotated([])).text).toBe('');
    expect((await annotated([gzipSync('')])).text).toBe('');
  });
});

describe('answers that end early', () => {
  it('end the output with the error, after whole lines only', async () => {
    const parts: string[] = [];
    const isWritten = Promise.withResolvers<void>();
    async function* input() {
      yield Buffer.from(FILE);
      await isWritten.promise;
      yield Buffer.from(`${ROW}\n`);
    }
    const { run } = createAnnotation({
      ...OPTIONS,
      async ask(questions, signal) {
        if (parts.length > 0) throw new Error('the database went away');
        return standIn(questions, signal);
      },
      limits: { idleMs: 1 },
    });
    const collect = async () => {
      for await (const part of run(input())) {
        parts.push(part.toString());
        isWritten.resolve();
      }
    };
    await expect(collect()).rejects.toThrow('the database went away');
    expect(parts.join('')).toBe(OUTPUT);
  });

  it('too few are an error', async () => {
    await expect(annotated([FILE], { ask: async () => [] })).rejects.toThrow(
      'there was no answer for line 2',
    );
  });
});

function behindPadding(bytes: number): Buffer {
  return Buffer.concat([gzipSync(FILE), Buffer.alloc(bytes), gzipSync(`${ROW}\n`)]);
}

async function* pausing(texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) {
    yield Buffer.from(text);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
