import { expect, test } from 'vitest';
import { LedgerError } from '../ledger/ledger-error.js';
import { createCollector } from './collector.js';

const refused = () => new LedgerError('LEDGER_QUESTION', 'the database refuses the question');

test('a question that the database cannot take fails alone, whatever came together with it', async () => {
  const batches: number[] = [];
  const ask = createCollector(async (questions: readonly string[]) => {
    batches.push(questions.length);
    if (questions.includes('wrong')) throw refused();
    return questions.map((question) => `answer to ${question}`);
  }, 100);
  const asked = ['first', 'a', 'b', 'wrong', 'c', 'd'].map((question) => ask(question));
  expect((await Promise.allSettled(asked)).map(({ status }) => status)).toEqual(
    ['first', 'a', 'b', 'wrong', 'c', 'd'].map((each) => (each === 'wrong' ? 'rejected' : 'fulfilled')),
  );
  expect(await asked[5]).toBe('answer to d');
  expect(batches.slice(0, 2)).toEqual([1, 5]);
});

test('a database that is away fails all that were asked together, at once', async () => {
  let asked = 0;
  const ask = createCollector(async () => {
    asked += 1;
    throw new LedgerError('LEDGER_AWAY', 'the database does not answer');
  }, 100);
  const answers = await Promise.allSettled(['a', 'b', 'c'].map((question) => ask(question)));
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(asked).toBe(2);
});
