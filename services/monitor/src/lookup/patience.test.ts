import { expect, test } from 'vitest';
import type { Answered } from './answer-batch.js';
import type { Asked } from './lookup-question.js';
import { createPatience } from './patience.js';

const QUESTION: Asked = { ip: '10.1.2.3', at: { ms: 0, precisionMs: 1 }, skewMs: 0, cluster: undefined };
// Only whether it is pending matters.
const answered = (isPending: boolean) => ({ isPending, isSettled: false, answer: {} }) as unknown as Answered;

function pendingTimes(times: number) {
  let asked = 0;
  const ask = async () => {
    asked += 1;
    return answered(asked <= times);
  };
  return { ask, asked: () => asked };
}

test('a question is asked until it is not pending, or the time is over', async () => {
  const soon = pendingTimes(3);
  const patience = createPatience({ ask: soon.ask, maxWaiting: 1, intervalMs: 1 });
  expect(await patience(QUESTION, 1_000)).toMatchObject({ isPending: false });
  expect(soon.asked()).toBe(4);
  const late = pendingTimes(1_000);
  const other = createPatience({ ask: late.ask, maxWaiting: 1, intervalMs: 1 });
  expect(await other(QUESTION, 5)).toMatchObject({ isPending: true });
  expect(late.asked()).toBe(6);
});

test('beyond the bound questions are answered at once, and a client that goes ends its wait', async () => {
  const { ask } = pendingTimes(1_000);
  const patience = createPatience({ ask, maxWaiting: 1, intervalMs: 60_000 });
  const gone = new AbortController();
  const first = patience(QUESTION, 120_000, gone.signal);
  await new Promise((resolve) => setImmediate(resolve));
  expect(await patience(QUESTION, 120_000)).toMatchObject({ isPending: true });
  gone.abort();
  expect(await first).toMatchObject({ isPending: true });
  const again = new AbortController();
  const next = patience(QUESTION, 120_000, again.signal);
  await new Promise((resolve) => setImmediate(resolve));
  again.abort();
  expect(await next).toMatchObject({ isPending: true });
});
