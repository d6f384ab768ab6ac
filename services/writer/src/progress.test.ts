import { numberHeaders } from '@podips/shared';
import { expect, it, vi } from 'vitest';
import { Progress } from './progress.js';
import { toLogEvent } from './record.js';

const NOW_MS = Date.UTC(2026, 0, 31, 12, 0, 10);
const time = (secondsAgo: number) => new Date(NOW_MS - secondsAgo * 1_000).toISOString();

function message(fields: object, headers = {}) {
  const body = Buffer.from(JSON.stringify(fields));
  return { received: { headers, body }, event: toLogEvent(body, NOW_MS) };
}

it.each([
  [
    'of a change that was seen',
    { pod_ip_status: 'allocated', inferred: false },
    [
      ['observed', 2],
      ['change', 3],
    ],
  ],
  [
    'of a pod that was running already',
    { pod_ip_status: 'alreadyRunning', inferred: false },
    [['observed', 2]],
  ],
  ['of what was deduced', { pod_ip_status: 'deallocated', inferred: true }, [['observed', 2]]],
])('the delay %s counts from what is true of it', (_what, fields, delays) => {
  const onDelay = vi.fn();
  new Progress(onDelay).written([message({ timestamp: time(3), observed_at: time(2), ...fields })], NOW_MS);
  expect(onDelay.mock.calls).toEqual(delays);
});

it('a message of podips 1.1, or of another producer, has no delay', () => {
  const onDelay = vi.fn();
  new Progress(onDelay).written([message({ timestamp: time(3) }), message({ n: 1 })], NOW_MS);
  expect(onDelay).not.toHaveBeenCalled();
});

it('a report has the newest message of each reader, whatever is redelivered, and the worst delay since the last', () => {
  const progress = new Progress(() => undefined);
  const numbered = (run: string, number: number, secondsAgo: number) =>
    message({ observed_at: time(secondsAgo) }, numberHeaders({ run, number }));
  progress.received();
  progress.written(
    [numbered('aaaaaaaa', 7, 1), numbered('bbbbbbbb', 1, 5), numbered('aaaaaaaa', 6, 1)],
    NOW_MS,
  );
  expect(progress.report(2)).toMatchObject({
    service: 'writer',
    delivered: [
      { run: 'aaaaaaaa', number: 7 },
      { run: 'bbbbbbbb', number: 1 },
    ],
    received: 1,
    written: 3,
    inFlight: 2,
    lagMs: 5_000,
  });
  progress.written([numbered('cccccccc', 1, 0), numbered('dddddddd', 1, 0)], NOW_MS);
  const { delivered, lagMs } = progress.report(0);
  expect(delivered.map(({ run }) => run)).toEqual(['bbbbbbbb', 'cccccccc', 'dddddddd']);
  expect(lagMs).toBe(0);
  expect(progress.report(0).lagMs).toBe(null);
});
