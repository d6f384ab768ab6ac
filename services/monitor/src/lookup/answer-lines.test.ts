import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { LedgerError } from '../ledger/ledger-error.js';
import type { Answered } from './answer-batch.js';
import { answerLines } from './answer-lines.js';
import { toAnswer } from './lookup-answer.js';
import type { Asked } from './lookup-question.js';
import { MAX_LINE_BYTES, parseFields } from './lookup-question.js';

const NOW_MS = Date.UTC(2026, 10, 20, 14, 5);
const TERMS = { skewMs: 1_000, cluster: undefined };
const AT = '2026-11-20T14:00:00Z';
const question = (n: number) => JSON.stringify({ ip: `10.0.0.${n}`, at: AT });

function answered({ ip, at }: Asked): Answered {
  const atMs = at?.ms ?? NOW_MS;
  const answer = toAnswer(ip, { atMs, fromMs: atMs, toMs: atMs }, { verdict: 'nobody' }, false);
  return { answer, isSettled: true, isPending: false };
}

const lookup = { answerAll: async (questions: readonly Asked[]) => questions.map(answered) };

async function answersTo(chunks: readonly (string | Buffer)[], other = lookup) {
  const input = (async function* () {
    for (const chunk of chunks) yield Buffer.from(chunk);
  })();
  let text = '';
  for await (const part of answerLines(input, { lookup: other, terms: TERMS, now: () => NOW_MS }))
    text += part;
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('lines', () => {
  const answers = [
    { ip: '10.0.0.1', at: '2026-11-20T14:00:00.000Z' },
    { ip: '10.0.0.2', at: '2026-11-20T14:00:00.000Z' },
    { end: true, answers: 2 },
  ];

  it.each([
    ['at once', [`${question(1)}\n${question(2)}\n`]],
    ['without a last line end', [`${question(1)}\n${question(2)}`]],
    ['with the line ends of Windows', [`${question(1)}\r\n${question(2)}\r\n`]],
    ['a byte at a time', [...`${question(1)}\n${question(2)}\n`]],
  ])('that come %s are answered in their order', async (_how, chunks) => {
    expect(await answersTo(chunks)).toMatchObject(answers);
  });

  it('none at all are answered with the end', async () => {
    expect(await answersTo([])).toEqual([{ end: true, answers: 0 }]);
  });

  it('of many batches are all answered, each with its number where it cannot be read', async () => {
    const lines = Array.from({ length: 10_000 }, (_, n) => (n === 7_777 ? 'what?' : question(n % 250)));
    const answers = await answersTo([lines.join('\n')]);
    expect(answers).toHaveLength(10_001);
    expect(answers[7_777].error).toMatch(/^line 7778: /);
    const ips = answers.slice(0, -1).map(({ ip }, n) => ip ?? `10.0.0.${n % 250}`);
    expect(ips).toEqual(lines.map((_, n) => `10.0.0.${n % 250}`));
  });
});

it.each([
  ['no JSON', 'what?', 'line 1: not a JSON object'],
  ['an empty line', '', 'line 1: not a JSON object'],
  ['another kind of JSON', '["10.0.0.1"]', 'line 1: not a JSON object'],
  ['no address', '{}', 'line 1: ip must be'],
  ['what is no address', '{"ip":"web-1"}', 'line 1: ip must be'],
  ['what is no time', '{"ip":"10.0.0.1","at":"yesterday"}', 'line 1: at must be'],
  ['an empty time, which is not now', '{"ip":"10.0.0.1","at":""}', 'line 1: at must be'],
  ['a day that does not exist', '{"ip":"10.0.0.1","at":"2026-02-30T00:00:00Z"}', 'line 1: at must be'],
  ['a time under another name', '{"ip":"10.0.0.1","time":"2026-02-03T00:00:00Z"}', 'at is meant'],
  ['binary', Buffer.from([0xff, 0x00, 0xfe]), 'line 1: not a JSON object'],
  ['a long line', `{"ip":"${'1'.repeat(MAX_LINE_BYTES)}"}`, 'line 1: longer than 4096 bytes'],
])('%s is answered with what is wrong, and the next line as well', async (_what, line, error) => {
  const answers = await answersTo([line, `\n${question(9)}\n`]);
  expect(answers).toMatchObject([
    { error: expect.stringContaining(error) },
    { ip: '10.0.0.9' },
    { end: true, answers: 2 },
  ]);
});

it('a time in seconds since the epoch may be a number', async () => {
  const [answer] = await answersTo(['{"ip":"10.0.0.1","at":1795183200}']);
  expect(answer).toMatchObject({ ip: '10.0.0.1', at: '2026-11-20T14:00:00.000Z' });
});

it('only the fields that are wanted are answered, in their order', async () => {
  const fields = parseFields('pod,verdict');
  const options = { lookup, terms: TERMS, fields, now: () => NOW_MS };
  let text = '';
  for await (const part of answerLines(Readable.from([Buffer.from(question(1))]), options)) text += part;
  expect(text).toBe('{"pod":"","verdict":"nobody"}\n{"end":true,"answers":1}\n');
});

it.each(['', 'pod,', 'pods', 'toString'])('the fields %j are refused', (text) => {
  expect(() => parseFields(text)).toThrow('fields must be names of fields of an answer');
});

it('after a failure the last line says how many are answered', async () => {
  const failing = {
    answerAll: async (questions: readonly Asked[]) => {
      if (questions.some(({ ip }) => ip === '10.0.0.2'))
        throw new LedgerError('LEDGER_AWAY', 'the database does not answer', { retryable: true });
      return questions.map(answered);
    },
  };
  const answers = await answersTo([`${question(1)}\n`, `${question(2)}\n`, `${question(3)}\n`], failing);
  expect(answers).toMatchObject([
    { ip: '10.0.0.1' },
    { error: 'the database does not answer', end: false, answers: 1 },
  ]);
});

it('of what is not read, only a little is asked for', async () => {
  let asked = 0;
  const input = (async function* () {
    for (;;) {
      asked += 1;
      yield Buffer.from(`${question(1)}\n`);
    }
  })();
  const answers = answerLines(input, { lookup, terms: TERMS, now: () => NOW_MS });
  await answers.next();
  // Whatever would go on by itself has done so by then.
  for (let n = 0; n < 1_000; n += 1) await setImmediate();
  expect(asked).toBeLessThan(20);
  await answers.return(undefined);
});

it('a line that never ends takes no memory', async () => {
  const piece = Buffer.alloc(1_000_000, 'x');
  const input = (async function* () {
    for (let n = 0; n < 2_000; n += 1) yield piece;
    yield Buffer.from(`\n${question(1)}\n`);
  })();
  const before = process.memoryUsage().rss;
  const texts: string[] = [];
  for await (const text of answerLines(input, { lookup, terms: TERMS, now: () => NOW_MS })) texts.push(text);
  expect(texts.join('')).toMatch(/^\{"error":"line 1: longer than 4096 bytes"\}\n\{"value":"",/);
  expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
});
